package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/exposure"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/lab/ward"
	"github.com/cordon-trust/cordon/internal/model"
)

// sighting is how a transfer is told from the others of the day: who fetched what, and how it was judged.
type sighting struct {
	asset, name string
	verdict     model.Verdict
}

// watchDay reads the capture as `cordon watch` does, with recording.
func (d *demo) watchDay(ctx context.Context) (string, error) {
	d.seen = map[sighting]int{}
	verified := 0
	sum, err := d.hospital.Watch(ctx, app.WatchOptions{Files: []string{d.path("day.pcap")}, Spool: d.dir}, app.WatchShow{
		Transfer: func(t *app.TransferInfo) error {
			d.seen[sighting{t.Asset, t.Name, t.Verdict}]++
			if t.Verdict == model.Verified {
				verified++
			}
			return nil
		},
		Part:    func(app.PartInfo) error { return nil },
		Finding: func(model.Finding) error { return nil }, // read below as everybody does, from what was recorded
	})
	if err != nil {
		return "", err
	}
	if d.findings, err = d.hospital.Findings(ctx, app.FindingFilter{State: model.Open}); err != nil {
		return "", err
	}
	return fmt.Sprintf("cordon watch reads it: %s, %s, %d of them verified", counted(sum.Sessions, "connection"),
		counted(sum.Transfers, "possible update"), verified), nil
}

// compare holds what was found against what the ward did, which no part of the product was told.
func (d *demo) compare(context.Context) (string, error) {
	bad := map[model.Digest]string{} // what a person must hear about, and which device it reached
	count := map[ward.Meaning]int{}
	for i := range d.fetches {
		f := &d.fetches[i]
		count[f.Meant]++
		want, judged := verdictOf(f)
		if judged && d.seen[sighting{f.Device, f.Name, want}] == 0 {
			return "", fault.New(fault.Internal, "%s fetched %q, which was meant to be judged %s and is not", f.Device, f.Name, want)
		}
		if f.Meant == ward.Altered || f.Meant == ward.Stranger {
			bad[f.Digest] = f.Device
		}
	}
	found := 0
	for _, f := range d.findings {
		if f.Class != model.PatientSafety {
			continue
		}
		if f.DeviceCount != 1 || len(f.Devices) != 1 || bad[f.Digest] != f.Devices[0].Asset {
			return "", fault.New(fault.Internal, "the ward did nothing of this finding: %s", f.Summary)
		}
		found++
	}
	if found != len(bad) {
		return "", fault.New(fault.Internal, "%d of %d downloads that nobody signed were found", found, len(bad))
	}
	return fmt.Sprintf("the ward's record: both bad downloads are found, none of the other %d is called bad", len(d.fetches)-len(bad)), nil
}

// reachOf says what the bytes of a finding could reach, were they made to do harm.
func (d *demo) reachOf(ctx context.Context, f *model.Finding) (string, error) {
	if f.Digest.IsZero() || f.Class != model.PatientSafety {
		return "", nil
	}
	answer, err := d.hospital.Spread(ctx, app.RadiusQuery{Sources: []model.Subject{model.ArtifactOf(f.Digest)}, Harm: model.Integrity})
	if err != nil {
		return "", err
	}
	said := map[exposure.Certainty][]string{}
	for _, c := range answer.Counts() {
		said[c.Certainty] = append(said[c.Certainty], counted(c.N, string(c.Kind)))
	}
	var parts []string
	if sure := said[exposure.Certain]; sure != nil {
		parts = append(parts, enumerate(sure)+" for certain")
	}
	if more := said[exposure.Possible]; more != nil {
		parts = append(parts, enumerate(more)+" possibly")
	}
	if len(parts) == 0 {
		return "", nil
	}
	return "were these bytes harmful, they could reach " + strings.Join(parts, "; "), nil
}

// verdictOf returns how what a device fetched must be judged; judged is false where nothing is expected of it.
func verdictOf(f *ward.Fetch) (want model.Verdict, judged bool) {
	switch {
	case f.Meant == ward.Altered:
		return model.Altered, true
	case f.Meant == ward.Stranger:
		return model.Unknown, true
	case f.Meant == ward.Genuine && f.Complete:
		return model.Verified, true
	case f.Meant == ward.Genuine:
		return model.Incomplete, true
	}
	return "", false
}
