package console

import (
	"context"
	"fmt"
	"time"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/model"
)

// overview is the page of today.
type overview struct {
	app.Overview
	Hospital bool
	Open     int
	Counts   []count // open findings by severity, the gravest first
	Closed   int
	Resting  resting
	First    []model.Finding // the first open ones
	Tasks    []task
}

// count is a number with the list that it counts.
type count struct {
	Word string
	N    int
	List string
}

// task is something about the home itself that needs a person.
type task struct {
	Text    string
	Command string
}

// soon is how long before the end of a root's time somebody should know.
const soon = 30 * 24 * time.Hour

func today(ctx context.Context, a *snapshot, r *request) (page, error) {
	if err := choose(r.URL.Query()); err != nil {
		return page{}, err
	}
	has, err := a.Overview(ctx)
	if err != nil {
		return page{}, err
	}
	all, err := a.Findings(ctx, app.FindingFilter{})
	if err != nil {
		return page{}, err
	}
	out := overview{Overview: has, Hospital: a.Home().Kind == "hospital"}
	by := map[model.Severity]int{}
	for i := range all {
		if all[i].State != model.Open {
			if all[i].State == model.Closed {
				out.Closed++
			}
			continue
		}
		by[all[i].Severity]++
		if out.Open++; out.Open <= maxShown {
			out.First = append(out.First, all[i])
		}
	}
	out.Resting = restingOf(all)
	for _, s := range model.Severities {
		if by[s] > 0 {
			out.Counts = append(out.Counts, count{string(s), by[s], findingsWith("state", string(model.Open), "severity", string(s))})
		}
	}
	out.Tasks = tasks(a.Home(), a.RootKeysPresent(), &has, r.now)
	return page{Template: "today", Question: "What needs a person today?", Place: "today", Content: out}, nil
}

// tasks says what this home lacks, and what in it runs out.
func tasks(home app.Home, rootKeys bool, has *app.Overview, now time.Time) []task {
	var out []task
	add := func(command, format string, args ...any) {
		out = append(out, task{fmt.Sprintf(format, args...), command})
	}
	if rootKeys {
		add("", "The root keys still lie in the home. Move its folder offline to a safe place.")
	}
	others := 0
	for _, t := range has.Trusted {
		if t.Org != home.Org {
			others++
		}
		if !t.Confirmed {
			add("cordon trust confirm "+t.Org+" FINGERPRINT",
				"Nobody has compared the fingerprint of %s yet, so every verdict under it is unconfirmed. Call the organisation on a number that you already have.", t.Org)
		}
		switch {
		case !t.Expires.After(now):
			add("cordon trust add FILE", "The trust root of %s expired at %s. Ask it for the next one.", t.Org, t.Expires.UTC().Format(time.RFC3339))
		case t.Expires.Before(now.Add(soon)):
			add("cordon trust add FILE", "The trust root of %s expires at %s. Ask it for the next one.", t.Org, t.Expires.UTC().Format(time.RFC3339))
		}
	}
	for _, c := range has.Copies {
		if !c.Expires.After(now) {
			add("cordon release sync --from WHERE", "The copy of what %s publishes is stale since %s: a withdrawal may be missing in it.",
				c.Publisher, c.Expires.UTC().Format(time.RFC3339))
		}
	}
	if home.Kind != "hospital" {
		return out
	}
	if others == 0 {
		add("cordon trust add FILE", "No maker is trusted yet, so nothing can be verified.")
	}
	if has.Releases == 0 {
		add("cordon release sync --from WHERE", "No release is known yet, so nothing that is seen can be compared with one.")
	}
	if has.Devices == 0 {
		add("cordon device import FILE", "There is no device list, so findings cannot say which device is meant or where it stands.")
	}
	if !has.Recorded {
		add("cordon watch FILE", "Nothing that was seen on the wire is recorded here.")
	}
	return out
}
