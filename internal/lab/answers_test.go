package lab_test

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"slices"
	"testing"
)

// answer is one HTTP response as net/http reads it from what was captured.
type answer struct {
	status  int
	header  http.Header
	chunked bool
	body    []byte
}

// answersOf reads n responses from a stream and fails unless they fill it.
func answersOf(t *testing.T, stream []byte, n int) (out []answer) {
	t.Helper()
	r := bufio.NewReader(bytes.NewReader(stream))
	for range n {
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		out = append(out, answer{res.StatusCode, res.Header, slices.Contains(res.TransferEncoding, "chunked"), b})
	}
	if _, err := r.ReadByte(); err != io.EOF {
		t.Errorf("more than %d answers: %v", n, err)
	}
	return out
}
