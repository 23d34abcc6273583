package release

import (
	"cmp"
	"slices"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/model"
)

// Fact is one statement as this house holds it.
type Fact struct {
	Verified evidence.Verified
	Held     time.Time // when this house first held it, by a clock that is not the signer's; zero: not known
	Seq      int64     // its place in this house's ledger
	Suspect  error     // nil: its policy is met without the keys that are said to be compromised
	Logged   bool      // its maker's publication log holds it, or this house wrote it
}

// Freshness says how old this house's copy of a publication is.
type Freshness struct {
	Expires  time.Time // of its head
	SyncedAt time.Time
	Counter  int64 // of its head
}

// Release is a release set that its publisher signed with effect in this house, and how it stands.
type Release struct {
	Set        Set
	Subject    model.Subject
	Statement  model.Digest
	Held       time.Time
	Seq        int64
	Signatures string // the algorithms, for people
	Confirmed  bool   // a person confirmed the publisher's root
	Logged     bool
	Suspect    error
}

// Stands reports whether the release can make bytes verified: it is logged and rests on no suspect key.
func (r *Release) Stands() bool { return r.Logged && r.Suspect == nil }

// taken is a withdrawal in effect or, with Suspect, one that is not.
type taken struct {
	Withdrawal
	statement model.Digest
	held      time.Time
	seq       int64
	suspect   error
}

// vouched is a vouch of this house.
type vouched struct {
	Vouch
	statement model.Digest
	held      time.Time
	seq       int64
	suspect   error
}

// Book holds what is known of releases, in memory. Fill it with [Book.Add] and [Book.SetFreshness] from
// one goroutine; from then on any number may read. The order of the calls changes no answer.
type Book struct {
	house       string
	sets        map[model.Digest]*Release // by statement
	byBytes     map[model.Digest][]*Release
	byName      map[string][]*Release // by the name of an artifact or of a delivery form
	byForm      map[model.Digest][]*Release
	bySubject   map[model.Subject][]*Release
	byProduct   map[model.Subject][]*Release // of the product's own maker
	byHost      map[string][]*Release
	parties     ThirdParties
	withdrawals map[model.Subject][]*taken
	vouches     map[model.Digest][]*vouched // by the bytes
	vouchNames  map[string][]*vouched
	fresh       map[string]Freshness
	shelf       shelf
}

// NewBook returns the empty book of a house.
func NewBook(house string) *Book {
	return &Book{
		house:       house,
		sets:        map[model.Digest]*Release{},
		byBytes:     map[model.Digest][]*Release{},
		byName:      map[string][]*Release{},
		byForm:      map[model.Digest][]*Release{},
		bySubject:   map[model.Subject][]*Release{},
		byProduct:   map[model.Subject][]*Release{},
		byHost:      map[string][]*Release{},
		withdrawals: map[model.Subject][]*taken{},
		vouches:     map[model.Digest][]*vouched{},
		vouchNames:  map[string][]*vouched{},
		fresh:       map[string]Freshness{},
	}
}

// Add takes a release set, a withdrawal or a vouch. A claim, and any other statement, changes nothing.
// It fails with BadEnvelope on a statement that has effect and cannot be read.
func (b *Book) Add(f Fact) error {
	if f.Verified.Effect != evidence.Fact {
		return nil
	}
	switch evidence.PredicateName(f.Verified.Statement.PredicateType) {
	case evidence.PredReleaseSet:
		return b.addSet(f)
	case evidence.PredWithdrawal:
		return b.addWithdrawal(f)
	case evidence.PredVouch:
		return b.addVouch(f)
	}
	return nil
}

// SetFreshness says how old the copy of an organisation's publication is.
func (b *Book) SetFreshness(org string, f Freshness) { b.fresh[org] = f }

func (b *Book) addSet(f Fact) error {
	set, err := DecodeSet(f.Verified.Statement)
	if err != nil {
		return err
	}
	r := &Release{
		Set: set, Subject: set.Subject(), Statement: f.Verified.Digest, Held: f.Held, Seq: f.Seq,
		Signatures: algorithms(f.Verified), Confirmed: f.Verified.Confirmed || set.Author == b.house,
		Logged: f.Logged || set.Author == b.house, Suspect: f.Suspect,
	}
	b.shelf.indexed = false
	if old, ok := b.sets[r.Statement]; ok {
		// One statement held twice, as with a later countersignature: the better standing counts whole.
		if better(r, old) {
			*old = *r
		}
		return nil
	}
	b.sets[r.Statement] = r
	b.bySubject[r.Subject] = append(b.bySubject[r.Subject], r)
	if set.Author == set.Product.Org() {
		b.byProduct[set.Product] = append(b.byProduct[set.Product], r)
	}
	for _, h := range set.Hosts {
		insert(b.byHost, h, r)
	}
	for _, a := range set.Artifacts {
		insert(b.byBytes, a.SHA256, r)
		insert(b.byName, a.Name, r)
		for _, form := range a.Forms {
			if form.Name != "" {
				insert(b.byName, form.Name, r)
			}
			if form.Form == FormDelta {
				insert(b.byForm, form.SHA256, r)
			}
			for _, m := range form.Members {
				insert(b.byForm, m.SHA256, r)
			}
		}
	}
	return nil
}

func insert[K comparable](m map[K][]*Release, k K, r *Release) {
	if !slices.Contains(m[k], r) {
		m[k] = append(m[k], r)
	}
}

func better(a, b *Release) bool {
	if a.Stands() != b.Stands() {
		return a.Stands()
	}
	if a.Logged != b.Logged {
		return a.Logged
	}
	return earlier(a.Held, b.Held, a.Seq, b.Seq) < 0
}

// earlier orders by the time at which this house held a thing; an unknown time is the latest.
func earlier(a, b time.Time, seqA, seqB int64) int {
	if a.IsZero() != b.IsZero() {
		if b.IsZero() {
			return -1
		}
		return 1
	}
	return cmp.Or(a.Compare(b), cmp.Compare(seqA, seqB))
}

func (b *Book) addWithdrawal(f Fact) error {
	w, err := DecodeWithdrawal(f.Verified.Statement)
	if err != nil {
		return err
	}
	b.withdrawals[w.Release] = append(b.withdrawals[w.Release], &taken{w, f.Verified.Digest, f.Held, f.Seq, f.Suspect})
	return nil
}

func (b *Book) addVouch(f Fact) error {
	v, err := DecodeVouch(f.Verified.Statement)
	if err != nil {
		return err
	}
	if v.Author != b.house {
		return nil // a vouch is one hospital's word, in its own house
	}
	d := v.Artifact.SHA256
	e := &vouched{v, f.Verified.Digest, f.Held, f.Seq, f.Suspect}
	b.vouches[d] = append(b.vouches[d], e)
	b.vouchNames[v.Artifact.Name] = append(b.vouchNames[v.Artifact.Name], e)
	return nil
}

// withdrawn returns the withdrawal of a release that counts: the maker's before the house's, then the
// earliest. When only suspect ones are held it returns nil and the first of those.
func (b *Book) withdrawn(r model.Subject) (counts, suspect *taken) {
	for _, w := range b.withdrawals[r] {
		p := &counts
		if w.suspect != nil {
			p = &suspect
		}
		if *p == nil || b.before(w, *p) {
			*p = w
		}
	}
	return counts, suspect
}

func (b *Book) before(x, y *taken) bool {
	if own := x.Author == b.house; own != (y.Author == b.house) {
		return !own
	}
	return cmp.Or(earlier(x.held, y.held, x.seq, y.seq), cmp.Compare(x.statement.Hex(), y.statement.Hex())) < 0
}
