-- Times are RFC 3339 in UTC with nine digits of fraction, so that they sort as text; '' is none.
-- Subjects and digests are written as package model prints them, digests as their 32 bytes.

-- +goose Up
CREATE TABLE logs (
    id     INTEGER PRIMARY KEY,
    origin TEXT NOT NULL UNIQUE
);

CREATE TABLE entries (
    log       INTEGER NOT NULL REFERENCES logs (id),
    seq       INTEGER NOT NULL,
    statement BLOB NOT NULL,
    salt      BLOB, -- NULL once erased
    entry     BLOB NOT NULL,
    PRIMARY KEY (log, seq)
);
CREATE INDEX entries_by_statement ON entries (statement, log, seq);

-- C2SP tlog-tiles of height 8; the last of a level is rewritten until it is full.
CREATE TABLE tiles (
    log   INTEGER NOT NULL REFERENCES logs (id),
    level INTEGER NOT NULL,
    place INTEGER NOT NULL,
    data  BLOB NOT NULL,
    PRIMARY KEY (log, level, place)
);

CREATE TABLE checkpoints (
    log  INTEGER NOT NULL REFERENCES logs (id),
    size INTEGER NOT NULL,
    note BLOB NOT NULL,
    PRIMARY KEY (log, size)
);

CREATE TABLE statements (
    id             INTEGER PRIMARY KEY, -- in the order in which they were first held
    digest         BLOB NOT NULL UNIQUE,
    payload_type   TEXT NOT NULL,
    predicate_type TEXT NOT NULL,
    author         TEXT NOT NULL,
    role           TEXT NOT NULL,
    effect         TEXT NOT NULL,
    held_at        TEXT NOT NULL,
    erased_at      TEXT NOT NULL,
    retracted_at   TEXT NOT NULL,
    retracted_by   BLOB,
    envelope       BLOB -- NULL once erased
);
CREATE INDEX statements_by_predicate ON statements (predicate_type, id);

CREATE TABLE statement_subjects (
    statement INTEGER NOT NULL REFERENCES statements (id),
    place     INTEGER NOT NULL,
    subject   TEXT NOT NULL,
    PRIMARY KEY (statement, place)
);
CREATE INDEX statement_subjects_by_subject ON statement_subjects (subject, statement);

CREATE TABLE batch_rows (
    batch      BLOB NOT NULL, -- digest of the statement over the batch
    place      INTEGER NOT NULL,
    digest     BLOB NOT NULL,
    salt       BLOB, -- NULL once erased
    body       BLOB, -- NULL once erased
    expires_at TEXT NOT NULL,
    PRIMARY KEY (batch, place)
);
CREATE INDEX batch_rows_by_expiry ON batch_rows (expires_at) WHERE salt IS NOT NULL;

CREATE TABLE edges (
    id         INTEGER PRIMARY KEY,
    statement  BLOB NOT NULL,
    source     TEXT NOT NULL,
    relation   TEXT NOT NULL,
    target     TEXT NOT NULL,
    harm       TEXT NOT NULL,
    known      TEXT NOT NULL,
    since      TEXT NOT NULL,
    until      TEXT NOT NULL,
    control    TEXT NOT NULL,
    author     TEXT NOT NULL,
    claim      INTEGER NOT NULL
);
CREATE INDEX edges_by_statement ON edges (statement);

CREATE TABLE roots (
    org          TEXT NOT NULL,
    version      INTEGER NOT NULL,
    statement    BLOB NOT NULL,
    confirmed_at TEXT NOT NULL,
    PRIMARY KEY (org, version)
);

CREATE TABLE mirrors (
    publisher    TEXT PRIMARY KEY,
    origin       TEXT NOT NULL,
    counter      INTEGER NOT NULL,
    size         INTEGER NOT NULL,
    note         BLOB NOT NULL,
    root_version INTEGER NOT NULL,
    issued       TEXT NOT NULL,
    expires      TEXT NOT NULL,
    synced_at    TEXT NOT NULL,
    location     TEXT NOT NULL
);

CREATE TABLE forks (
    id       INTEGER PRIMARY KEY,
    org      TEXT NOT NULL,
    a        BLOB NOT NULL,
    b        BLOB NOT NULL,
    found_at TEXT NOT NULL
);

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
);
