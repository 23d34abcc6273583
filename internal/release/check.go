package release

import (
	"time"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// Check judges a file that lies on a disk. Beside the judgement it returns nil when the bytes are a
// publisher's or vouched for, else the fault that says why not: Withdrawn, Differs, Suspect, NotLogged
// or NotSigned.
func (b *Book) Check(now time.Time, name string, size int64, digest model.Digest) (model.Judgement, error) {
	j := b.Judge(now, &model.Transfer{
		Time: now, Name: name, Size: size, Declared: size, Complete: true, Digest: digest,
	}, model.Device{}, nil)
	switch j.Verdict {
	case model.Verified, model.Vouched:
		return j, nil
	case model.Withdrawn:
		w, _ := b.Withdrawal(j.Release)
		return j, fault.New(fault.Withdrawn, "%q is %s, withdrawn by %s: %s", name, j.Release, w.By, w.Reason)
	case model.Altered:
		return j, fault.New(fault.Differs, "%q looks like %s, and its bytes differ", name, j.Release)
	}
	for _, r := range b.ByDigest(digest) {
		if r.Suspect != nil {
			return j, fault.Wrap(r.Suspect, fault.Suspect, "%q is %s, which does not count", name, r.Subject)
		}
		if !r.Logged {
			return j, fault.New(fault.NotLogged, "%q is %s, which is signed but not in the publication log of %q", name, r.Subject, r.Set.Author)
		}
	}
	return j, fault.New(fault.NotSigned, "%q (%s) is signed by nobody whom this house trusts", name, digest)
}
