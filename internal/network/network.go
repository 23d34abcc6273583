// Package network reads captured traffic and carves out of it every object that crossed the wire: who
// fetched it from whom, under which name, how long it was, and the digest of its bytes.
//
// Most callers need [Watch]: it reads one capture and hands each object, in the order of the capture, to
// a [Sink]. Reading is passive and streaming; memory is bounded whatever the capture holds, and what had
// to be given up is counted in the [Summary]. The package never guesses: an object with missing bytes is
// incomplete and has no digest, and one that rests on disputed or unchecked bytes says so. It refuses
// input that is not a capture. It never runs what it carves, and keeps neither queries, credentials nor
// bodies; a [Saver] may keep carved code.
package network

import (
	"context"
	"errors"
	"io"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/capture"
)

// Sink takes what was seen. An error stops the reading and is returned as it is.
type Sink interface {
	Transfer(model.Transfer) error
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

// Watch reads the capture r, which errors call name, to its end. A capture that is cut short or damaged
// is reported up to there: the summary says Truncated and the error is a fault CutCapture. Other faults
// are BadCapture, ReadFailed, Interrupted when ctx ends, and Usage for options that cannot work.
func Watch(ctx context.Context, r io.Reader, name string, opt Options, sink Sink) (Summary, error) {
	if err := opt.valid(); err != nil {
		return Summary{}, err
	}
	rd, err := capture.Open(r)
	if err != nil {
		return Summary{}, inFile(err, name)
	}
	e := newEngine(opt, sink)
	rd.Recycle = e.table.Detach
	var p capture.Packet
	for n := 1; ; n++ {
		if err = rd.Next(&p); err != nil {
			break
		}
		e.packet(&p)
		if e.err != nil || n%checkEvery == 0 && ctx.Err() != nil {
			break
		}
	}
	e.finish()
	switch {
	case e.err != nil:
		return e.summary(), e.err
	case ctx.Err() != nil:
		return e.summary(), fault.Wrap(ctx.Err(), fault.Interrupted, "reading of capture %q stopped after %d packets", name, rd.Records())
	case errors.Is(err, io.EOF):
		return e.summary(), nil
	}
	s := e.summary()
	s.Truncated = true
	return s, inFile(err, name)
}

// inFile adds the name of the capture to a fault and keeps its code and hint.
func inFile(err error, name string) error {
	f := fault.Wrap(err, fault.CodeOf(err), "%q", name)
	if hint := fault.HintOf(err); hint != "" {
		return f.Hint("%s", hint)
	}
	return f
}
