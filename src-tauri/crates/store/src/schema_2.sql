-- Bytes that something else took the place of. Equal bytes of one document are there once.
CREATE TABLE contents (
    document INTEGER NOT NULL REFERENCES documents (id),
    digest   BLOB NOT NULL,
    bytes    BLOB NOT NULL,
    PRIMARY KEY (document, digest)
);
CREATE TABLE versions (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    document INTEGER NOT NULL,
    time     INTEGER NOT NULL,
    why      TEXT NOT NULL,
    size     INTEGER NOT NULL,
    digest   BLOB NOT NULL,
    FOREIGN KEY (document, digest) REFERENCES contents (document, digest)
);
CREATE INDEX versions_by_document ON versions (document, id);
-- The newest merges, as people are told of them.
CREATE TABLE merges (
    document INTEGER NOT NULL REFERENCES documents (id),
    id       INTEGER NOT NULL,
    merge    TEXT NOT NULL,
    PRIMARY KEY (document, id)
);
-- The last text of each view that a primary took: written with the update that it made.
CREATE TABLE receipts (
    document INTEGER NOT NULL REFERENCES documents (id),
    view     TEXT NOT NULL,
    digest   BLOB NOT NULL,
    seq      INTEGER NOT NULL,
    PRIMARY KEY (document, view)
);
