package cli

import (
	"fmt"
	"slices"
	"strings"
)

// Names of the environment variables that the command line looks at. They are looked up by these names alone,
// and each stands in [variables].
const (
	envHome       = "CORDON_HOME"
	envPassphrase = "CORDON_PASSPHRASE_FILE" //nolint:gosec // the name of a variable that names a file
	envData       = "XDG_DATA_HOME"
	envUser       = "HOME"
	envGrowth     = "GOGC"
	envMemory     = "GOMEMLIMIT"
)

// variable is an environment variable that changes what Cordon does.
type variable struct {
	name, flag string // flag wins over it; empty: there is none
	meaning    string
	developing bool // read by the project's own tests and benchmarks, never by the program
}

// variables lists them all: the help topic, the reference and doctor are made of it.
func variables() []variable {
	return []variable{
		{name: envHome, flag: "home", meaning: "folder of the ledger, the database and the keys"},
		{name: envPassphrase, flag: "passphrase-file", meaning: "file whose first line is the passphrase of the role keys; only its owner may be able to read it"},
		{name: envData, meaning: "absolute path; without CORDON_HOME the home is cordon below it"},
		{name: envUser, meaning: "without both of these the home is .local/share/cordon below it"},
		{name: envGrowth, meaning: "memory of the process as Go defines it; unless set, watch takes 400"},
		{name: envMemory, meaning: "likewise; unless set, watch takes 28MiB, or 40MiB with --no-record"},
		{name: "DISPLAY", meaning: "without it and WAYLAND_DISPLAY demo opens no browser and prints the address alone"},
		{name: "WAYLAND_DISPLAY", meaning: "likewise"},
		{name: "TMPDIR", meaning: "where demo makes its home; the system's folder for temporary files unless set"},
		{name: "NO_COLOR", meaning: "nothing is coloured, whether it is set or not"},
		{name: "CORDON_SHARED", developing: true, meaning: "folder of captures, vectors and checks that are not part of the repository; ../shared unless set"},
		{name: "CORDON_SWEEP", developing: true, meaning: "full: a test changes every byte instead of every so many"},
		{name: "CORDON_BIN", developing: true, meaning: "binary that is built already, for make bench"},
		{name: "CORDON_SCREENSHOTS", developing: true, meaning: "folder for the pictures that the tests of the console in a browser take; .tools/screenshots unless set"},
		{name: "CORDON_PROFILE", developing: true, meaning: "file for the build profile that scripts/profile makes"},
		{name: "CORDON_BENCH_ARGS", developing: true, meaning: "other arguments for the binary under make bench"},
	}
}

// homeFiles is what lies in a home, for the help and the reference.
func homeFiles() [][2]string {
	return [][2]string{
		{"home.json", "whose home this is"},
		{"cordon.db", "ledger, statements, facts and what was recorded; while it is open also -wal and -shm"},
		{"keys/*.age", "role keys, opened with the passphrase"},
		{"keys/*.key", "machine keys, opened without one; only their owner can read them"},
		{"offline/root.age", "the root keys, until you move the folder away"},
		{"artifacts/", "files of releases, by digest"},
		{"blocks/", "digests of the blocks of signed files, to recognise parts of them"},
		{"sources.json", "your own list of third parties, if you write one: `cordon help formats`"},
	}
}

func environmentTopic() string {
	var b strings.Builder
	b.WriteString("A flag wins over its variable, and a variable over the default. `cordon doctor` shows what is in force.\n\n")
	for _, v := range variables() {
		if v.developing {
			continue
		}
		text := v.meaning
		if v.flag != "" {
			text += " (--" + v.flag + " wins)"
		}
		for i, line := range wrap(text, 78) {
			if i > 0 {
				v.name = ""
			}
			fmt.Fprintf(&b, "%-22s  %s\n", v.name, line)
		}
	}
	b.WriteString("\nIn a home:\n\n")
	for _, f := range homeFiles() {
		fmt.Fprintf(&b, "%-16s  %s\n", f[0], f[1])
	}
	b.WriteString("\nThere is no configuration file.")
	return b.String()
}

func hasVariable(name string) bool {
	return slices.ContainsFunc(variables(), func(v variable) bool { return v.name == name })
}
