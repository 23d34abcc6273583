package cli

import (
	"context"
	"net/netip"
	"os"
	"time"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/lab"
	"github.com/cordon-trust/cordon/internal/model"
)

const (
	demoProduct = "acme/pump-7"
	demoOld     = "pump-2.0.0.bin"
	demoNew     = "pump-2.1.0.bin"
	demoSize    = 600_000 // bytes of a firmware
)

// steps is the path, in the order in which people walk it.
func (d *demo) steps() []demoStep {
	return []demoStep{
		{"a maker makes its keys, and moves the root keys away", d.makerInit},
		{"the maker signs two releases and publishes them", d.release},
		{"a hospital makes a home and confirms the maker's fingerprint", d.hospitalInit},
		{"the hospital syncs from the maker's repository", d.sync},
		{"a pump fetches the new release: is it what the maker signed?", d.watchOf(demoNew, demoNew, -1)},
		{"another pump fetches it with one byte changed on the way", d.watchOf(demoNew, demoNew, demoSize/2)},
		{"a third fetches something that nobody signed", d.watchOf("stranger.bin", "helper.bin", -1)},
		{"the maker withdraws the old release; the hospital syncs and watches again", d.withdraw},
		{"one of the maker's two release keys is stolen: what does it reach?", d.stolenKey},
		{"the maker says since when; what was held before stays verified", d.compromise},
		{"why is it verified? who said so, when, under which keys", d.why},
		{"every entry of the hospital's ledger is verified", d.verify},
	}
}

func (d *demo) makerInit(ctx context.Context) (err error) {
	if d.maker, err = d.found(ctx, "acme", evidence.Maker); err != nil {
		return err
	}
	return moved(d.maker.OfflineDir(), d.path("safe"))
}

func moved(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return fault.Wrap(err, fault.WriteFailed, "move the root keys away")
	}
	return nil
}

func (d *demo) release(ctx context.Context) error {
	product, err := parseProduct(demoProduct)
	if err != nil {
		return err
	}
	for i, name := range []string{demoOld, demoNew, "stranger.bin"} {
		if err := os.WriteFile(d.path(name), lab.Firmware(uint64(i), demoSize), 0o600); err != nil {
			return fault.Wrap(err, fault.WriteFailed, "write %q", name)
		}
	}
	for _, r := range []struct{ version, file string }{{"2.0.0", demoOld}, {"2.1.0", demoNew}} {
		done, err := d.maker.AddRelease(ctx, app.Draft{
			Product: product, Version: r.version, Kind: "firmware", Files: []string{d.path(r.file)}, Hosts: []string{"updates.acme.example"},
		})
		if err != nil {
			return err
		}
		if err := d.print(said{done}); err != nil {
			return err
		}
	}
	return d.publish(ctx)
}

func (d *demo) publish(ctx context.Context) error {
	done, err := d.maker.Publish(ctx, d.path("repo"))
	if err != nil {
		return err
	}
	return d.print(published{done})
}

func (d *demo) hospitalInit(ctx context.Context) (err error) {
	if d.hospital, err = d.found(ctx, "st-elsewhere", evidence.Hospital); err != nil {
		return err
	}
	info, err := d.maker.ExportTrust(ctx, d.path("acme.json"))
	if err != nil {
		return err
	}
	file, err := disk.ReadFile(d.path("acme.json"), maxTrustFile)
	if err != nil {
		return err
	}
	if info, err = d.hospital.AddTrust(ctx, file, &info.Fingerprint); err != nil {
		return err
	}
	return d.print(trustRow{info})
}

func (d *demo) sync(ctx context.Context) error {
	done, err := d.hospital.Sync(ctx, d.path("repo"))
	if err != nil {
		return err
	}
	return d.print(synced{done})
}

// watchOf returns a step in which a device fetches a file under a name, with one byte changed at flip
// (below 0: none), and the hospital reads the capture of it.
func (d *demo) watchOf(name, as string, flip int) func(context.Context) error {
	return func(ctx context.Context) error {
		body, err := disk.ReadFile(d.path(name), demoSize)
		if err != nil {
			return err
		}
		if flip >= 0 {
			body = lab.Flip(body, flip)
		}
		capture := d.path("capture.pcap")
		if err := writeCapture(capture, as, body); err != nil {
			return err
		}
		return d.watch(ctx, capture)
	}
}

// writeCapture records a download between Go's own HTTP client and server, joined in memory.
func writeCapture(path, as string, body []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return fault.Wrap(err, fault.WriteFailed, "write the capture")
	}
	_, err = lab.WriteDownload(f, lab.Download{
		Device: netip.MustParseAddrPort("10.0.0.10:40001"), Server: netip.MustParseAddrPort("10.0.0.200:80"),
		Host: "updates.acme.example", Path: "/fw/" + as, Body: body, Start: time.Now(),
	})
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fault.Wrap(err, fault.WriteFailed, "write the capture")
	}
	return nil
}

func (d *demo) watch(ctx context.Context, capture string) error {
	return d.state.watch(ctx, d.hospital, app.WatchOptions{Files: []string{capture}, NoRecord: true}, "")
}

func (d *demo) withdraw(ctx context.Context) error {
	product, err := parseProduct(demoProduct)
	if err != nil {
		return err
	}
	done, err := d.maker.Withdraw(ctx, product, "2.0.0", "battery drains when the alarm sounds")
	if err != nil {
		return err
	}
	if err := d.print(said{done}); err != nil {
		return err
	}
	if err := d.publish(ctx); err != nil {
		return err
	}
	if err := d.sync(ctx); err != nil {
		return err
	}
	return d.watchOf(demoOld, demoOld, -1)(ctx)
}

// releaseKeys returns the keys of the maker's release role.
func (d *demo) releaseKeys(ctx context.Context) ([]model.Subject, error) {
	keys, err := d.hospital.Keys(ctx, "acme")
	if err != nil {
		return nil, err
	}
	var out []model.Subject
	for _, k := range keys {
		if k.Role == evidence.RoleRelease {
			out = append(out, k.Key)
			if err := d.print(keyRow{k}); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func (d *demo) stolenKey(ctx context.Context) error {
	keys, err := d.releaseKeys(ctx)
	if err != nil {
		return err
	}
	for n := 1; n <= len(keys); n++ {
		answer, err := d.hospital.Spread(ctx, app.RadiusQuery{Sources: keys[:n], Harm: model.Integrity})
		if err != nil {
			return err
		}
		if err := d.print(stolen{Keys: n, Of: len(keys), Counts: answer.Counts()}); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) compromise(ctx context.Context) error {
	keys, err := d.hospital.Keys(ctx, "acme")
	if err != nil {
		return err
	}
	for _, k := range keys {
		if k.Role == evidence.RoleRelease {
			since := time.Now().Add(time.Second).UTC().Format(time.RFC3339) // what is held by now, is held before
			done, err := d.maker.Compromise(ctx, k.Key, since, "laptop stolen")
			if err != nil {
				return err
			}
			if err := d.print(said{done}); err != nil {
				return err
			}
			break
		}
	}
	if err := d.publish(ctx); err != nil {
		return err
	}
	if err := d.sync(ctx); err != nil {
		return err
	}
	v, err := d.hospital.VerifyFile(ctx, d.path(demoNew))
	if err != nil {
		return err
	}
	return d.print(fileVerdict{v})
}

func (d *demo) why(ctx context.Context) error {
	sub, err := parseSubject("release:" + demoProduct + "/2.1.0")
	if err != nil {
		return err
	}
	all, err := d.hospital.Why(ctx, sub)
	if err != nil {
		return err
	}
	for _, r := range all {
		if err := d.print(reason{r}); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) verify(ctx context.Context) error {
	logs, err := d.hospital.VerifyLogs(ctx, nil)
	if err != nil {
		return err
	}
	for _, l := range logs {
		if err := d.print(logRow{l}); err != nil {
			return err
		}
	}
	return nil
}
