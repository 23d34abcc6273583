package keyring

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// The secret is made once, also when several ask for it at once, stays the same, and is nobody else's to
// read.
func TestMarkSecret(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ring := func() *Ring { return New(dir, disk.OS{}, rand.Reader, true, nil) }
	if s, err := ring().MarkSecret(false); s != nil || err != nil {
		t.Errorf("before it was made: %x, %v", s, err)
	}
	got := make([][]byte, 8)
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() {
			var err error
			if got[i], err = ring().MarkSecret(true); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, s := range got {
		if len(s) != secretSize || !bytes.Equal(s, got[0]) {
			t.Errorf("%x beside %x", s, got[0])
		}
	}
	path := filepath.Join(dir, everydayDir, "marks.key")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info, err)
	}
	for name, body := range map[string]string{"cut": `{"type":"cordon-secret/v1","secret":"AAAA"}`, "another type": `{"type":"x"}`, "no JSON": "x"} {
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := ring().MarkSecret(true); !errors.Is(err, fault.KeyDamaged) {
			t.Errorf("%s: %x, %v", name, s, err)
		}
	}
}
