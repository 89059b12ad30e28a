-- Bytes that a file had, or a document in its place. Equal bytes of one file are there once.
CREATE TABLE contents (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    folder INTEGER NOT NULL REFERENCES folders (id),
    file   TEXT NOT NULL,
    digest BLOB NOT NULL,
    size   INTEGER NOT NULL,
    UNIQUE (folder, file, digest)
);
-- They are in pieces, numbered from 0, so that large ones are neither written nor read in one go.
CREATE TABLE pieces (
    content INTEGER NOT NULL REFERENCES contents (id) ON DELETE CASCADE,
    part    INTEGER NOT NULL,
    bytes   BLOB NOT NULL,
    PRIMARY KEY (content, part)
);
-- Of a file's versions at most one is its checkpoint.
CREATE TABLE versions (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    content INTEGER NOT NULL REFERENCES contents (id),
    time    INTEGER NOT NULL,
    why     TEXT NOT NULL
);
CREATE INDEX versions_by_content ON versions (content);
