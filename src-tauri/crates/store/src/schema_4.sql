-- Who may come into a folder: links, guests, API tokens and remembered devices, each as JSON. Of secrets only digests are here.
CREATE TABLE access (
    folder INTEGER NOT NULL REFERENCES folders (id),
    kind   TEXT NOT NULL,
    id     TEXT NOT NULL,
    row    TEXT NOT NULL,
    PRIMARY KEY (folder, kind, id)
);
INSERT INTO access (folder, kind, id, row)
    SELECT folder, 'guest', json_extract(user, '$.username'),
           json_object('token', lower(hex(token)), 'user', json(user), 'role', json(role), 'link', lower(hex(link)))
    FROM guests ORDER BY rowid;
DROP TABLE guests;
-- Secrets of folders that are not in the list open nothing; the others become links when their folder is opened next.
UPDATE folders SET secret = '' WHERE removed = 1;
