// Package ledger keeps append-only Merkle logs of evidence over a store: it appends and signs, proves
// inclusion and consistency, and verifies what is stored from the first entry to the last checkpoint.
//
// Most callers need two calls: [Writer.Append], inside the caller's transaction and one signed
// checkpoint for all items together, and [Log.Verify]. The hashing is RFC 6962, the tiles are those of
// C2SP tlog-tiles (height 8), the checkpoints C2SP tlog-checkpoint with Ed25519 and ML-DSA-44.
//
// It refuses to sign on top of a tree that does not match its own last checkpoint, and it never takes a
// missing entry, tile or envelope for an erased one. One database can hold several logs; each is known
// by its origin.
package ledger
