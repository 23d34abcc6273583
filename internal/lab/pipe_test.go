package lab

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

func joined() (*wire, net.Conn, net.Conn) {
	w := newWire(netip.MustParseAddrPort("10.0.0.1:1"), netip.MustParseAddrPort("10.0.0.2:2"))
	return w, w.end(device), w.end(server)
}

// net/http ends a read that waits by setting a deadline in the past; crypto/tls sets one in the future.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]time.Duration{"past": -time.Hour, "future": 5 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			_, dev, srv := joined()
			failed := make(chan error, 1)
			go func() {
				_, err := srv.Read(make([]byte, 1))
				failed <- err
			}()
			synctest.Wait()
			began := time.Now()
			if err := srv.SetReadDeadline(began.Add(at)); err != nil {
				t.Error(err)
			}
			if err := <-failed; !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != max(0, at) {
				t.Errorf("%s: %v after %v", name, err, time.Since(began))
			}
			if err := srv.SetDeadline(time.Time{}); err != nil {
				t.Error(err)
			}
			if _, err := dev.Write([]byte("x")); err != nil {
				t.Error(err)
			}
			if n, err := srv.Read(make([]byte, 9)); n != 1 || err != nil {
				t.Errorf("%s: %d bytes after the deadline was taken away, %v", name, n, err)
			}
		})
	}
}

// Nobody takes the tape: the writer waits, and its deadline or the end of the conversation frees it.
func TestWriterWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, dev, srv := joined()
		go func() { _, _ = io.Copy(io.Discard, srv) }()
		if err := dev.SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Error(err)
		}
		if n, err := dev.Write(make([]byte, 1<<20)); n != tapeLimit || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%d bytes went through, %v", n, err)
		}
		w.fail(io.ErrUnexpectedEOF)
		if _, err := dev.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("write after the end: %v", err)
		}
		if _, err := w.take(make([]byte, 9)); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("take after the end: %v", err)
		}
	})
}

// However a side cuts what it says into writes, the tape holds the same turns.
func TestTurns(t *testing.T) {
	t.Parallel()
	for _, cut := range []int{1, 3, 7, 100} {
		w, dev, srv := joined()
		ask, answer := bytes.Repeat([]byte("q"), 10), bytes.Repeat([]byte("a"), 12)
		for _, s := range []struct {
			c    net.Conn
			says []byte
		}{{dev, ask}, {srv, answer}, {dev, ask}} {
			for p := s.says; len(p) > 0; p = p[min(cut, len(p)):] {
				if _, err := s.c.Write(p[:min(cut, len(p))]); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = dev.Close()
		if _, err := srv.Write([]byte("too late")); err != nil { // passes on a real wire too
			t.Fatal(err)
		}
		_ = srv.Close()
		var got []string
		for buf := make([]byte, 5); ; {
			next, err := w.take(buf)
			if err != nil {
				t.Fatal(err)
			}
			if next.over {
				break
			}
			word := string(next.data)
			if next.last {
				word += "."
			}
			got = append(got, word)
		}
		want := "[qqqqq qqqqq. aaaaa aaaaa aa. qqqqq qqqqq. too l ate.]"
		if s := "[" + string(bytes.Join(split(got), []byte(" "))) + "]"; s != want {
			t.Errorf("writes of %d: %s, want %s", cut, s, want)
		}
	}
}

// A full segment is only given out when it is known whether it ends its turn: PSH must not depend on timing.
func TestTakeWaitsForCertainty(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, dev, srv := joined()
		got := make(chan taken, 1)
		go func() {
			next, err := w.take(make([]byte, 5))
			if err != nil {
				t.Error(err)
			}
			got <- next
		}()
		if _, err := dev.Write([]byte("qqqqq")); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		select {
		case next := <-got:
			t.Errorf("%q was given out while the turn may go on", next.data)
			return
		default:
		}
		if _, err := srv.Write([]byte("a")); err != nil {
			t.Error(err)
		}
		if next := <-got; string(next.data) != "qqqqq" || !next.last || next.side != device {
			t.Errorf("took %+v", next)
		}
	})
}

func split(words []string) (out [][]byte) {
	for _, w := range words {
		out = append(out, []byte(w))
	}
	return out
}
