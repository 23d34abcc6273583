package cli

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/exposure"
	"github.com/cordon-trust/cordon/internal/kit/clock"
	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/fault"
)

func newDemoCommand(s *state) *cobra.Command {
	var exit bool
	cmd := &cobra.Command{
		Use:     "demo",
		Short:   "run the whole path on real files in a temporary home, and leave nothing behind",
		Example: `  cordon demo --exit`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.demo(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&exit, "exit", false, "end after the last step instead of waiting for anything")
	return cmd
}

// demo plays both sides in a folder of its own: a maker, a hospital, and the wire between them.
func (s *state) demo(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "cordon-demo-*")
	if err != nil {
		return fault.Wrap(err, fault.WriteFailed, "make a temporary folder")
	}
	defer func() {
		if rerr := os.RemoveAll(dir); rerr != nil && err == nil {
			err = fault.Wrap(rerr, fault.WriteFailed, "remove the temporary folder")
		}
	}()
	d := &demo{state: s, dir: dir}
	defer d.close()
	for i, step := range d.steps() {
		if err := ctx.Err(); err != nil {
			return fault.Wrap(err, fault.Interrupted, "the demo was interrupted")
		}
		if err := s.print(heading{Number: i + 1, Title: step.title}); err != nil {
			return err
		}
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("step %d, %s: %w", i+1, step.title, err)
		}
		if err := s.flush(); err != nil {
			return err
		}
	}
	return nil
}

// demo is one run. It belongs to the goroutine that runs the command.
type demo struct {
	*state
	dir             string
	maker, hospital *app.App
}

type demoStep struct {
	title string
	do    func(context.Context) error
}

func (d *demo) path(name string) string { return filepath.Join(d.dir, name) }

func (d *demo) close() {
	for _, a := range []*app.App{d.maker, d.hospital} {
		if a != nil {
			_ = a.Close() // the folder is removed next
		}
	}
}

// found makes and opens a home with a passphrase that nobody needs to know.
func (d *demo) found(ctx context.Context, org string, kind evidence.OrgKind) (*app.App, error) {
	secret := make([]byte, 16)
	if _, err := rand.Read(secret); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "read randomness")
	}
	opt := app.Options{
		Dir: d.path(org), FS: disk.OS{}, Clock: clock.System{}, Rand: rand.Reader,
		Passphrase: func(context.Context, string) (string, error) { return hex.EncodeToString(secret), nil },
	}
	print, err := app.Init(ctx, opt, app.Home{Org: org, Kind: kind, Site: "main", Lab: true})
	if err != nil {
		return nil, err
	}
	if err := d.print(homeMade{Home: opt.Dir, Org: org, Role: string(kind), Fingerprint: print, Offline: filepath.Join(opt.Dir, "offline")}); err != nil {
		return nil, err
	}
	return app.Open(ctx, opt)
}

// heading is the heading of a step.
type heading struct {
	Number int    `json:"number"`
	Title  string `json:"title"`
}

func (heading) kind() string { return "step" }

func (h heading) lines() []string { return []string{"", fmt.Sprintf("== %d. %s", h.Number, h.Title)} }

// stolen says what some of a role's keys reach together.
type stolen struct {
	Keys   int              `json:"keys"`
	Of     int              `json:"of"`
	Counts []exposure.Count `json:"counts"`
}

func (stolen) kind() string { return "stolen" }

func (t stolen) lines() []string {
	out := []string{fmt.Sprintf("%d of %d keys stolen:", t.Keys, t.Of)}
	for _, c := range t.Counts {
		out = append(out, fmt.Sprintf("  could reach %d %s (%s, %s)", c.N, c.Kind, c.Harm, c.Certainty))
	}
	if len(t.Counts) == 0 {
		out = append(out, "  reaches nothing: every signature of the role needs both")
	}
	return out
}
