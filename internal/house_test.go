// Package house tests the shape of the whole source tree: which package may import which, and what no
// production code does. It reads the source, so that the law also holds for files behind build tags. It
// has no code of its own, because a law about all packages belongs to none of them.
package house

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/cordon-trust/cordon"

// room is one part of the house and what it may import within this module.
type room struct {
	may []string // path prefixes within the module, beside the room itself
	why string   // printed when something else is imported
}

const direction = "imports go one way: cmd -> cli -> {api, console} -> app -> {store, bus} -> " +
	"{release, factory, inventory, network, exposure} -> evidence -> model -> kit. "

const roomsMeet = direction + "The five rooms never import each other: they meet in model and in statements. " +
	"Declare an interface of one to three methods over model values and let app join them"

const outward = direction + "update and verify are embedded by others: they import nothing internal but kit, " +
	"model, evidence and evidence/tuf"

var rooms = []string{"internal/release", "internal/factory", "internal/inventory", "internal/network", "internal/exposure"}

// floor is what every room stands on.
var floor = []string{"internal/evidence", "internal/model", "internal/kit"}

// law returns the rooms of the house by path prefix.
func law() map[string]room {
	l := map[string]room{
		"internal/kit":   {nil, direction + "kit is the lowest layer and uses the standard library only"},
		"internal/model": {[]string{"internal/kit"}, direction + "model holds plain nouns without I/O"},
		"internal/evidence": {
			[]string{"internal/model", "internal/kit"},
			direction + "evidence lies under the rooms and verifies without knowing them",
		},
		"internal/store": {
			append(slices.Clone(floor), rooms...),
			direction + "store implements the small interfaces that rooms declare and knows nothing above them",
		},
		"internal/bus": {
			append(slices.Clone(floor), rooms...),
			direction + "bus carries what rooms declare and knows nothing above them",
		},
		"internal/app": {
			append([]string{"internal/store", "internal/bus"}, append(slices.Clone(floor), rooms...)...),
			direction + "app joins the rooms; those who show or serve stand above it",
		},
		"internal/api": {
			append([]string{"internal/app"}, append(slices.Clone(floor), rooms...)...),
			direction + "api reaches the database and the stream only through app, the only place that knows concrete types",
		},
		"internal/console": {
			append([]string{"internal/app"}, append(slices.Clone(floor), rooms...)...),
			direction + "console reaches the database and the stream only through app, the only place that knows concrete types",
		},
		"internal/cli": {
			append([]string{"internal/api", "internal/console", "internal/app", "internal/lab"}, append(slices.Clone(floor), rooms...)...),
			direction + "cli reaches the database and the stream only through app, the only place that knows concrete types",
		},
		"internal/lab": {
			append([]string{"internal/release"}, floor...),
			"lab writes its own frames and imports release, evidence, model and kit, never network: " +
				"an oracle must not share the code it tests",
		},
		"cmd":    {[]string{"internal/cli"}, "cmd builds the command tree and maps the error to an exit code, nothing else: import cli"},
		"update": {[]string{"internal/kit", "internal/model", "internal/evidence", "internal/evidence/tuf"}, outward},
		"verify": {[]string{"internal/kit", "internal/model", "internal/evidence", "internal/evidence/tuf"}, outward},
	}
	for _, r := range rooms {
		l[r] = room{floor, roomsMeet}
	}
	return l
}

// within reports whether path is prefix or lies below it.
func within(path, prefix string) bool {
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

// roomOf returns the room a package path within the module belongs to.
func roomOf(path string) string {
	for prefix := range law() {
		if within(path, prefix) {
			return prefix
		}
	}
	return ""
}

// forbidden says why package from must not import to, both within the module; "" when it may.
func forbidden(from, to string) string {
	home := roomOf(from)
	if home == "" {
		return "no room of the house is at " + from + ": see the layout in CONTRIBUTING.md"
	}
	if within(to, home) {
		return ""
	}
	r := law()[home]
	outwards := home == "update" || home == "verify"
	for _, may := range r.may {
		if to == may || !outwards && within(to, may) || outwards && may == "internal/kit" && within(to, may) {
			return ""
		}
	}
	return r.why
}

func TestImportsGoOneWay(t *testing.T) {
	t.Parallel()
	for _, p := range source(t) {
		for _, imp := range p.imports {
			to, ours := inModule(imp.path)
			if !ours {
				continue
			}
			if why := forbidden(p.path, to); why != "" && !imp.test {
				t.Errorf("%s: %s must not import %s: %s", imp.pos, p.path, to, why)
			}
			if forTests(to) && !imp.test && !forTests(p.path) {
				t.Errorf("%s: %s serves tests alone: production code never sets a test knob", imp.pos, to)
			}
			if within(to, "internal/lab") && imp.test && !imp.external && !within(p.path, "internal/lab") {
				t.Errorf("%s: only cli and tests of a package from outside (package x_test) import lab", imp.pos)
			}
		}
	}
}

// Some packages may not even use parts of the standard library, or anything outside it.
func TestForeignImports(t *testing.T) {
	t.Parallel()
	bans := []struct {
		room string
		ban  []string
		why  string
	}{
		{"internal/model", []string{"os", "io/fs", "net", "net/http", "database/sql", "os/exec"}, "model has no I/O"},
		{"internal/evidence/tuf", []string{"net/http", "database/sql"}, "tuf has no HTTP and no SQL: it is embedded by device programmers"},
		{"internal/release", []string{"database/sql"}, "a room declares the store it needs; store implements it"},
		{"internal/exposure", []string{"database/sql"}, "SQL holds the truth and never traverses: exposure sees only edges"},
	}
	for _, p := range source(t) {
		for _, imp := range p.imports {
			if imp.test {
				continue
			}
			if _, ours := inModule(imp.path); !ours && within(p.path, "internal/kit") && strings.Contains(strings.SplitN(imp.path, "/", 2)[0], ".") {
				t.Errorf("%s: kit uses the standard library only, not %s", imp.pos, imp.path)
			}
			for _, b := range bans {
				if within(p.path, b.room) && slices.Contains(b.ban, imp.path) {
					t.Errorf("%s: %s must not import %s: %s", imp.pos, p.path, imp.path, b.why)
				}
			}
		}
	}
}

// Fuzzing instruments everything a package imports: 81 s with the store, 5 s without.
func TestFuzzedPackagesAreLight(t *testing.T) {
	t.Parallel()
	packages := source(t)
	for _, p := range packages {
		if len(p.fuzz) == 0 {
			continue
		}
		if path := reaches(packages, p.path, "internal/store", "internal/bus"); path != nil {
			t.Errorf("%s has %s and imports %s: a fuzzed package imports neither store nor bus, also not through others; move the parser out",
				p.path, p.fuzz[0], strings.Join(path, " -> "))
		}
	}
}

// reaches returns the shortest chain of imports from a package (its tests included) to one of the goals.
func reaches(packages map[string]*pkg, from string, goals ...string) []string {
	type step struct {
		at   string
		path []string
	}
	seen, queue := map[string]bool{from: true}, []step{{from, nil}}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		p := packages[s.at]
		if p == nil {
			continue
		}
		for _, imp := range p.imports {
			to, ours := inModule(imp.path)
			if !ours || seen[to] || imp.test && s.at != from {
				continue
			}
			seen[to] = true
			path := append(slices.Clone(s.path), to)
			if slices.ContainsFunc(goals, func(g string) bool { return within(to, g) }) {
				return path
			}
			queue = append(queue, step{to, path})
		}
	}
	return nil
}

// The law itself, on imports that somebody will try one day.
func TestLaw(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to string
		ok       bool
	}{
		{"cmd/cordon", "internal/cli", true},
		{"cmd/cordon", "internal/app", false},
		{"internal/cli", "internal/app", true},
		{"internal/cli", "internal/store", false},
		{"internal/cli", "internal/lab", true},
		{"internal/app", "internal/store/sqlite", true},
		{"internal/app", "internal/cli", false},
		{"internal/release", "internal/network", false},
		{"internal/network", "internal/network/http", true},
		{"internal/network/http", "internal/network", true},
		{"internal/exposure", "internal/release", false},
		{"internal/release", "internal/store", false},
		{"internal/release", "internal/evidence/ledger", true},
		{"internal/evidence", "internal/release", false},
		{"internal/evidence/tuf", "internal/evidence", true},
		{"internal/model", "internal/kit/fault", true},
		{"internal/kit/disk", "internal/model", false},
		{"internal/lab", "internal/network", false},
		{"internal/lab", "internal/release", true},
		{"internal/app", "internal/lab", false},
		{"verify", "internal/evidence", true},
		{"verify", "internal/evidence/tuf", true},
		{"verify", "internal/evidence/keyring", false},
		{"update", "internal/release", false},
		{"internal/util", "internal/model", false},
		{"internal/releases", "internal/model", false},
	} {
		if why := forbidden(c.from, c.to); (why == "") != c.ok {
			t.Errorf("%s importing %s: allowed %v, want %v (%s)", c.from, c.to, why == "", c.ok, why)
		}
	}
	chain := map[string]*pkg{}
	for from, to := range map[string]string{"internal/a": "internal/b", "internal/b": "internal/store/x"} {
		chain[from] = &pkg{path: from, imports: []imported{{path: module + "/" + to}}}
	}
	if got := fmt.Sprint(reaches(chain, "internal/a", "internal/store")); got != "[internal/b internal/store/x]" {
		t.Errorf("chain %s", got)
	}
}
