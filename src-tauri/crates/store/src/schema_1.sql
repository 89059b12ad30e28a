CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
CREATE TABLE folders (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    path     TEXT NOT NULL UNIQUE,
    slug     TEXT NOT NULL,
    secret   TEXT NOT NULL,
    position INTEGER NOT NULL,
    removed  INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX folders_by_slug ON folders (slug) WHERE removed = 0;
CREATE TABLE sessions (
    folder INTEGER NOT NULL REFERENCES folders (id),
    number INTEGER NOT NULL,
    id     TEXT NOT NULL,
    PRIMARY KEY (folder, number),
    UNIQUE (folder, id)
);
CREATE TABLE files (
    folder  INTEGER NOT NULL REFERENCES folders (id),
    id      TEXT NOT NULL,
    path    TEXT NOT NULL,
    device  INTEGER,
    inode   INTEGER,
    size    INTEGER NOT NULL,
    digest  BLOB,
    missing INTEGER NOT NULL,
    PRIMARY KEY (folder, id)
);
-- Numbers that are unsigned in the program (device, inode, size) are kept bit by bit.
CREATE TABLE documents (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    folder        INTEGER NOT NULL REFERENCES folders (id),
    room          TEXT NOT NULL,
    since         INTEGER NOT NULL,
    intent_digest BLOB,
    intent_seq    INTEGER,
    UNIQUE (folder, room)
);
CREATE TABLE updates (
    document INTEGER NOT NULL REFERENCES documents (id),
    seq      INTEGER NOT NULL,
    bytes    BLOB NOT NULL,
    PRIMARY KEY (document, seq)
);
-- The state of a base is either the log up to `seq` or the copy in `state`.
CREATE TABLE bases (
    document INTEGER PRIMARY KEY REFERENCES documents (id),
    digest   BLOB NOT NULL,
    seq      INTEGER,
    state    BLOB,
    CHECK ((seq IS NULL) <> (state IS NULL))
);
CREATE TABLE guests (
    folder INTEGER NOT NULL REFERENCES folders (id),
    token  BLOB NOT NULL,
    user   TEXT NOT NULL,
    role   TEXT NOT NULL,
    link   BLOB NOT NULL,
    PRIMARY KEY (folder, token)
);
CREATE TABLE events (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    time   INTEGER NOT NULL,
    folder TEXT NOT NULL,
    event  TEXT NOT NULL
);
