package cli

import (
	"bufio"
	"bytes"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cordon-trust/cordon/internal/model"
)

// appenders are rows of every kind that appends its own fields. A row that joins them is tested in full.
func appenders() []appender {
	return []appender{&transferRow{}, &partRow{}, &sessionRow{}, &seenRow{}}
}

// A row that appends its fields says what reflection over it says, whatever the fields hold. A field that
// was added to the struct and not to its appender fails here.
func TestAppendedRowsEqualReflection(t *testing.T) {
	t.Parallel()
	for _, a := range appenders() {
		t.Run(a.kind(), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				r := reflect.New(reflect.TypeOf(a).Elem())
				fill(t, r.Elem(), "row")
				filled, ok := r.Interface().(appender)
				if !ok {
					t.Fatal("a pointer to the row does not append")
				}
				same(t, filled)
			})
		})
	}
}

// same prints a row both ways.
func same(t *rapid.T, a appender) {
	var out bytes.Buffer
	w := bufio.NewWriterSize(&out, 16)
	if err := (jsonPrinter{w}).print(a); err != nil {
		t.Fatalf("print: %v", err)
	}
	_ = w.Flush()
	want, err := encode(a)
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	if diff := cmp.Diff(string(want)+"\n", out.String()); diff != "" {
		t.Fatalf("-reflective +appended:\n%s", diff)
	}
}

// fill gives every field under v a value, often its zero.
func fill(t *rapid.T, v reflect.Value, name string) {
	if rapid.IntRange(0, 3).Draw(t, name+" is zero") == 0 && v.Kind() != reflect.Struct && v.Kind() != reflect.Pointer {
		if v.Kind() == reflect.Slice {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
		return
	}
	switch p := v.Addr().Interface().(type) {
	case *time.Time:
		*p = time.Unix(0, rapid.Int64().Draw(t, name)).UTC()
	case *netip.Addr:
		*p = netip.AddrFrom4([4]byte{10, 2, 0, rapid.Byte().Draw(t, name)})
	case *model.Digest:
		*p = model.DigestOf([]byte(rapid.String().Draw(t, name)))
	case *model.Subject:
		realm := rapid.SampledFrom([]string{"-", "ward ü", "\u202e"}).Draw(t, name)
		s, err := model.DeviceAt("main", realm, netip.MustParseAddr("10.2.0.15"), time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		*p = s
	case *netip.AddrPort:
		*p = netip.AddrPortFrom(rapid.SampledFrom([]netip.Addr{netip.MustParseAddr("10.2.0.15"), netip.MustParseAddr("fd00::1")}).Draw(t, name), 443)
	case *model.Verdict:
		*p = rapid.SampledFrom([]model.Verdict{model.Verified, model.CannotSee}).Draw(t, name)
	case *model.Fit:
		*p = rapid.SampledFrom([]model.Fit{model.Fits, model.FitUnknown}).Draw(t, name)
	default:
		fillKind(t, v, name)
	}
}

func fillKind(t *rapid.T, v reflect.Value, name string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(rapid.SampledFrom([]string{
			"a", "pump-2.1.0 (3).bin", "quote \" \\ / <&>", "\x00\x1b[31m\b\f\n\r\t\x7f", "ä心\U0001f600", "\u202e\u200b\ufeff\U000e0041",
			"bad \xff\xc3", "\ufffd",
		}).Draw(t, name) + rapid.String().Draw(t, name+" more"))
	case reflect.Int64, reflect.Int, reflect.Int32:
		v.SetInt(rapid.Int64().Draw(t, name))
	case reflect.Uint64, reflect.Uint32, reflect.Uint16, reflect.Uint8:
		v.SetUint(rapid.Uint64().Draw(t, name))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, name))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(t, v.Index(i), name)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), name)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i), v.Type().Field(i).Name)
		}
	default:
		t.Fatalf("%s is of a kind that is not filled: %s", name, v.Type())
	}
}
