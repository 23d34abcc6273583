// Package network reads captured traffic and carves out of it every object that crossed the wire: who
// fetched it from whom, under which name, how long it was, and the digest of its bytes.
//
// Most callers need [WatchAll] or, for one capture, [Watch]: they hand each object, in the order of the
// capture, to a [Sink], and at the end who was seen to a [SightingSink]. Reading is passive and streaming; memory is bounded whatever the capture holds, and what had
// to be given up is counted in the [Summary]. The package never guesses: an object with missing bytes is
// incomplete and has no digest, and one that rests on disputed or unchecked bytes says so. It refuses
// input that is not a capture. It never runs what it carves, and keeps neither queries, credentials nor
// bodies; a [Saver] may keep carved code.
package network

import (
	"context"
	"io"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// Sink takes what was seen. An error stops the reading and is returned as it is.
type Sink interface {
	// Transfer takes one object. What it points to is valid during the call only.
	Transfer(*model.Transfer) error
}

// Options adjust a [Watch]. The zero value is usable.
type Options struct {
	// AllObjects hands every object to the sink. Otherwise only those that look like code, firmware,
	// archives, configuration or models by their first bytes, name or size.
	AllObjects bool
	// Keep is asked for objects that AllObjects would add, so that what matches a release is never
	// filtered out, and for encrypted sessions that may have carried an update; nil keeps none of them.
	Keep func(*model.Transfer) bool
	// Site and Realm name the address space in device subjects; "main" and "-".
	Site, Realm string
	// Sessions hands a row about every connection to a sink that is a [SessionSink].
	Sessions bool
	// Saver keeps carved code; nil keeps nothing.
	Saver Saver
	// Spool is the folder for temporary files, which have no name, of ranges that arrive out of order, at
	// most 1 GiB in all; the system's folder for such files.
	Spool string
	// Connections is how many connections are followed at the same time; 32,768.
	Connections int
}

const (
	defaultConnections = 32 << 10
	maxConnections     = 1 << 20
)

// valid fills in defaults and refuses what cannot work.
func (o *Options) valid() error {
	if o.Site == "" {
		o.Site = "main"
	}
	if o.Realm == "" {
		o.Realm = "-"
	}
	if o.Connections == 0 {
		o.Connections = defaultConnections
	}
	if o.Connections < 1 || o.Connections > maxConnections {
		return fault.New(fault.Usage, "the number of connections must lie between 1 and %d, not %d", maxConnections, o.Connections)
	}
	return nil
}

// checkEvery is how many records are read between looks at the context.
const checkEvery = 2048

// Watch reads the capture r, which errors call name, to its end; see [WatchAll] for what it returns.
func Watch(ctx context.Context, r io.Reader, name string, opt Options, sink Sink) (Summary, error) {
	return WatchAll(ctx, []Source{{Name: name, Once: true, Open: func() (io.ReadCloser, error) { return io.NopCloser(r), nil }}}, opt, sink)
}

// inFile adds the name of the capture to a fault and keeps its code and hint.
func inFile(err error, name string) error {
	f := fault.Wrap(err, fault.CodeOf(err), "%q", name)
	if hint := fault.HintOf(err); hint != "" {
		return f.Hint("%s", hint)
	}
	return f
}
