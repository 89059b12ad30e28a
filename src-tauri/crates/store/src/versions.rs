//! Versions of a file that are kept, and merges that are remembered.
//!
//! Which versions stay is a rule of their times, sizes and reasons ([`superfluous`], pure). Versions go only in the transaction
//! that adds one.

use crate::FolderId;
use crate::connection::Fault;
use crate::history::digest_of;
use protocol::notice::MOST_MERGES;
use protocol::{Digest, DiskContent, FileId, Kept, Merge, Version, Why};
use rusqlite::{Connection, Row, params};
use std::collections::HashSet;

type Outcome<T> = std::result::Result<T, Fault>;

/// The newest versions that stay whatever their times are.
const NEWEST: usize = 20;
/// Of merges, the newest sides that stay whatever their times are: both of twenty.
const SIDES: usize = 40;
/// Bytes that the versions of one document may have all together.
const MOST_BYTES: u64 = 64 << 20;
/// The newest versions that stay whatever their sizes are.
const SPARED: usize = 5;

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// What decides whether a version stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    id: i64,
    time: u64,
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
    let now = entries.first().map_or(0, |newest| newest.time);
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
        let span = match now.saturating_sub(entry.time) {
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

/// Keeps versions, and removes those that need not be kept any more. The same bytes again are no new version.
pub(crate) fn keep(connection: &Connection, document: i64, kept: &[Kept]) -> Outcome<()> {
    if kept.is_empty() {
        return Ok(());
    }
    let mut entries = entries(connection, document)?;
    let before = entries.len();
    for Kept { time, why, content } in kept {
        let DiskContent { bytes, digest } = content;
        if entries.first().is_some_and(|newest| newest.digest == *digest) {
            continue;
        }
        connection
            .prepare_cached("INSERT INTO contents (document, digest, bytes) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")?
            .execute(params![document, &digest.0[..], &bytes[..]])?;
        let id = connection
            .prepare_cached("INSERT INTO versions (document, time, why, size, digest) VALUES (?, ?, ?, ?, ?)")?
            .insert(params![document, *time as i64, why.as_str(), bytes.len() as i64, &digest.0[..]])?;
        let side = matches!(why, Why::Here | Why::Disk);
        entries.insert(0, Entry { id, time: *time, side, size: bytes.len() as u64, digest: *digest });
    }
    if entries.len() == before {
        return Ok(());
    }
    let doomed = superfluous(&entries);
    for id in &doomed {
        connection.prepare_cached("DELETE FROM versions WHERE id = ?")?.execute([id])?;
    }
    if !doomed.is_empty() {
        connection
            .prepare_cached(
                "DELETE FROM contents WHERE document = ?1
                 AND digest NOT IN (SELECT digest FROM versions WHERE document = ?1)",
            )?
            .execute([document])?;
    }
    Ok(())
}

/// Of one document, the newest first.
fn entries(connection: &Connection, document: i64) -> Outcome<Vec<Entry>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, time, why IN ('here', 'disk'), size, digest FROM versions WHERE document = ? ORDER BY id DESC",
    )?;
    let rows = statement.query_map([document], |row| {
        let entry = (row.get(0)?, row.get::<_, i64>(1)? as u64, row.get(2)?, row.get::<_, i64>(3)? as u64);
        Ok((entry, row.get::<_, Vec<u8>>(4)?))
    })?;
    let mut entries = Vec::new();
    for row in rows {
        let ((id, time, side, size), digest) = row?;
        entries.push(Entry { id, time, side, size, digest: digest_of(&digest)? });
    }
    Ok(entries)
}

/// Documents of one file, whatever its rooms are called, histories that were laid aside included.
const OF_FILE: &str = "document IN (SELECT id FROM documents
    WHERE folder = ?1 AND substr(room, -length(?2) - 1) = ':' || ?2)";

/// Versions of one file, the newest first.
pub(crate) fn list(connection: &Connection, folder: FolderId, file: &FileId) -> Outcome<Vec<Version>> {
    let sql = format!("SELECT id, time, why, size, digest FROM versions WHERE {OF_FILE} ORDER BY id DESC");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![folder.0, file.as_str()])?;
    let mut versions = Vec::new();
    while let Some(row) = rows.next()? {
        versions.extend(version(row)?);
    }
    Ok(versions)
}

/// One version of a file, with its bytes.
pub(crate) fn get(
    connection: &Connection,
    folder: FolderId,
    file: &FileId,
    id: u64,
) -> Outcome<Option<(Version, Vec<u8>)>> {
    let sql = format!(
        "SELECT id, time, why, size, digest, bytes FROM versions JOIN contents USING (document, digest)
         WHERE id = ?3 AND {OF_FILE}"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![folder.0, file.as_str(), id as i64])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let Some(version) = version(row)? else { return Ok(None) };
    Ok(Some((version, row.get(5)?)))
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
            Entry { id, time: NOW - age, side: side(at), size, digest: Digest::of(&id.to_le_bytes()) }
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
}
