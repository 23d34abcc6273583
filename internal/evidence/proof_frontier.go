package evidence

import "golang.org/x/mod/sumdb/tlog"

// Frontier computes the root of a log from its leaves, one by one, in memory that grows with the
// logarithm of their number (the right edge of an RFC 6962 tree). The zero value is the empty tree. It
// is for one goroutine.
type Frontier struct {
	size int64
	// nodes are the roots of the complete subtrees, largest first; owned by the caller's goroutine.
	nodes []tlog.Hash
}

// Add appends one leaf hash.
func (f *Frontier) Add(leaf tlog.Hash) {
	f.nodes = append(f.nodes, leaf)
	for n := f.size; n&1 == 1; n >>= 1 {
		last := len(f.nodes) - 1
		f.nodes[last-1] = tlog.NodeHash(f.nodes[last-1], f.nodes[last])
		f.nodes = f.nodes[:last]
	}
	f.size++
}

// Size returns the number of leaves.
func (f *Frontier) Size() int64 { return f.size }

// Root returns the root over the leaves so far.
func (f *Frontier) Root() tlog.Hash {
	if f.size == 0 {
		return EmptyRoot()
	}
	root := f.nodes[len(f.nodes)-1]
	for i := len(f.nodes) - 2; i >= 0; i-- {
		root = tlog.NodeHash(f.nodes[i], root)
	}
	return root
}
