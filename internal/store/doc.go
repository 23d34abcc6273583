// Package store keeps Cordon's state in SQL: the logs, the archive of statements beside them, rows, the
// projected edges, and what this house holds of others (roots, mirrors, forks).
//
// Most callers need two calls on a [DB]: [DB.Update] for one durable batch and [DB.View] for a snapshot
// that never waits for a writer. Inside, a [Tx] gives one small type for each concern, such as
// [Tx.Log] and [Tx.Archive].
//
// It refuses a database of a newer schema, a file that is not a database, and a write that waits longer
// than five seconds for another process. SQLite today; the queries are written once and portably, and
// package storetest says what another database has to do.
package store
