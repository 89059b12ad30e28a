//! Versions of a file that are kept, its checkpoint among them, and merges that are remembered.
//!
//! Which versions stay is a rule of their times, sizes and reasons ([`superfluous`], pure). Versions go only in the transaction
//! that adds one, or when somebody forgets one. Their bytes are kept in pieces: the store has one connection, and nobody
//! is to wait for it while a large file goes through.

use crate::FolderId;
use crate::connection::Fault;
use crate::history::digest_of;
use protocol::notice::MOST_MERGES;
use protocol::{Digest, DiskContent, FileId, Kept, Merge, Version, Why};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::HashSet;

type Outcome<T> = std::result::Result<T, Fault>;

/// The newest versions that stay whatever their times are.
const NEWEST: usize = 20;
/// Of merges, the newest sides that stay whatever their times are: both of twenty.
const SIDES: usize = 40;
/// Bytes that the versions of one file may have all together.
const MOST_BYTES: u64 = 64 << 20;
/// The newest versions that stay whatever their sizes are.
const SPARED: usize = 5;

/// Bytes of a piece.
const PIECE: usize = 1 << 20;

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// What decides whether a version stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    id: i64,
    /// As it is shown; people set that clock.
    time: u64,
    /// By a clock that nobody sets: tells its age.
    kept: u64,
    /// It is one side of a merge.
    side: bool,
    size: u64,
    digest: Digest,
}

/// Versions that need not be kept any more. `entries`: the newest first.
///
/// Kept are the newest 20, both sides of the newest 20 merges, and of the rest the first of each minute of the last hour, of each
/// hour of the last day, and of each day. If they have more than 64 MB all together, the oldest go, but never the newest 5
/// nor the sides of the newest merge.
fn superfluous(entries: &[Entry]) -> Vec<i64> {
    let now = entries.first().map_or(0, |newest| newest.kept);
    let mut sides = 0;
    let mut doomed = HashSet::new();
    let mut spared = HashSet::new();
    let mut spans: Vec<((u64, u64), i64)> = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        sides += usize::from(entry.side);
        if at < SPARED || (entry.side && sides <= 2) {
            spared.insert(entry.id);
        }
        if at < NEWEST || (entry.side && sides <= SIDES) {
            continue;
        }
        let span = match now.saturating_sub(entry.kept) {
            0..HOUR => MINUTE,
            HOUR..DAY => HOUR,
            _ => DAY,
        };
        let span = (span, entry.time / span);
        // An older one in the same span takes the place of a newer: which one stays does not change as time goes on.
        match spans.last_mut() {
            Some((last, id)) if *last == span => {
                doomed.insert(std::mem::replace(id, entry.id));
            }
            _ => spans.push((span, entry.id)),
        }
    }
    let (mut bytes, mut counted) = (0, HashSet::new());
    for entry in entries.iter().filter(|entry| !doomed.contains(&entry.id)).collect::<Vec<_>>() {
        bytes += if counted.insert(entry.digest) { entry.size } else { 0 };
        if bytes > MOST_BYTES && !spared.contains(&entry.id) {
            doomed.insert(entry.id);
        }
    }
    entries.iter().map(|entry| entry.id).filter(|id| doomed.contains(id)).collect()
}

/// Keeps versions, and removes those that need not be kept any more. The same bytes again are no new version; a checkpoint is
/// counted with none of this, and takes the place of the one before. `now`: milliseconds of a clock that nobody sets.
pub(crate) fn keep(connection: &Connection, folder: FolderId, file: &str, now: u64, kept: &[Kept]) -> Outcome<()> {
    if kept.is_empty() {
        return Ok(());
    }
    let mut entries = entries(connection, folder, file)?;
    let mut doomed = Vec::new();
    for Kept { time, why, content } in kept {
        let side = matches!(why, Why::Here | Why::Disk);
        if *why == Why::Checkpoint {
            doomed.extend(checkpoint(connection, folder, file)?);
        } else if let Some(newest) = entries.first_mut().filter(|newest| newest.digest == content.digest) {
            // A merge needs it longer than what it was kept for before.
            if side && !newest.side {
                newest.side = true;
                connection
                    .prepare_cached("UPDATE versions SET why = ? WHERE id = ?")?
                    .execute(params![why.as_str(), newest.id])?;
            }
            continue;
        }
        let number = loop {
            if let Some(number) = write_next(connection, folder, file, content)? {
                break number;
            }
        };
        let id = connection
            .prepare_cached("INSERT INTO versions (content, time, kept, why) VALUES (?, ?, ?, ?)")?
            .insert(params![number, *time as i64, now as i64, why.as_str()])?;
        if *why != Why::Checkpoint {
            let size = content.bytes.len() as u64;
            entries.insert(0, Entry { id, time: *time, kept: now, side, size, digest: content.digest });
        }
    }
    doomed.extend(superfluous(&entries));
    remove(connection, folder, file, &doomed)
}

/// Removes versions, and bytes that no other has.
fn remove(connection: &Connection, folder: FolderId, file: &str, doomed: &[i64]) -> Outcome<()> {
    for id in doomed {
        connection.prepare_cached("DELETE FROM versions WHERE id = ?")?.execute([id])?;
    }
    if !doomed.is_empty() {
        connection
            .prepare_cached(
                "DELETE FROM contents WHERE folder = ? AND file = ? AND id NOT IN (SELECT content FROM versions)",
            )?
            .execute(params![folder.0, file])?;
    }
    Ok(())
}

/// Removes bytes that a crash left without a version.
pub(crate) fn tidy(connection: &Connection) -> Outcome<()> {
    connection.execute("DELETE FROM contents WHERE id NOT IN (SELECT content FROM versions)", [])?;
    Ok(())
}

/// The pieces that a content is kept in.
pub(crate) fn pieces(bytes: &[u8]) -> std::slice::Chunks<'_, u8> {
    bytes.chunks(PIECE)
}

/// Writes the first piece that is not there yet. Answers the content's number once it is whole.
pub(crate) fn write_next(
    connection: &Connection,
    folder: FolderId,
    file: &str,
    content: &DiskContent,
) -> Outcome<Option<i64>> {
    let DiskContent { bytes, digest } = content;
    connection
        .prepare_cached("INSERT INTO contents (folder, file, digest, size) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")?
        .execute(params![folder.0, file, &digest.0[..], bytes.len() as i64])?;
    let number: i64 = connection
        .prepare_cached("SELECT id FROM contents WHERE folder = ? AND file = ? AND digest = ?")?
        .query_row(params![folder.0, file, &digest.0[..]], |row| row.get(0))?;
    let there: i64 = connection
        .prepare_cached("SELECT count(*) FROM pieces WHERE content = ?")?
        .query_row([number], |row| row.get(0))?;
    let mut rest = pieces(bytes).skip(usize::try_from(there).unwrap_or(usize::MAX));
    if let Some(piece) = rest.next() {
        connection
            .prepare_cached("INSERT INTO pieces (content, part, bytes) VALUES (?, ?, ?)")?
            .execute(params![number, there, piece])?;
    }
    Ok(rest.next().is_none().then_some(number))
}

/// Of one file, without its checkpoint, the newest first.
fn entries(connection: &Connection, folder: FolderId, file: &str) -> Outcome<Vec<Entry>> {
    let mut statement = connection.prepare_cached(
        "SELECT versions.id, time, kept, why IN ('here', 'disk'), size, digest
         FROM versions JOIN contents ON contents.id = content
         WHERE folder = ? AND file = ? AND why <> 'checkpoint' ORDER BY versions.id DESC",
    )?;
    let rows = statement.query_map(params![folder.0, file], |row| {
        let [time, kept, size] = [row.get::<_, i64>(1)?, row.get(2)?, row.get(4)?].map(|number| number as u64);
        Ok(((row.get(0)?, time, kept, row.get(3)?, size), row.get::<_, Vec<u8>>(5)?))
    })?;
    let mut entries = Vec::new();
    for row in rows {
        let ((id, time, kept, side, size), digest) = row?;
        entries.push(Entry { id, time, kept, side, size, digest: digest_of(&digest)? });
    }
    Ok(entries)
}

/// The checkpoint of a file, if it has one.
fn checkpoint(connection: &Connection, folder: FolderId, file: &str) -> Outcome<Option<i64>> {
    let mut statement = connection.prepare_cached(
        "SELECT versions.id FROM versions JOIN contents ON contents.id = content
         WHERE folder = ? AND file = ? AND why = 'checkpoint'",
    )?;
    Ok(statement.query_row(params![folder.0, file], |row| row.get(0)).optional()?)
}

/// Versions of one file, the newest first.
pub(crate) fn list(connection: &Connection, folder: FolderId, file: &FileId) -> Outcome<Vec<Version>> {
    let mut statement = connection.prepare_cached(
        "SELECT versions.id, time, why, size, digest FROM versions JOIN contents ON contents.id = content
         WHERE folder = ? AND file = ? ORDER BY versions.id DESC",
    )?;
    let mut rows = statement.query(params![folder.0, file.as_str()])?;
    let mut versions = Vec::new();
    while let Some(row) = rows.next()? {
        versions.extend(version(row)?);
    }
    Ok(versions)
}

/// One version of a file, and the number of its content.
pub(crate) fn find(
    connection: &Connection,
    folder: FolderId,
    file: &FileId,
    id: u64,
) -> Outcome<Option<(Version, i64)>> {
    let mut statement = connection.prepare_cached(
        "SELECT versions.id, time, why, size, digest, content FROM versions JOIN contents ON contents.id = content
         WHERE folder = ? AND file = ? AND versions.id = ?",
    )?;
    let mut rows = statement.query(params![folder.0, file.as_str(), id as i64])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let Some(version) = version(row)? else { return Ok(None) };
    Ok(Some((version, row.get(5)?)))
}

/// One piece of a content; `None` after the last.
pub(crate) fn piece(connection: &Connection, content: i64, part: i64) -> Outcome<Option<Vec<u8>>> {
    let mut statement = connection.prepare_cached("SELECT bytes FROM pieces WHERE content = ? AND part = ?")?;
    Ok(statement.query_row([content, part], |row| row.get(0)).optional()?)
}

/// Forgets a version; whether it was there.
pub(crate) fn forget(connection: &Connection, folder: FolderId, file: &FileId, id: u64) -> Outcome<bool> {
    let found = find(connection, folder, file, id)?.is_some();
    if found {
        remove(connection, folder, file.as_str(), &[id as i64])?;
    }
    Ok(found)
}

/// A row of [`list`]; `None` for a reason of another version of this program.
fn version(row: &Row<'_>) -> Outcome<Option<Version>> {
    let why: String = row.get(2)?;
    let Some(why) = Why::ALL.into_iter().find(|known| known.as_str() == why) else { return Ok(None) };
    let digest = digest_of(&row.get::<_, Vec<u8>>(4)?)?.to_hex();
    let [id, time, size] = [row.get::<_, i64>(0)?, row.get(1)?, row.get(3)?].map(|number| number as u64);
    Ok(Some(Version { id, time, why, size, digest }))
}

/// Remembers a merge, and forgets those that are too long ago.
pub(crate) fn remember(connection: &Connection, document: i64, merge: &Merge) -> Outcome<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO merges (document, id, merge) VALUES (?, ?, ?)")?
        .execute(params![document, merge.id as i64, serde_json::to_string(merge)?])?;
    connection
        .prepare_cached(
            "DELETE FROM merges WHERE document = ?1
             AND id NOT IN (SELECT id FROM merges WHERE document = ?1 ORDER BY id DESC LIMIT ?2)",
        )?
        .execute(params![document, MOST_MERGES as i64])?;
    Ok(())
}

/// The remembered merges of a document, the oldest first.
pub(crate) fn merges(connection: &Connection, document: i64) -> Outcome<Vec<Merge>> {
    let mut statement = connection.prepare_cached("SELECT merge FROM merges WHERE document = ? ORDER BY id")?;
    let rows = statement.query_map([document], |row| row.get::<_, String>(0))?;
    let mut merges = Vec::new();
    for row in rows {
        match serde_json::from_str(&row?) {
            Ok(merge) => merges.push(merge),
            // Words of another version: better not told than no document.
            Err(error) => tracing::warn!("a merge cannot be read: {error}"),
        }
    }
    Ok(merges)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000 * DAY;

    /// Versions of these ages, the newest first, each of its own bytes; `id` is the position from the end.
    fn entries(ages: &[u64], side: impl Fn(usize) -> bool, size: u64) -> Vec<Entry> {
        let entry = |(at, age): (usize, &u64)| {
            let id = (ages.len() - at) as i64;
            let (time, digest) = (NOW - age, Digest::of(&id.to_le_bytes()));
            Entry { id, time, kept: time, side: side(at), size, digest }
        };
        ages.iter().enumerate().map(entry).collect()
    }

    fn left(entries: &[Entry]) -> Vec<Entry> {
        let doomed = superfluous(entries);
        entries.iter().filter(|entry| !doomed.contains(&entry.id)).copied().collect()
    }

    #[test]
    fn store_70_versions_are_thinned_with_age() {
        // One every ten seconds for two days.
        let ages: Vec<u64> = (0..2 * DAY / (10 * SECOND)).map(|at| at * 10 * SECOND).collect();
        let kept = left(&entries(&ages, |_| false, 1));
        let young = |entry: &&Entry| NOW - entry.time < HOUR;
        assert_eq!(kept.iter().take(NEWEST).map(|entry| NOW - entry.time).collect::<Vec<_>>(), ages[..NEWEST]);
        assert_eq!(kept.iter().skip(NEWEST).filter(young).count(), 60 - 3, "one a minute");
        assert_eq!(kept.iter().filter(|entry| (HOUR..DAY).contains(&(NOW - entry.time))).count(), 24, "one an hour");
        assert_eq!(kept.iter().filter(|entry| NOW - entry.time >= DAY).count(), 2, "one a day");
    }

    #[test]
    fn store_70_which_version_of_a_span_stays_does_not_depend_on_when_it_is_asked() {
        let ages: Vec<u64> = (0..500).map(|at| at * 37 * SECOND).collect();
        let all = entries(&ages, |_| false, 1);
        // One after another, thinned each time, against all at once.
        let mut now: Vec<Entry> = Vec::new();
        for entry in all.iter().rev() {
            now.insert(0, *entry);
            now = left(&now);
        }
        assert_eq!(now, left(&all));
    }

    #[test]
    fn store_125_a_clock_that_was_set_thins_no_versions_before_their_time() {
        const YEAR: u64 = 365 * DAY;
        let ages: Vec<u64> = (0..60).map(|at| at * MINUTE).collect();
        for set in [NOW + YEAR, NOW - YEAR, 0] {
            // All but the newest are of before the clock was set.
            let mut all = entries(&ages, |_| false, 1);
            all[0].time = set;
            assert_eq!(left(&all), all);
            // Those of after it, too.
            all[..30].iter_mut().for_each(|entry| entry.time = set + entry.kept - (NOW - 30 * MINUTE));
            assert_eq!(left(&all), all);
        }
    }

    #[test]
    fn store_71_sides_of_merges_stay_longer() {
        let ages: Vec<u64> = (0..400).map(|at| at * SECOND).collect();
        let kept = left(&entries(&ages, |at| at >= 100, 1));
        assert_eq!(kept.iter().filter(|entry| entry.side).count(), SIDES + 5, "and one a minute");
    }

    #[test]
    fn store_72_large_versions_are_bounded() {
        let size = MOST_BYTES / 10;
        let kept =
            |sides: fn(usize) -> bool, size| left(&entries(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], sides, size));
        assert_eq!(kept(|_| false, size).len(), 10);
        // What is too large for the limit stays if it is new, or of the newest merge.
        assert_eq!(kept(|_| false, MOST_BYTES).len(), SPARED);
        assert_eq!(kept(|at| at > 6, MOST_BYTES).len(), SPARED + 2);
        // Equal bytes count once.
        let mut same = entries(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], |_| false, size);
        same.iter_mut().for_each(|entry| entry.digest = Digest::of(b"same"));
        assert!(superfluous(&same).is_empty());
    }

    #[test]
    fn store_112_pieces_of_a_version_that_a_crash_cut_short_are_removed_or_made_use_of() {
        let mut connection = Connection::open_in_memory().unwrap();
        crate::migrations::run(&mut connection, &crate::migrations::STEPS).unwrap();
        connection.execute_batch("INSERT INTO folders VALUES (1, '/a', 'a', 's', 0, 0)").unwrap();
        let content = DiskContent::new(vec![7; 2 * PIECE + 1]);
        let write = |connection: &Connection| write_next(connection, FolderId(1), "f", &content).unwrap();
        let there = |connection: &Connection| {
            let count = "SELECT (SELECT count(*) FROM contents) + (SELECT count(*) FROM pieces)";
            connection.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap()
        };
        assert_eq!(write(&connection), None);
        assert_eq!(there(&connection), 2);
        connection.execute_batch("PRAGMA foreign_keys = 1").unwrap();
        tidy(&connection).unwrap();
        assert_eq!(there(&connection), 0);
        assert_eq!(write(&connection), None);
        let kept = Kept { time: 1, why: Why::Saved, content: content.clone() };
        keep(&connection, FolderId(1), "f", 1, &[kept]).unwrap();
        tidy(&connection).unwrap();
        assert_eq!(there(&connection), 1 + 3);
        assert!(write(&connection).is_some(), "nothing is left to write");
    }
}
