-- What a file held when somebody asked for a checkpoint: one for each file.
CREATE TABLE checkpoints (
    folder INTEGER NOT NULL REFERENCES folders (id),
    file   TEXT NOT NULL,
    time   INTEGER NOT NULL,
    bytes  BLOB NOT NULL,
    PRIMARY KEY (folder, file)
);
