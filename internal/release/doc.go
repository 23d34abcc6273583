// Package release answers what a maker signed and whether bytes are what was signed. It measures files,
// reads and writes the statements about releases, publishes them as a directory that any static web
// server can serve, fetches such a directory, and gives the verdicts.
//
// Most callers need [Book.Judge], the only place that gives a verdict, and [Sync], which fetches what a
// maker published and believes none of it before its signatures, its log and its sizes were checked.
//
// It refuses a statement whose body and subjects disagree, a version that is used twice, a counter that
// does not grow, a repository that shows an older state than one seen before, and one in which any file
// differs from what the signed head leads to. "Verified" means that the publisher's keys signed these
// bytes; it does not mean that they are safe.
package release
