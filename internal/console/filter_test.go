package console

import "testing"

// The form of a list is folded where nobody used it, and says what it does when it is folded.
func TestFoldedForm(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		state, severity, hidden string
		open                    bool
		says                    string
	}{
		"not used":              {},
		"as the navigation has": {state: "open", says: "state open"},
		"another state":         {state: "held", open: true, says: "state held"},
		"more":                  {state: "open", severity: "high", open: true, says: "state open, severity high"},
		"from a link":           {hidden: "5-device-certain"},
	} {
		form := []*choice{
			{Name: "state", Label: "State", Value: c.state},
			{Name: "severity", Label: "Severity", Value: c.severity},
			{Name: "group", Free: true, Hidden: true, Value: c.hidden},
		}
		if narrows(form) != c.open || chosen(form) != c.says {
			t.Errorf("%s: open %t and %q", name, narrows(form), chosen(form))
		}
	}
}
