package network

import (
	"github.com/cordon-trust/cordon/internal/network/flow"
	"github.com/cordon-trust/cordon/internal/network/http"
	"github.com/cordon-trust/cordon/internal/network/tftp"
)

var _ tftp.Consumer = (*letters)(nil)

// letters are the files that cross in datagrams.
type letters struct {
	engine  *engine
	objects map[*tftp.Transfer]*object
}

// datagram takes one UDP datagram.
func (e *engine) datagram(g *flow.Datagram) {
	e.table.Repeated(g)
	if !e.tftp.Wants(g) {
		e.learn(g)
		return
	}
	if ok, unchecked := e.table.Believe(g); ok {
		e.tftp.Add(g, unchecked)
	}
}

// Begin announces a file.
func (l *letters) Begin(x *tftp.Transfer) {
	e := l.engine
	if e.live >= maxObjects {
		e.unfollowed++
		return
	}
	e.live++
	o := e.object()
	o.begin(e, &http.Message{Time: x.Time, Request: x.Write, Name: x.Name, Declared: x.Size, First: -1, Whole: -1})
	o.protocol = "tftp"
	l.objects[x] = o
}

// Body takes bytes of a file.
func (l *letters) Body(x *tftp.Transfer, off int64, b []byte) {
	if o := l.objects[x]; o != nil && len(b) > 0 {
		o.write(l.engine, off, b)
	}
}

// Done hands a file on.
func (l *letters) Done(x *tftp.Transfer) {
	o := l.objects[x]
	if o == nil {
		return
	}
	delete(l.objects, x)
	if x.Text || x.Unsure {
		o.dropBlocks(l.engine) // offsets here may not be offsets in the file
	}
	o.end(l.engine, &http.Message{
		Name: x.Name, Seen: x.Seen, Missing: x.Missing, First: -1, Whole: -1, Complete: x.Complete, Unchecked: x.Unchecked,
	})
	o.ambiguous, o.uncompared = x.Ambiguous, x.Uncompared
	if x.Text {
		o.extra = append(o.extra, "it was sent as text (netascii): line ends may differ from the file's")
	}
	switch {
	case x.Failed:
		o.extra = append(o.extra, "one side broke the transfer off")
	case !x.Complete && x.Missing == 0:
		o.extra = append(o.extra, "its last block was not seen, or is not certain")
	}
	from, to := x.Server, x.Client
	if x.Write {
		from, to = to, from
	}
	party := l.engine.device(to.Addr())
	l.engine.emit(o, &party, from.String())
}
