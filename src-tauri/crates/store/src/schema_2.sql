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
