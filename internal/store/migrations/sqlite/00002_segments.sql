-- +goose Up
-- Rows of batches lie many in one segment, in the form of evidence.AppendRow.
CREATE TABLE segments (
    id         INTEGER PRIMARY KEY,
    batch      BLOB NOT NULL,    -- digest of the statement over the batch
    place      INTEGER NOT NULL, -- of the first row in the batch
    held       INTEGER NOT NULL, -- rows that are not erased
    expires_at TEXT NOT NULL,
    data       BLOB NOT NULL
);
CREATE UNIQUE INDEX segments_by_batch ON segments (batch, place);
CREATE INDEX segments_by_expiry ON segments (expires_at) WHERE held > 0 AND expires_at <> '';

-- What the rows of a batch can be found by: sorted keys of 8 bytes. Apart, so that looking reads no segment.
CREATE TABLE batch_keys (
    id    INTEGER PRIMARY KEY,
    batch BLOB NOT NULL UNIQUE,
    keys  BLOB NOT NULL
);

INSERT INTO segments (batch, place, held, expires_at, data)
SELECT batch, place, salt IS NOT NULL, expires_at,
    CASE WHEN salt IS NULL THEN CAST(digest || x'00' AS BLOB)
    ELSE CAST(digest || x'01' || salt || unhex(printf('%08x', length(CAST(body AS BLOB)))) || COALESCE(body, x'') AS BLOB) END
FROM batch_rows ORDER BY batch, place;
DROP TABLE batch_rows;

-- Findings that held once. They are derived; this keeps those that no longer hold.
CREATE TABLE findings (
    id        BLOB PRIMARY KEY,
    closed_at TEXT NOT NULL, -- '' while open
    body      BLOB NOT NULL
);
