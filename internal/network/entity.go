package network

import (
	"crypto/sha256"
	"errors"
	"hash"

	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/http"
	"github.com/cordon-trust/cordon/internal/network/inflate"
)

// Bounds of what is decoded. Firmware and packages shrink to a third or a tenth; what grows a hundredfold
// beyond the first megabytes is made to exhaust its readers.
const (
	maxEntities  = 64       // decoders at the same time
	entityFloor  = 16 << 20 // bytes that any entity may have
	entityFactor = 100      // times the bytes as sent that a larger one may have

	decodedFloor  = 1 << 30 // bytes that may be decoded of any capture
	decodedFactor = 16      // times its bytes that may be decoded of a larger one
)

const crowded = "too many objects were being decoded at the same time"

// entity decodes the body of an object and hashes what comes out. Entities are recycled.
type entity struct {
	z      inflate.Reader
	hash   hash.Hash
	object *object
	engine *engine
	sent   int64
	size   int64
	err    error
}

// decoder gives an object a decoder if its coding is one that is decoded and there is one left.
func (e *engine) decoder(o *object, c http.Coding) {
	var f inflate.Format
	switch c {
	case http.Identity:
		return
	case http.Gzip:
		f = inflate.Gzip
	case http.Deflate:
		f = inflate.Deflate
	default:
		o.undecoded = "its content coding is not one that is decoded"
		return
	}
	if len(e.entities) == 0 && e.entitiesMade >= maxEntities {
		e.undecoded++
		o.undecoded = crowded
		return
	}
	var d *entity
	if n := len(e.entities); n > 0 {
		d, e.entities = e.entities[n-1], e.entities[:n-1]
	} else {
		d = &entity{hash: sha256.New(), engine: e}
		e.entitiesMade++
	}
	d.hash.Reset()
	d.object, d.sent, d.size, d.err = o, 0, 0, nil
	d.z.Reset(f, entityFloor, d.took)
	o.entity = d
}

// spare is the coding of an object that is put together, or one that is not decoded when half of the decoders are
// in use: it may keep one to the end of the capture.
func (e *engine) spare(c http.Coding) http.Coding {
	if e.entitiesMade-len(e.entities) >= maxEntities/2 && (c == http.Gzip || c == http.Deflate) {
		e.undecoded++
		return http.Other
	}
	return c
}

// write takes bytes as sent.
func (d *entity) write(b []byte) {
	if d.err != nil {
		return
	}
	d.sent += int64(len(b))
	left := max(0, decodedFloor+decodedFactor*d.engine.bytes-d.engine.decoded)
	d.z.Limit(min(max(entityFloor, d.sent*entityFactor), d.size+left))
	_, d.err = d.z.Write(b)
}

// took takes decoded bytes.
func (d *entity) took(b []byte) {
	_, _ = d.hash.Write(b) // a hash never fails
	d.engine.decoded += int64(len(b))
	d.object.content(d.engine, d.size, b)
	if in := d.object.inner; in != nil {
		in.decoded(b)
	}
	d.size += int64(len(b))
}

// end gives the decoder back, and the object the digest of its entity when that is whole.
func (d *entity) end(whole bool) {
	o := d.object
	switch {
	case whole && d.z.Done():
		d.hash.Sum(o.entityDigest[:0])
	case errors.Is(d.err, inflate.ErrTooLarge):
		d.engine.undecoded++
		o.undecoded = "decoded, it or the capture grows far beyond its size and is not followed"
	case whole:
		o.undecoded = "it cannot be decoded as its content coding says"
	}
	o.entity, d.object = nil, nil
	d.engine.entities = append(d.engine.entities, d)
}

// contentDigest is the digest of what the object is when it is used: of the entity, where it was encoded.
func (o *object) contentDigest() model.Digest {
	if o.coded {
		return o.entityDigest
	}
	return o.digest
}
