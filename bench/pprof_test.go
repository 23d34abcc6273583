package bench_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/pprof"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// Fields of the messages of pprof's profile.proto.
const (
	profileMapping  = 3
	profileLocation = 4
	profileStrings  = 6
	profileMoment   = 9

	locationMapping = 2
	locationAddress = 3

	mappingFile  = 5
	mappingBuild = 6
)

// withoutMachine takes out of a profile what says on which machine it was made, and when: files that were mapped,
// where code lay in memory, the time. The compiler reads none of it.
func withoutMachine(profile []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(profile))
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	mapped, err := mappedNames(plain)
	if err != nil {
		return nil, err
	}
	kept, err := without(plain, mapped)
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(kept)
	err = errors.Join(err, w.Close())
	return packed.Bytes(), err
}

// mappedNames returns the places of the strings that name mapped files and their builds.
func mappedNames(profile []byte) (map[uint64]bool, error) {
	places := map[uint64]bool{}
	return places, fields(profile, func(num protowire.Number, _, value []byte) error {
		if num != profileMapping {
			return nil
		}
		return fields(value, func(num protowire.Number, whole, _ []byte) error {
			if num == mappingFile || num == mappingBuild {
				_, _, tag := protowire.ConsumeTag(whole)
				place, _ := protowire.ConsumeVarint(whole[tag:])
				places[place] = true
			}
			return nil
		})
	})
}

// without leaves out mappings, addresses, the time, and empties the strings at some places; the others keep theirs.
func without(profile []byte, emptied map[uint64]bool) ([]byte, error) {
	var out []byte
	place := uint64(0)
	err := fields(profile, func(num protowire.Number, whole, value []byte) error {
		switch num {
		case profileMapping, profileMoment:
			return nil
		case profileStrings:
			if emptied[place] {
				value = nil
			}
			place++
		case profileLocation:
			var kept []byte
			err := fields(value, func(num protowire.Number, whole, _ []byte) error {
				if num != locationMapping && num != locationAddress {
					kept = append(kept, whole...)
				}
				return nil
			})
			if err != nil {
				return err
			}
			value = kept
		default:
			out = append(out, whole...)
			return nil
		}
		out = protowire.AppendTag(out, num, protowire.BytesType)
		out = protowire.AppendBytes(out, value)
		return nil
	})
	return out, err
}

// fields calls fn for every field of a message: with all of its bytes, and with the value of one that has a length.
func fields(message []byte, fn func(num protowire.Number, whole, value []byte) error) error {
	for len(message) > 0 {
		num, kind, tag := protowire.ConsumeTag(message)
		if tag < 0 {
			return fmt.Errorf("the profile cannot be read: %w", protowire.ParseError(tag))
		}
		n := protowire.ConsumeFieldValue(num, kind, message[tag:])
		if n < 0 {
			return fmt.Errorf("the profile cannot be read: %w", protowire.ParseError(n))
		}
		var value []byte
		if kind == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(message[tag:])
		}
		if err := fn(num, message[:tag+n], value); err != nil {
			return err
		}
		message = message[tag+n:]
	}
	return nil
}

// A real profile names the binary that made it; what is left of it names functions only.
func TestWithoutMachine(t *testing.T) {
	t.Parallel()
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 0); err != nil {
		t.Fatal(err)
	}
	got, err := withoutMachine(profile.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	before, after := unpacked(t, profile.Bytes()), unpacked(t, got)
	if !strings.Contains(before, self) {
		t.Fatalf("the profile does not name %q in the first place", self)
	}
	if strings.Contains(after, self) || !strings.Contains(after, "TestWithoutMachine") {
		t.Errorf("left is %q", after)
	}
	if _, err := withoutMachine(profile.Bytes()[:profile.Len()/2]); err == nil {
		t.Error("half a profile was read")
	}
	if err := fields([]byte(before)[:len(before)-1], func(protowire.Number, []byte, []byte) error { return nil }); err == nil {
		t.Error("a message without its last byte was read")
	}
}

// The profile in the tree says nothing of the machine on which it was made.
func TestBuildProfile(t *testing.T) {
	t.Parallel()
	profile, err := os.ReadFile("../cmd/cordon/default.pgo")
	if err != nil {
		t.Fatal(err)
	}
	again, err := withoutMachine(profile)
	if err != nil {
		t.Fatal(err)
	}
	text := unpacked(t, profile)
	if unpacked(t, again) != text {
		t.Error("cmd/cordon/default.pgo was not made by scripts/profile")
	}
	if !strings.Contains(text, "github.com/cordon-trust/cordon/internal/network.WatchAll") {
		t.Error("cmd/cordon/default.pgo is not the profile of a watch")
	}
	if most := 300 << 10; len(profile) > most {
		t.Errorf("%d bytes, at most %d belong into the tree", len(profile), most)
	}
}

func unpacked(t *testing.T, b []byte) string {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
