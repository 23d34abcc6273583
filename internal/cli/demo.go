package cli

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/cordon-trust/cordon/internal/kit/clock"
	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// demoFlags are what a demo is asked for with.
type demoFlags struct {
	exit      bool
	noBrowser bool
}

func newDemoCommand(s *state) *cobra.Command {
	var want demoFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "play a maker, a hospital and a day of a ward in a temporary home, and show what was found",
		Example: `  cordon demo
  cordon demo --exit`,
		Long: `Needs no home, no network, no privilege and asks nothing. The console opens on the gravest finding, at
127.0.0.1:8420 or the next free port, until Ctrl-C ends it (exit 130). What the demo made lies in one folder
under the temporary directory and is removed however it ends. With --exit the findings are printed instead,
and then what a stolen key and a withdrawal change. Each step is dated as in the story, which begins weeks ago.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if s.homeFlag != "" {
				return refusedUsage("a demo makes homes of its own and takes no --home")
			}
			return s.demo(cmd.Context(), want)
		},
	}
	cmd.Flags().BoolVar(&want.exit, "exit", false, "print the findings and end, instead of opening the console")
	cmd.Flags().BoolVar(&want.noBrowser, "no-browser", false, "print the console's address and open no browser")
	return cmd
}

// demo plays both sides in a folder of its own, and removes it however the run ends.
func (s *state) demo(ctx context.Context, want demoFlags) error {
	// Whoever reads the output may stop: then writing fails, and the folder is removed like after any error.
	pipe := make(chan os.Signal, 1)
	signal.Notify(pipe, syscall.SIGPIPE)
	defer signal.Stop(pipe)

	temp := cmp.Or(s.env("TMPDIR"), os.TempDir())
	dir, err := os.MkdirTemp(temp, "cordon-demo-*")
	if err != nil {
		return fault.Wrap(err, disk.CodeOf(err), "make a temporary folder in %q", temp).
			Hint("name a folder that you can write to in TMPDIR")
	}
	d := &demo{state: s, dir: dir, clock: &storyClock{}}
	err = d.run(ctx, want)
	d.close()
	if rerr := removeAll(dir); rerr != nil {
		return fault.Wrap(rerr, fault.WriteFailed, "remove the demo's folder %q", dir).Hint("remove it yourself; nothing in it is real")
	}
	if ctx.Err() != nil {
		return fault.New(fault.Interrupted, "the demo was ended, and nothing of it is left").Hint("`cordon demo` begins anew")
	}
	return err
}

// removeAll removes a folder in which a page that is given up may still touch the database for a moment.
func removeAll(dir string) error {
	err := os.RemoveAll(dir)
	for range 20 {
		if err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
		err = os.RemoveAll(dir)
	}
	return err
}

// run plays the story up to the findings and shows them.
func (d *demo) run(ctx context.Context, want demoFlags) error {
	if err := d.print(demoBegun{d.dir}); err != nil {
		return err
	}
	if err := d.flush(); err != nil {
		return err
	}
	if err := d.play(ctx, d.story()); err != nil {
		return err
	}
	if !want.exit {
		return d.show(ctx, !want.noBrowser)
	}
	if err := d.heading("\nWhat needs a person:"); err != nil {
		return err
	}
	for _, f := range d.findings {
		reach, err := d.reachOf(ctx, &f)
		if err != nil {
			return err
		}
		if err := d.print(demoFinding{f, reach}); err != nil {
			return err
		}
	}
	if err := d.heading("And when a key is stolen, or a release is taken back:"); err != nil {
		return err
	}
	return d.play(ctx, d.sequel())
}

// demoStep is one thing that happens: what a person reads while it does, and after it in what do returns.
type demoStep struct {
	daysAgo int // in the story
	doing   string
	do      func(context.Context) (string, error)
}

func (d *demo) play(ctx context.Context, steps []demoStep) error {
	var at clock.System
	for _, step := range steps {
		wipe := d.progress(step.doing)
		began := at.Now()
		d.clock.turn(step.daysAgo)
		day := d.clock.Now().Format(time.DateOnly)
		text, err := step.do(ctx)
		wipe()
		if err != nil {
			return fmt.Errorf("%s: %w", step.doing, err)
		}
		d.steps++
		if err := d.print(demoDone{Number: d.steps, Date: day, Text: text, Seconds: at.Now().Sub(began).Seconds()}); err != nil {
			return err
		}
		if err := d.flush(); err != nil {
			return err
		}
	}
	return nil
}

// heading is for people; in JSON the rows say what they are.
func (d *demo) heading(text string) error {
	if d.json {
		return nil
	}
	if _, err := fmt.Fprintf(d.out, "%s\n\n", text); err != nil {
		return written(err)
	}
	return d.flush()
}

func (d *demo) path(name string) string { return filepath.Join(d.dir, name) }
