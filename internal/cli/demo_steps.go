package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/clock"
	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/lab/ward"
	"github.com/cordon-trust/cordon/internal/model"
)

// Who plays.
const (
	demoMaker    = "acme" // whose devices stand on the ward
	demoHospital = "st-elsewhere"
	demoSeed     = 1 // what the README shows is of it
	demoDevices  = 40
)

// demo is one run. It belongs to the goroutine that runs the command.
type demo struct {
	*state
	dir   string
	clock *storyClock
	steps int // done

	maker, hospital *app.App
	ward            *ward.Ward
	fetches         []ward.Fetch // the truth about the day
	seen            map[sighting]int
	findings        []model.Finding // open, the gravest first
}

// story is the path up to the findings, in the order in which people walk it.
func (d *demo) story() []demoStep {
	steps := []demoStep{{demoKeysMade, "a maker makes its keys", d.makerInit}}
	for i, day := range demoSigned {
		steps = append(steps, demoStep{day, "the maker signs and publishes", func(ctx context.Context) (string, error) { return d.release(ctx, i) }})
	}
	return append(steps, []demoStep{
		{demoConfirmed, "a hospital makes its keys", d.hospitalInit},
		{demoConfirmed, "the hospital syncs", d.sync},
		{demoImported, "the hospital imports its device list", d.importDevices},
		{demoWard, "a day passes on the ward", d.day},
		{demoToday, "cordon watch reads the day", d.watchDay},
		{demoToday, "what was found is compared with what happened", d.compare},
	}...)
}

func (d *demo) close() {
	for _, a := range []*app.App{d.maker, d.hospital} {
		if a != nil {
			_ = a.Close() // the folder is removed next
		}
	}
	d.maker, d.hospital = nil, nil
}

// homeOf returns what the home of one of the two is opened with. Its passphrase is used up with the demo.
func (d *demo) homeOf(org string) (app.Options, error) {
	secret := make([]byte, 16)
	if _, err := rand.Read(secret); err != nil {
		return app.Options{}, fault.Wrap(err, fault.Internal, "read randomness")
	}
	return app.Options{
		Dir: d.path(org), FS: disk.OS{}, Clock: d.clock, Rand: rand.Reader,
		Passphrase: func(context.Context, string) (string, error) { return hex.EncodeToString(secret), nil },
	}, nil
}

// found makes a home whose root says that it is a test, opens it, and moves the root keys away.
func (d *demo) found(ctx context.Context, org string, kind evidence.OrgKind) (*app.App, error) {
	opt, err := d.homeOf(org)
	if err != nil {
		return nil, err
	}
	if _, err := app.Init(ctx, opt, app.Home{Org: org, Kind: kind, Site: "main", Lab: true}); err != nil {
		return nil, err
	}
	a, err := app.Open(ctx, opt)
	if err != nil {
		return nil, err
	}
	if err := os.Rename(a.OfflineDir(), d.path("safe-"+org)); err != nil {
		_ = a.Close() // nothing was written through it
		return nil, fault.Wrap(err, fault.WriteFailed, "move the root keys away")
	}
	return a, nil
}

// makerInit makes the ward too: its devices fetch what the maker signs later.
func (d *demo) makerInit(ctx context.Context) (text string, err error) {
	start := clock.System{}.Now().AddDate(0, 0, -demoWard)
	if d.ward, err = ward.New(ward.Options{Seed: demoSeed, Devices: demoDevices, Start: start}); err != nil {
		return "", fault.Wrap(err, fault.Internal, "make the ward")
	}
	if n := len(d.ward.Releases()); n != len(demoSigned) {
		return "", fault.New(fault.Internal, "the ward has %s, and the maker signs %d", counted(n, "release"), len(demoSigned))
	}
	if d.maker, err = d.found(ctx, demoMaker, evidence.Maker); err != nil {
		return "", err
	}
	return demoMaker + ", a maker, makes its keys and moves the root keys to a safe place", nil
}

// release signs and publishes one release of those for the ward.
func (d *demo) release(ctx context.Context, i int) (string, error) {
	r := &d.ward.Releases()[i]
	file := d.path(r.Name)
	if err := disk.WriteFile(disk.OS{}, file, 0o600, r.Body); err != nil {
		return "", err
	}
	if _, err := d.maker.AddRelease(ctx, app.Draft{
		Product: r.Product, Version: r.Version, Counter: r.Counter, Kind: "firmware", Files: []string{file}, Hosts: r.Hosts,
	}); err != nil {
		return "", err
	}
	if _, err := d.maker.Publish(ctx, d.path("repo")); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s signs %s %s, logs it and publishes it", demoMaker, r.Product.Parts()[1], r.Version), nil
}

// enumerate joins words as a sentence does.
func enumerate(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

func (d *demo) hospitalInit(ctx context.Context) (text string, err error) {
	if d.hospital, err = d.found(ctx, demoHospital, evidence.Hospital); err != nil {
		return "", err
	}
	info, err := d.maker.ExportTrust(ctx, d.path("acme.json"))
	if err != nil {
		return "", err
	}
	file, err := disk.ReadFile(d.path("acme.json"), maxTrustFile)
	if err != nil {
		return "", err
	}
	if _, err = d.hospital.AddTrust(ctx, file, &info.Fingerprint); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s, a hospital, makes its keys and confirms the fingerprint of %s", demoHospital, demoMaker), nil
}

func (d *demo) sync(ctx context.Context) (string, error) {
	done, err := d.hospital.Sync(ctx, d.path("repo"))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s syncs %s of %s: signatures and log proofs verify", demoHospital, counted(done.New, "release"), demoMaker), nil
}

func (d *demo) importDevices(ctx context.Context) (string, error) {
	var list bytes.Buffer
	if err := d.ward.WriteDevices(&list); err != nil {
		return "", fault.Wrap(err, fault.Internal, "write the device list")
	}
	done, err := d.hospital.ImportDevices(ctx, &list)
	if err != nil {
		return "", err
	}
	pumps := 0
	for _, one := range d.ward.Devices() {
		if one.Model == d.ward.Releases()[0].Product.Parts()[1] {
			pumps++
		}
	}
	return fmt.Sprintf("%s imports its list of %s, %d of them pumps", demoHospital, counted(done.Devices, "device"), pumps), nil
}

// day records what passes the mirror port. Go's own HTTP and TLS stacks speak, joined in memory.
func (d *demo) day(ctx context.Context) (string, error) {
	var truth []ward.Fetch
	err := disk.Write(disk.OS{}, d.path("day.pcap"), 0o600, func(to io.Writer) error {
		_, err := d.ward.WriteDay(ctx, to, 1, func(f ward.Fetch) error { truth = append(truth, f); return nil })
		return err
	})
	if err != nil {
		return "", fault.Wrap(err, fault.CodeOf(err), "write the capture of the day")
	}
	d.fetches = truth
	return fmt.Sprintf("a day on the ward: %d devices fetch %d times, and a mirror port records what passes", demoDevices, len(truth)), nil
}
