package fault_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// declared returns name and value of every Code constant in the source, which the program itself cannot list.
func declared(t *testing.T) map[string]fault.Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]fault.Code{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if typ, ok := spec.Type.(*ast.Ident); !ok || typ.Name != "Code" {
			return true
		}
		lit, ok := spec.Values[0].(*ast.BasicLit)
		if !ok {
			t.Fatalf("constant %s is not a literal", spec.Names[0])
		}
		v, err := strconv.Unquote(lit.Value)
		if err != nil {
			t.Fatal(err)
		}
		out[spec.Names[0].Name] = fault.Code(v)
		return true
	})
	if len(out) < 40 {
		t.Fatalf("found only %d constants in codes.go: the test no longer reads it", len(out))
	}
	return out
}

func TestEveryCodeIsDescribed(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^CRD-[A-Z]{3}-[0-9]{3}$`)
	exits := map[int]bool{1: true, 2: true, 3: true, 4: true, 10: true, 11: true, 12: true, 130: true}
	names := map[fault.Code]string{}
	for name, code := range declared(t) {
		if other, ok := names[code]; ok {
			t.Errorf("%s and %s are both %s", name, other, code)
		}
		names[code] = name
		if !form.MatchString(string(code)) {
			t.Errorf("%s = %q has not the form CRD-XXX-000", name, code)
		}
		d, ok := fault.Table[code]
		if !ok {
			t.Errorf("%s (%s) has no entry in the table", name, code)
			continue
		}
		if !exits[d.Exit] {
			t.Errorf("%s has exit code %d", name, d.Exit)
		}
		if len(d.Hint) < 20 || strings.ContainsAny(d.Hint, "\n") || strings.HasSuffix(d.Hint, ".") {
			t.Errorf("%s: hint %q must be one line without a final full stop", name, d.Hint)
		}
		if len(d.Explain) < 100 || !strings.HasSuffix(d.Explain, ".") {
			t.Errorf("%s: the explanation must be a paragraph of sentences", name)
		}
		if head, _, ok := strings.Cut(d.Explain, ". "); !ok || len(head) > 110 {
			t.Errorf("%s: first sentence %q must stand alone in a list", name, head)
		}
	}
	for code := range fault.Table {
		if names[code] == "" {
			t.Errorf("the table describes %s, which is not declared", code)
		}
	}
}

// A device may be on a patient whenever somebody reads a hint.
func TestAdviceIsSafeAtTheBedside(t *testing.T) {
	t.Parallel()
	never := regexp.MustCompile(`(?i)unplug|reboot|power (it )?(off|down)|disconnect|isolate|quarantine|` +
		`\bblock\b|(restart|update|reset|shut down|turn off) (the|this|that|a|your) (device|pump|monitor|machine)|` +
		`infected|hacked`)
	for code, d := range fault.Table {
		for _, text := range []string{d.Hint, d.Explain} {
			if m := never.FindString(text); m != "" {
				t.Errorf("%s says %q: %s", code, m, text)
			}
		}
	}
	for _, code := range []fault.Code{fault.Differs, fault.NotSigned, fault.Withdrawn, fault.Suspect, fault.GateTripped} {
		if d := fault.Table[code]; !strings.Contains(d.Hint+d.Explain, "clinical engineering") {
			t.Errorf("%s concerns a device and does not send the reader to clinical engineering", code)
		}
	}
}

func TestExitCodesThatOthersRelyOn(t *testing.T) {
	t.Parallel()
	want := map[int][]fault.Code{
		2:  {fault.Usage, fault.NoPassphrase, fault.OpenPassphrase},
		3:  {fault.PartlyDone, fault.CutCapture},
		4:  {fault.NotAllowed, fault.WrongPassphrase, fault.NotOwner, fault.RootExists, fault.TestRoot},
		10: {fault.GateTripped, fault.Ailing},
		11: {
			fault.BadEnvelope, fault.PolicyNotMet, fault.BadRoot, fault.WrongPrint, fault.LogDamaged, fault.LogForked,
			fault.BadCheckpoint, fault.NotLogged, fault.RolledBack, fault.BadRepository, fault.NotSigned, fault.Differs,
			fault.Withdrawn, fault.Suspect,
		},
		12:  {fault.Locked},
		130: {fault.Interrupted},
	}
	special := map[fault.Code]bool{}
	for exit, codes := range want {
		for _, c := range codes {
			special[c] = true
			if got := fault.ExitOf(fault.New(c, "x")); got != exit {
				t.Errorf("%s exits %d, want %d", c, got, exit)
			}
		}
	}
	for code, d := range fault.Table {
		if !special[code] && d.Exit != 1 {
			t.Errorf("%s exits %d and is not on the list of this test", code, d.Exit)
		}
	}
}
