// Package evidence is the floor under every room: who said what, signed by which keys, and whether
// that has any effect. It is pure: it reads no file, opens no socket and knows no database.
//
// Most callers need two calls: [Sign] makes an envelope from a statement, and [Roots.Verify] says who
// signed an envelope, whether the policy of the signing role is met, and whether the signer may speak
// with effect about the subjects (see [Authority]). What it cannot verify it refuses with a
// *fault.Error; it never says "verified" because something could not be read.
//
// Statements are in-toto Statement v1 in DSSE envelopes. Foreign bytes are bounded in size, depth and
// count before they are believed; duplicate keys, invalid UTF-8 and trailing bytes are refused.
package evidence
