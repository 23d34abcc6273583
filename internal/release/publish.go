package release

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// Modes of what is published: any web server may read it.
const (
	fileMode = 0o644
	dirMode  = 0o755
)

// LoggedEntry is one entry of a publication log with what lies beside it.
type LoggedEntry struct {
	Entry    []byte // canonical
	Salt     []byte
	Envelope []byte // one line
}

// Publication is all that a publisher makes public.
type Publication struct {
	Head       evidence.Envelope
	Roots      []evidence.Envelope // every version, the first first
	Checkpoint []byte              // signed note over Size entries
	Size       int64
	Entries    []LoggedEntry
	Artifacts  []model.Digest
	Blocks     []model.Digest
	From       string // the folder that has artifacts/ and blocks/
}

// Publish writes a publication to dir, which any static web server can serve. Every file appears whole or
// not at all, and the head is written last, so that whoever reads meanwhile sees the state before. Doing
// it again does no harm. It refuses to write anything when the parts of the publication do not belong
// together (Internal), and when dir holds the publication of another organisation (NotAllowed), a newer
// or a different one with the same counter (RolledBack), or another history of the log (LogForked).
func Publish(ctx context.Context, fsys disk.FS, dir string, p Publication) error {
	w := publishing{ctx: ctx, fs: fsys, dir: dir, p: p}
	if err := w.check(); err != nil {
		return err
	}
	if err := w.checkOld(); err != nil {
		return err
	}
	for _, step := range [...]func() error{w.copies, w.bundles, w.tiles, w.signed} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

type publishing struct {
	ctx  context.Context // lives as long as one call
	fs   disk.FS
	dir  string
	p    Publication
	head Head
	tree tree
}

// check makes sure that the parts belong together. A mistake here would be signed and public.
func (w *publishing) check() error {
	bad := func(format string, args ...any) error {
		return fault.New(fault.Internal, "nothing was published: "+format, args...)
	}
	st, err := evidence.ParseStatement(w.p.Head.Payload)
	if err != nil {
		return err
	}
	if w.head, err = DecodeHead(st); err != nil {
		return err
	}
	if int64(len(w.p.Entries)) != w.p.Size || w.head.Size != w.p.Size {
		return bad("%d entries, head and checkpoint say %d and %d", len(w.p.Entries), w.head.Size, w.p.Size)
	}
	for i, e := range w.p.Entries {
		entry, err := evidence.ParseEntry(e.Entry)
		if err != nil || entry.Seq != int64(i) || entry.Author != w.head.Author {
			return bad("entry %d is not the publisher's entry of that place", i)
		}
		env, err := evidence.ParseEnvelope(e.Envelope)
		if err != nil || bytes.ContainsRune(e.Envelope, '\n') {
			return bad("the envelope of entry %d is not one line", i)
		}
		if err := entry.Audit(e.Envelope, e.Salt, env.Digest()); err != nil {
			return bad("entry %d: %v", i, err)
		}
		if err := w.tree.add(e.Entry); err != nil {
			return err
		}
	}
	root, err := w.tree.root(w.p.Size)
	if err != nil {
		return err
	}
	if model.Digest(root) != w.head.Root {
		return bad("the head signs another root than that of the entries")
	}
	want := fmt.Sprintf("%s\n%d\n%s\n\n", w.head.Origin, w.p.Size, root)
	if !bytes.HasPrefix(w.p.Checkpoint, []byte(want)) {
		return bad("the checkpoint is not that of the entries")
	}
	return w.checkRoots()
}

// checkRoots insists on every version from the first, up to the one the head is signed under.
func (w *publishing) checkRoots() error {
	for i, env := range w.p.Roots {
		st, err := evidence.ParseStatement(env.Payload)
		if err != nil {
			return err
		}
		r, err := evidence.DecodeRoot(st)
		if err != nil {
			return err
		}
		if r.Author != w.head.Author || r.Version != i+1 {
			return fault.New(fault.Internal, "nothing was published: trust root %d is version %d of %q", i+1, r.Version, r.Author)
		}
	}
	if len(w.p.Roots) < w.head.RootVersion {
		return fault.New(fault.Internal, "nothing was published: version %d of the trust root is missing", w.head.RootVersion)
	}
	return nil
}

// checkOld compares with what dir holds already.
func (w *publishing) checkOld() error {
	b, err := disk.ReadFile(filepath.Join(w.dir, headPath), maxHeadFile)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	old, _, err := parseHead(b)
	if err != nil {
		return fault.Wrap(err, fault.BadRepository, "%q holds a publication that cannot be read", w.dir).
			Hint("publish to an empty folder, or restore this one")
	}
	h, err := DecodeHead(old.Statement)
	switch {
	case err != nil:
		return fault.Wrap(err, fault.BadRepository, "%q holds a publication that cannot be read", w.dir)
	case h.Author != w.head.Author:
		return fault.New(fault.NotAllowed, "%q holds the publication of %q, not of %q", w.dir, h.Author, w.head.Author)
	case h.Counter > w.head.Counter:
		return fault.New(fault.RolledBack, "%q holds publication %d, which is newer than %d", w.dir, h.Counter, w.head.Counter).
			Hint("this home is older than what it published, such as a restored backup: bring back the newer one")
	case h.Counter == w.head.Counter && old.Envelope.Digest() != w.p.Head.Digest():
		return fault.New(fault.RolledBack, "%q holds another publication with counter %d", w.dir, h.Counter)
	case h.Size > w.p.Size:
		return fault.New(fault.RolledBack, "%q holds %d entries, more than the %d to publish", w.dir, h.Size, w.p.Size)
	}
	root, err := w.tree.root(h.Size)
	if err != nil {
		return err
	}
	if model.Digest(root) != h.Root {
		return fault.New(fault.LogForked, "the first %d entries to publish are not those that %q holds", h.Size, w.dir).
			Hint("do not publish: this home and what it published before have grown apart, and the log keys must not sign both")
	}
	return nil
}

// copies brings artifacts and block files from the home.
func (w *publishing) copies() error {
	for _, part := range [...]struct {
		folder string
		list   []model.Digest
	}{{ArtifactDir, w.p.Artifacts}, {BlockDir, w.p.Blocks}} {
		if err := disk.MakeDir(w.fs, filepath.Join(w.dir, part.folder), dirMode); err != nil {
			return err
		}
		for _, d := range part.list {
			if err := w.copyFile(digestName(part.folder, d), d); err != nil {
				return err
			}
		}
	}
	return nil
}

// copyFile copies one file and checks its digest on the way. A file of that name and length which is
// there already was written whole and is left: readers check digests themselves.
func (w *publishing) copyFile(name string, d model.Digest) error {
	from := filepath.Join(w.p.From, filepath.FromSlash(name))
	src, size, err := openRegular(from)
	if err != nil {
		return err
	}
	defer src.Close() //nolint:errcheck // reading
	to := filepath.Join(w.dir, filepath.FromSlash(name))
	if st, err := os.Lstat(to); err == nil && st.Mode().IsRegular() && st.Size() == size {
		return nil
	}
	return disk.Write(w.fs, to, fileMode, func(out io.Writer) error {
		h := sha256.New()
		if _, err := io.Copy(io.MultiWriter(out, h), &stopReader{w.ctx, src}); err != nil {
			if cerr := w.ctx.Err(); cerr != nil {
				return fault.Wrap(cerr, fault.Interrupted, "copy %q", name)
			}
			return err
		}
		if model.Digest(h.Sum(nil)) != d {
			return fault.New(fault.Damaged, "file %q does not have the bytes that its name says", from)
		}
		return nil
	})
}

// bundles writes entries, envelopes and salts.
func (w *publishing) bundles() error {
	for _, b := range bundles(w.p.Size) {
		part := w.p.Entries[b.n*bundleWidth:][:b.width]
		entries := make([][]byte, len(part))
		var envelopes, salts []byte
		for i, e := range part {
			entries[i] = e.Entry
			envelopes = append(append(envelopes, e.Envelope...), '\n')
			salts = append(salts, e.Salt...)
		}
		if len(envelopes) > maxEnvelopes {
			return fault.New(fault.TooLarge, "the statements of entries %d to %d have %d bytes, more than the %d that a reader takes",
				b.n*bundleWidth, b.n*bundleWidth+int64(b.width)-1, len(envelopes), maxEnvelopes)
		}
		body, err := encodeEntries(entries)
		if err != nil {
			return err
		}
		for _, f := range [...]struct {
			path string
			body []byte
		}{
			{b.path(entriesDir, ""), body},
			{b.path(envelopesDir, envelopesExt), envelopes},
			{b.path(saltsDir, ""), salts},
		} {
			if err := w.write(f.path, f.body); err != nil {
				return err
			}
		}
	}
	return nil
}

// tiles writes the hash tiles of the tree, which tile clients read.
func (w *publishing) tiles() error {
	for _, t := range tlog.NewTiles(tileHeight, 0, w.p.Size) {
		body, err := tlog.ReadTileData(t, &w.tree)
		if err != nil {
			return fmt.Errorf("make tile %s: %w", tilePath(t), err)
		}
		if err := w.write(tilePath(t), body); err != nil {
			return err
		}
	}
	return nil
}

// signed writes what is signed, the head last.
func (w *publishing) signed() error {
	var roots []byte
	for _, r := range w.p.Roots {
		line, err := r.Line()
		if err != nil {
			return err
		}
		roots = append(append(roots, line...), '\n')
	}
	head, err := w.p.Head.Line()
	if err != nil {
		return err
	}
	for _, f := range [...]struct {
		path string
		body []byte
	}{
		{notePath(w.p.Size), w.p.Checkpoint},
		{checkpointPath, w.p.Checkpoint},
		{rootsPath, roots},
		{headPath, append(head, '\n')},
	} {
		if err := w.write(f.path, f.body); err != nil {
			return err
		}
	}
	return nil
}

// write writes one file unless it holds these bytes already.
func (w *publishing) write(name string, body []byte) error {
	if err := w.ctx.Err(); err != nil {
		return fault.Wrap(err, fault.Interrupted, "publish %q", name)
	}
	path := filepath.Join(w.dir, filepath.FromSlash(name))
	if old, err := disk.ReadFile(path, int64(len(body))); err == nil && bytes.Equal(old, body) {
		return nil
	}
	if err := disk.MakeDir(w.fs, filepath.Dir(path), dirMode); err != nil {
		return err
	}
	return disk.WriteFile(w.fs, path, fileMode, body)
}
