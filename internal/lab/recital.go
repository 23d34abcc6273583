package lab

// recital is a connection whose two sides say what is written down.
type recital struct {
	lines  []Line
	done   int   // bytes of the first line that were taken
	failed error // why it ended early
}

var _ source = (*recital)(nil)

func (r *recital) fail(err error) { r.failed = err }

func (r *recital) take(buf []byte) (taken, error) {
	if r.failed != nil {
		return taken{}, r.failed
	}
	for len(r.lines) > 0 && len(r.lines[0].Data) == r.done {
		r.lines, r.done = r.lines[1:], 0
	}
	if len(r.lines) == 0 {
		return taken{over: true}, nil
	}
	side := device
	if r.lines[0].Server {
		side = server
	}
	n := copy(buf, r.lines[0].Data[r.done:])
	r.done += n
	return taken{side: side, data: buf[:n], last: r.done == len(r.lines[0].Data)}, nil
}

// oneOf reports whether exactly one of its arguments holds.
func oneOf(all ...bool) bool {
	n := 0
	for _, is := range all {
		if is {
			n++
		}
	}
	return n == 1
}
