package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// sequel is what comes after the findings when nobody is to look at them in a console: it changes them.
func (d *demo) sequel() []demoStep {
	return []demoStep{
		{demoToday, "what stolen keys could reach", d.stolenKeys},
		{demoToday, "the maker says that a key is stolen", d.compromise},
		{demoToday, "the maker takes a release back", d.withdraw},
		{demoToday, "the ledger is verified", d.verify},
	}
}

// releaseKeys returns the keys of the maker's release role, as the hospital holds them.
func (d *demo) releaseKeys(ctx context.Context) ([]model.Subject, error) {
	keys, err := d.hospital.Keys(ctx, demoMaker)
	if err != nil {
		return nil, err
	}
	var out []model.Subject
	for _, k := range keys {
		if k.Role == evidence.RoleRelease {
			out = append(out, k.Key)
		}
	}
	if len(out) != 2 {
		return nil, fault.New(fault.Internal, "the release role of %s has %s", demoMaker, counted(len(out), "key"))
	}
	return out, nil
}

// reach counts the releases that keys could forge together.
func (d *demo) reach(ctx context.Context, keys []model.Subject) (releases int, err error) {
	answer, err := d.hospital.Spread(ctx, app.RadiusQuery{Sources: keys, Harm: model.Integrity})
	if err != nil {
		return 0, err
	}
	for _, c := range answer.Counts() {
		if c.Kind == model.KindRelease {
			releases += c.N
		}
	}
	return releases, nil
}

func (d *demo) stolenKeys(ctx context.Context) (string, error) {
	keys, err := d.releaseKeys(ctx)
	if err != nil {
		return "", err
	}
	one, err := d.reach(ctx, keys[:1])
	if err != nil {
		return "", err
	}
	all, err := d.reach(ctx, keys)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("one of %s's %d release keys, stolen, could reach %s; both could reach %d", demoMaker, len(keys), counted(one, "release"), all), nil
}

// republish brings what the maker said to the hospital.
func (d *demo) republish(ctx context.Context) error {
	if _, err := d.maker.Publish(ctx, d.path("repo")); err != nil {
		return err
	}
	_, err := d.hospital.Sync(ctx, d.path("repo"))
	return err
}

func (d *demo) compromise(ctx context.Context) (string, error) {
	keys, err := d.releaseKeys(ctx)
	if err != nil {
		return "", err
	}
	since := d.clock.Now().Add(time.Second).UTC().Format(time.RFC3339) // what is held by now, is held before
	if _, err := d.maker.Compromise(ctx, keys[0], since, "laptop stolen"); err != nil {
		return "", err
	}
	if err := d.republish(ctx); err != nil {
		return "", err
	}
	held := d.ward.Releases()
	for i := range held {
		v, err := d.hospital.VerifyFile(ctx, d.path(held[i].Name))
		if err != nil {
			return "", err
		}
		if v.Verdict != model.Verified {
			return "", fault.New(fault.Internal, "%q is judged %s after a later compromise", held[i].Name, v.Verdict)
		}
	}
	return fmt.Sprintf("%s says since when it is stolen; the %s that %s held stay verified", demoMaker, counted(len(held), "release"), demoHospital), nil
}

func (d *demo) withdraw(ctx context.Context) (string, error) {
	newest := d.ward.Releases()[1]
	if _, err := d.maker.Withdraw(ctx, newest.Product, newest.Version, "battery drains when the alarm sounds"); err != nil {
		return "", err
	}
	if err := d.republish(ctx); err != nil {
		return "", err
	}
	list, err := d.hospital.Findings(ctx, app.FindingFilter{State: model.Open})
	if err != nil {
		return "", err
	}
	pumps := 0
	for _, f := range list {
		if f.Rule == model.UpdateWithdrawn {
			pumps += f.DeviceCount
		}
	}
	return fmt.Sprintf("%s withdraws %s %s: judged again without the capture, %s have a finding",
		demoMaker, newest.Product.Parts()[1], newest.Version, counted(pumps, "pump")), nil
}

func (d *demo) verify(ctx context.Context) (string, error) {
	logs, err := d.hospital.VerifyLogs(ctx, nil)
	if err != nil {
		return "", err
	}
	entries := int64(0)
	for _, l := range logs {
		entries += l.Size
	}
	return fmt.Sprintf("the ledger of %s verifies: %d entries, each proved", demoHospital, entries), nil
}
