package cli

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/lab/ward"
)

func newLabCommand(s *state) *cobra.Command {
	return group("lab", "make captures of devices that do not exist, with the truth about them",
		"  cordon lab ward --out ward",
		newLabWardCommand(s))
}

// wardFlags are what a ward is asked for with.
type wardFlags struct {
	out   string
	start string
	days  int
	force bool
	opt   ward.Options
}

func newLabWardCommand(s *state) *cobra.Command {
	var w wardFlags
	cmd := &cobra.Command{
		Use:   "ward",
		Short: "write a synthetic ward: a capture for each day, device list, releases and truth",
		Example: `  cordon lab ward --out ward
  cordon lab ward --out ward --seed 7 --devices 200 --days 3`,
		Long: `DIR gets ward-day-01.pcap and so on, devices.csv for device import, releases/ with three files of two
products to sign, truth.json with what each device fetched and what it was meant to be, and a README.
Needs no home, no network and no privilege. The same seed gives the same bytes, except inside TLS.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.labWard(cmd.Context(), w)
		},
	}
	f := cmd.Flags()
	f.StringVar(&w.out, "out", "", "folder `DIR` to write; made when it is not there")
	f.Uint64Var(&w.opt.Seed, "seed", 1, "`N` from which everything follows")
	f.IntVar(&w.opt.Devices, "devices", 40, "how many devices, 1 to 2000, as `N`")
	f.IntVar(&w.days, "days", 1, "how many days, 1 to 30, as `N`")
	f.StringVar(&w.start, "start", "2026-01-05", "`DATE` of the first day, in UTC")
	s.writes(cmd)
	f.BoolVar(&w.force, "force", false, "replace the ward that lies in DIR; other files stay")
	_ = cmd.MarkFlagRequired("out")
	return cmd
}

// valid refuses what no ward can be, before anything is written.
func (w *wardFlags) valid() error {
	switch {
	case w.out == "":
		return fault.New(fault.Usage, "--out is empty")
	case w.opt.Devices < 1 || w.opt.Devices > ward.MaxDevices:
		return fault.New(fault.Usage, "--devices takes 1 to %d, not %d", ward.MaxDevices, w.opt.Devices)
	case w.days < 1 || w.days > ward.MaxDays:
		return fault.New(fault.Usage, "--days takes 1 to %d, not %d", ward.MaxDays, w.days)
	}
	at, err := time.Parse(time.DateOnly, w.start)
	if err != nil || at.Year() < 1990 || at.Year() > 2100 {
		return fault.New(fault.Usage, "--start takes a date such as 2026-01-05 between 1990 and 2100, not %q", w.start)
	}
	w.opt.Start = at
	return nil
}

func (s *state) labWard(ctx context.Context, w wardFlags) error {
	if err := w.valid(); err != nil {
		return err
	}
	one, err := ward.New(w.opt)
	if err != nil {
		return fault.Wrap(err, fault.Internal, "make the ward")
	}
	if s.dryRun {
		return s.planWard(w, one)
	}
	if err := w.clear(); err != nil {
		return err
	}
	n, err := one.WriteFolder(ctx, disk.OS{}, w.out, w.days, func(number int) {
		s.note("day %d of %d", number, w.days)
	})
	if ctx.Err() != nil {
		return fault.New(fault.Interrupted, "interrupted: nothing of the ward is left in %q", w.out).Hint("run the command again")
	}
	if err != nil {
		return fault.Wrap(err, fault.CodeOf(err), "write the ward into %q", w.out)
	}
	return s.print(wardRow{
		Out: w.out, Seed: w.opt.Seed, Start: w.opt.Start, Days: w.days, Devices: len(one.Devices()), Releases: len(one.Releases()),
		Captures: n.Captures, Packets: n.Frames, Bytes: n.Bytes, Connections: n.Connections, Fetches: n.Fetches,
	})
}

// planWard is what a dry run says: the folder can be used, and what it would get.
func (s *state) planWard(w wardFlags, one *ward.Ward) error {
	if _, err := os.Stat(w.out); err == nil {
		if _, err := w.look(); err != nil {
			return err
		}
	}
	return s.print(wardRow{
		Out: w.out, Seed: w.opt.Seed, Start: w.opt.Start, Days: w.days, Devices: len(one.Devices()), Releases: len(one.Releases()), DryRun: true,
	})
}

// clear makes the folder, or frees it of a ward when that was asked for.
func (w *wardFlags) clear() error {
	if err := disk.MakeDir(disk.OS{}, w.out, 0o755); err != nil {
		return err
	}
	if empty, err := w.look(); err != nil || empty {
		return err
	}
	return ward.Remove(disk.OS{}, w.out)
}

// look says whether the folder is empty. It refuses one that is not, unless what lies there may be replaced.
func (w *wardFlags) look() (empty bool, err error) {
	there, err := os.ReadDir(w.out)
	if err != nil {
		return false, fault.Wrap(err, fault.ReadFailed, "look into folder %q", w.out)
	}
	if len(there) > 0 && !w.force {
		return false, fault.New(fault.NotAllowed, "folder %q is not empty", w.out).
			Hint("name a new folder, or replace the ward that lies there with --force")
	}
	return len(there) == 0, nil
}

// wardRow says what was written.
type wardRow struct {
	Out         string    `json:"out"`
	Seed        uint64    `json:"seed"`
	Start       time.Time `json:"start"`
	Days        int       `json:"days"`
	Devices     int       `json:"devices"` // lines of the device list
	Releases    int       `json:"releases"`
	Captures    int       `json:"captures"`
	Packets     int64     `json:"packets"`
	Bytes       int64     `json:"bytes"`
	Connections int64     `json:"connections"`
	Fetches     int64     `json:"fetches"`
	DryRun      bool      `json:"dry_run,omitzero"`
}

func (wardRow) kind() string { return "ward" }

func (r wardRow) lines() []string {
	if r.DryRun {
		return []string{fmt.Sprintf("would write a synthetic ward of %d devices into %s: seed %d, %d days from %s", r.Devices, r.Out, r.Seed, r.Days, r.Start.Format(time.DateOnly))}
	}
	return []string{
		fmt.Sprintf("wrote a synthetic ward of %d devices into %s: seed %d, %d days from %s", r.Devices, r.Out, r.Seed, r.Days, r.Start.Format(time.DateOnly)),
		fmt.Sprintf("  %d captures with %d packets, %d bytes, %d connections", r.Captures, r.Packets, r.Bytes, r.Connections),
		fmt.Sprintf("  %d fetches are in truth.json, %d files to sign in releases, the device list is devices.csv", r.Fetches, r.Releases),
	}
}
