package cli

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // what doctor meets is written by another program

	"github.com/cordon-trust/cordon/internal/kit/clock"
)

// sick is a home for doctor to look at.
type sick struct {
	t   *testing.T
	dir string
	env map[string]string
}

func newSick(t *testing.T) sick {
	t.Helper()
	base := t.TempDir()
	w := sick{t, filepath.Join(base, "house"), map[string]string{"HOME": base, "CORDON_PASSPHRASE_FILE": filepath.Join(base, "pass")}}
	if err := os.WriteFile(w.env["CORDON_PASSPHRASE_FILE"], []byte("correct horse\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.env["CORDON_HOME"] = w.dir
	if code, said := w.run("init", "--org", "mercy", "--role", "hospital", "--lab"); code != 0 {
		t.Fatalf("init exits %d: %s", code, said)
	}
	return w
}

func (w sick) run(args ...string) (int, string) {
	w.t.Helper()
	var out bytes.Buffer
	code := Run(w.t.Context(), args, Streams{In: strings.NewReader(""), Out: &out, Err: &out}, func(k string) string { return w.env[k] })
	return code, out.String()
}

// db changes the home's database as another program would.
func (w sick) db(queries ...string) *sql.Conn {
	w.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(w.dir, "cordon.db"))
	if err != nil {
		w.t.Fatal(err)
	}
	conn, err := db.Conn(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, q := range queries {
		if _, err := conn.ExecContext(w.t.Context(), q); err != nil {
			w.t.Fatalf("%s: %v", q, err)
		}
	}
	w.t.Cleanup(func() { _ = conn.Close(); _ = db.Close() })
	return conn
}

// bytes returns the digest of every file, save the shared memory that SQLite keeps for readers.
func (w sick) bytes() map[string]string {
	w.t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "-shm") {
			return err
		}
		b, err := os.ReadFile(path)
		out[path] = fmt.Sprintf("%x", sha256.Sum256(b))
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// doctor runs it and checks that no byte of the home changed.
func (w sick) doctor() (int, string) {
	w.t.Helper()
	before := w.bytes()
	code, said := w.run("doctor")
	if !maps.Equal(before, w.bytes()) {
		w.t.Error("doctor changed the home")
	}
	return code, said
}

func TestDoctorMeetsSickHomes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		queries []string
		code    int
		says    []string
	}{
		"whole":            {nil, 0, []string{"ok       database      opens", "its head over 1 entry verifies"}},
		"newer":            {[]string{"INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)"}, 10, []string{"problem  database", "[CRD-STO-003]", "newer cordon"}},
		"older":            {[]string{"DELETE FROM goose_db_version WHERE version_id > 1"}, 0, []string{"note     database", "older schema 1"}},
		"being written":    {[]string{"BEGIN IMMEDIATE", "INSERT INTO meta (name, value) VALUES ('x', x'00')"}, 0, []string{"ok       database      opens"}},
		"forged":           {[]string{"UPDATE checkpoints SET note = replace(note, char(10), char(10) || 'x')"}, 11, []string{"problem  ledger", "[CRD-LOG-003]"}},
		"cut":              {[]string{"DELETE FROM entries"}, 11, []string{"problem  ledger", "[CRD-LOG-001]"}},
		"no root":          {[]string{"DELETE FROM roots"}, 10, []string{"problem  ledger", "[CRD-STO-002]", "not known, for the reason above", "\n1 problem, "}},
		"told two stories": {[]string{"INSERT INTO forks (org, a, b, found_at) VALUES ('acme', x'00', x'00', '')"}, 11, []string{"problem  mirrors", "two stories"}},
		"old copy": {
			[]string{"INSERT INTO mirrors VALUES ('acme', 'acme/publication', 1, 1, x'00', 1, '2026-01-01T00:00:00.000000000Z', '2026-02-01T00:00:00.000000000Z', '2026-01-02T00:00:00.000000000Z', '/secret/place')"},
			0,
			[]string{"note     mirrors       acme: fetched on 2026-01-02", "fresh until 2026-02-01", "which is past"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSick(t)
			w.db(c.queries...)
			code, said := w.doctor()
			if code != c.code {
				t.Errorf("exit %d, want %d", code, c.code)
			}
			for _, want := range append(c.says, "clock", "console") {
				if !strings.Contains(said, want) {
					t.Errorf("it does not say %q", want)
				}
			}
			if strings.Contains(said, w.env["HOME"]) || strings.Contains(said, "/secret/place") {
				t.Error("it says where things lie")
			}
			if t.Failed() {
				t.Log(said)
			}
		})
	}
}

// What a killed process left in the write-ahead log is read and stays there.
func TestDoctorLeavesTheWriteAheadLog(t *testing.T) {
	t.Parallel()
	w := newSick(t)
	w.db("INSERT INTO meta (name, value) VALUES ('x', x'00')")
	killed := w
	killed.dir = filepath.Join(t.TempDir(), "killed")
	if err := os.CopyFS(killed.dir, os.DirFS(w.dir)); err != nil {
		t.Fatal(err)
	}
	killed.env = maps.Clone(w.env)
	killed.env["CORDON_HOME"] = killed.dir
	if st, err := os.Stat(filepath.Join(killed.dir, "cordon.db-wal")); err != nil || st.Size() == 0 {
		t.Fatalf("nothing was left: %v", err)
	}
	if code, said := killed.doctor(); code != 10 || !strings.Contains(said, "ok       database      opens") {
		// 10: a copied folder has other modes
		t.Errorf("exit %d\n%s", code, said)
	}
}

func TestDoctorComparesTheClock(t *testing.T) {
	t.Parallel()
	w := newSick(t)
	for at, want := range map[time.Time]string{
		time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC):       "problem  clock         2001-01-01T00:00:00Z",
		time.Now().Add(6 * 365 * 24 * time.Hour):          "problem  trust         mercy",
		time.Now().Add(5*365*24*time.Hour - 48*time.Hour): "note     trust         mercy",
	} {
		var out bytes.Buffer
		s := newState(Streams{In: strings.NewReader(""), Out: &out, Err: &out}, func(k string) string { return w.env[k] })
		err := (&doctor{s: s, ctx: t.Context(), clock: clock.Fixed(at)}).run()
		if ferr := s.flush(); ferr != nil {
			t.Fatal(ferr)
		}
		if strings.HasPrefix(want, "problem") != (err != nil) || !strings.Contains(out.String(), want) {
			t.Errorf("at %s: %v, want %q\n%s", at, err, want, out.String())
		}
	}
}

func TestTilde(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{"open /home/ann/x: no", "/home/ann", "open ~/x: no"},
		{`"/home/ann"`, "/home/ann/", `"~"`},
		{"/home/anna/x and /home/ann/y", "/home/ann", "/home/anna/x and ~/y"},
		{"/home/ann", "", "/home/ann"},
		{"/home/ann/a /home/ann/b", "/home/ann", "~/a ~/b"},
	} {
		if got := tilde(c[0], c[1]); got != c[2] {
			t.Errorf("tilde(%q, %q) = %q, want %q", c[0], c[1], got, c[2])
		}
	}
}
