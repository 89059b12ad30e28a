//! Histories: the numbered log of a room, its base and its intent.
//!
//! Not here: what an update means. The room numbers; numbers only rise, and whoever breaks that is refused.

use crate::connection::Fault;
use crate::{Batch, FolderId, History, versions};
use protocol::{BaseAt, BaseRecord, Digest, FileId, Intent, Seq};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Answer to one commit.
pub(crate) type Answer = Outcome<()>;

type Outcome<T> = std::result::Result<T, Fault>;

/// A batch that waits for the next transaction.
pub(crate) struct Waiting {
    pub(crate) folder: FolderId,
    pub(crate) room: String,
    pub(crate) since: u64,
    pub(crate) batch: Batch,
    pub(crate) answer: oneshot::Sender<Answer>,
}

/// Writes all batches in one transaction, in order. One that is refused does not harm the others.
pub(crate) fn commit_all(connection: &mut Connection, batches: Vec<Waiting>) {
    let (verdicts, answers): (Vec<_>, Vec<_>) = match connection.transaction() {
        Ok(mut transaction) => {
            let done: Vec<_> = batches.into_iter().map(|waiting| write_one(&mut transaction, waiting)).collect();
            match transaction.commit() {
                Ok(()) => done.into_iter().unzip(),
                Err(error) => {
                    let fault = Fault::from(error);
                    done.into_iter().map(|(_, answer)| (Err(fault.clone()), answer)).unzip()
                }
            }
        }
        Err(error) => {
            let fault = Fault::from(error);
            batches.into_iter().map(|waiting| (Err(fault.clone()), waiting.answer)).unzip()
        }
    };
    for (verdict, answer) in verdicts.into_iter().zip(answers) {
        answer.send(verdict).ok();
    }
}

fn write_one(transaction: &mut Transaction, waiting: Waiting) -> (Answer, oneshot::Sender<Answer>) {
    let Waiting { folder, room, since, batch, answer } = waiting;
    let verdict = (|| {
        // Some failures, such as a full disk, end the whole transaction.
        if transaction.is_autocommit() {
            return Err(Fault::new("the transaction failed"));
        }
        // A savepoint that is dropped takes back what was written in it.
        let savepoint = transaction.savepoint()?;
        write_batch(&savepoint, folder, &room, since, &batch)?;
        savepoint.commit()?;
        Ok::<_, Fault>(())
    })();
    (verdict, answer)
}

fn write_batch(connection: &Connection, folder: FolderId, room: &str, since: u64, batch: &Batch) -> Outcome<()> {
    connection
        .prepare_cached("INSERT INTO documents (folder, room, since) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")?
        .execute(params![folder.0, room, since as i64])?;
    let document = find(connection, folder, room)?.ok_or_else(|| Fault::new("it could not be begun"))?.0;
    let mut last = last_seq(connection, document)?;
    let mut insert = connection.prepare_cached("INSERT INTO updates (document, seq, bytes) VALUES (?, ?, ?)")?;
    for (seq, bytes) in &batch.append {
        if *seq <= last {
            // Asking again after a failure that did store it is no mistake.
            if bytes_at(connection, document, *seq)?.as_deref() == Some(&bytes[..]) {
                continue;
            }
            return Err(Fault::new(format!("update {seq} comes after update {last}; it was not stored")));
        }
        insert.execute(params![document, *seq as i64, &bytes[..]])?;
        last = *seq;
    }
    if !batch.append.is_empty() {
        connection
            .prepare_cached("UPDATE documents SET edited = max(edited, ?) WHERE id = ?")?
            .execute(params![batch.at as i64, document])?;
    }
    if let Some(base) = &batch.base {
        let (seq, state) = match &base.at {
            BaseAt::Log(seq) => (Some(*seq as i64), None),
            BaseAt::Copy(state) => (None, Some(&state[..])),
        };
        connection
            .prepare_cached("INSERT OR REPLACE INTO bases (document, digest, seq, state) VALUES (?, ?, ?, ?)")?
            .execute(params![document, &base.digest.0[..], seq, state])?;
        set_intent(connection, document, None)?;
    }
    if batch.intent.is_some() {
        set_intent(connection, document, batch.intent)?;
    }
    for (view, Intent { digest, seq }) in &batch.took {
        connection
            .prepare_cached("INSERT OR REPLACE INTO receipts (document, view, digest, seq) VALUES (?, ?, ?, ?)")?
            .execute(params![document, view, &digest.0[..], *seq as i64])?;
    }
    versions::keep(connection, folder, file_of(room), batch.at, &batch.keep)?;
    batch.merges.iter().try_for_each(|merge| versions::remember(connection, document, merge))
}

/// The id of the file that a room is about: the last part of its name.
pub(crate) fn file_of(room: &str) -> &str {
    room.rsplit(':').next().unwrap_or(room)
}

fn set_intent(connection: &Connection, document: i64, intent: Option<Intent>) -> Outcome<()> {
    connection.prepare_cached("UPDATE documents SET intent_digest = ?, intent_seq = ? WHERE id = ?")?.execute(
        params![intent.as_ref().map(|intent| &intent.digest.0[..]), intent.map(|intent| intent.seq as i64), document],
    )?;
    Ok(())
}

/// Whether a room of this file has an intent.
pub(crate) fn is_intended(connection: &Connection, folder: FolderId, file: &FileId) -> Outcome<bool> {
    let mut statement = connection.prepare_cached(
        "SELECT room FROM documents WHERE folder = ? AND intent_seq IS NOT NULL AND room NOT LIKE 'cleared %'",
    )?;
    let rooms = statement.query_map([folder.0], |row| row.get::<_, String>(0))?;
    for room in rooms {
        if file_of(&room?) == file.as_str() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Row of a document: its number, `since`, and the intent.
fn find(connection: &Connection, folder: FolderId, room: &str) -> Outcome<Option<(i64, u64, Option<Intent>)>> {
    let row = connection
        .prepare_cached("SELECT id, since, intent_digest, intent_seq FROM documents WHERE folder = ? AND room = ?")?
        .query_row(params![folder.0, room], |row| {
            let digest: Option<Vec<u8>> = row.get(2)?;
            let seq: Option<i64> = row.get(3)?;
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, digest, seq))
        })
        .optional()?;
    let Some((id, since, digest, seq)) = row else { return Ok(None) };
    let intent = match (digest, seq) {
        (Some(bytes), Some(seq)) => Some(Intent { digest: digest_of(&bytes)?, seq: seq as Seq }),
        _ => None,
    };
    Ok(Some((id, since as u64, intent)))
}

pub(crate) fn digest_of(bytes: &[u8]) -> Outcome<Digest> {
    Digest::from_slice(bytes).ok_or_else(|| Fault::new("a stored digest has not 32 bytes"))
}

fn last_seq(connection: &Connection, document: i64) -> Outcome<Seq> {
    let last: Option<i64> = connection
        .prepare_cached("SELECT max(seq) FROM updates WHERE document = ?")?
        .query_row([document], |row| row.get(0))?;
    Ok(last.unwrap_or(0) as Seq)
}

fn bytes_at(connection: &Connection, document: i64, seq: Seq) -> Outcome<Option<Vec<u8>>> {
    Ok(connection
        .prepare_cached("SELECT bytes FROM updates WHERE document = ? AND seq = ?")?
        .query_row(params![document, seq as i64], |row| row.get(0))
        .optional()?)
}

fn base(connection: &Connection, document: i64) -> Outcome<Option<BaseRecord>> {
    let row = connection
        .prepare_cached("SELECT digest, seq, state FROM bases WHERE document = ?")?
        .query_row([document], |row| {
            let seq: Option<i64> = row.get(1)?;
            let state: Option<Vec<u8>> = row.get(2)?;
            Ok((row.get::<_, Vec<u8>>(0)?, seq, state))
        })
        .optional()?;
    let Some((digest, seq, state)) = row else { return Ok(None) };
    let at = match (seq, state) {
        (Some(seq), _) => BaseAt::Log(seq as Seq),
        (None, Some(state)) => BaseAt::Copy(state.into()),
        (None, None) => return Err(Fault::new("its base has no state")),
    };
    Ok(Some(BaseRecord { digest: digest_of(&digest)?, at }))
}

/// The last text of a view that a room took.
pub(crate) fn taken(connection: &Connection, folder: FolderId, room: &str, view: &str) -> Outcome<Option<Intent>> {
    let Some((document, ..)) = find(connection, folder, room)? else { return Ok(None) };
    let row = connection
        .prepare_cached("SELECT digest, seq FROM receipts WHERE document = ? AND view = ?")?
        .query_row(params![document, view], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?)))
        .optional()?;
    row.map(|(digest, seq)| Ok(Intent { digest: digest_of(&digest)?, seq: seq as Seq })).transpose()
}

/// Everything of one room; empty where there is nothing.
pub(crate) fn read(connection: &Connection, folder: FolderId, room: &str) -> Outcome<History> {
    let Some((document, since, intent)) = find(connection, folder, room)? else { return Ok(History::default()) };
    let mut statement = connection.prepare_cached("SELECT seq, bytes FROM updates WHERE document = ? ORDER BY seq")?;
    let rows = statement.query_map([document], |row| Ok((row.get::<_, i64>(0)? as Seq, row.get::<_, Vec<u8>>(1)?)))?;
    let mut log: Vec<(Seq, Arc<[u8]>)> = Vec::new();
    for row in rows {
        let (seq, bytes) = row?;
        log.push((seq, bytes.into()));
    }
    let (base, merges) = (base(connection, document)?, versions::merges(connection, document)?);
    Ok(History { since, log, base, intent, merges })
}

/// Puts one state in the place of the log up to `seq`. Nothing happens where a base or an intent stands for less of the log:
/// its state could not be made again; nor where the history is another than the one that began in session `since`.
pub(crate) fn compact(
    connection: &Connection,
    folder: FolderId,
    room: &str,
    since: u64,
    (seq, state): (Seq, &[u8]),
) -> Outcome<()> {
    let Some((document, now, intent)) = find(connection, folder, room)? else { return Ok(()) };
    if now != since || intent.is_some_and(|intent| intent.seq < seq) {
        return Ok(());
    }
    if matches!(base(connection, document)?, Some(BaseRecord { at: BaseAt::Log(at), .. }) if at < seq) {
        return Ok(());
    }
    if state.is_empty() {
        return Err(Fault::new("an empty state cannot stand for a log; nothing was removed"));
    }
    let replaced = connection
        .execute("UPDATE updates SET bytes = ? WHERE document = ? AND seq = ?", params![state, document, seq as i64])?;
    if replaced != 1 {
        return Err(Fault::new(format!("its log has no update {seq}; nothing was removed")));
    }
    if bytes_at(connection, document, seq)?.as_deref() != Some(state) {
        return Err(Fault::new("the state reads back differently; nothing was removed"));
    }
    connection.execute("DELETE FROM updates WHERE document = ? AND seq < ?", params![document, seq as i64])?;
    Ok(())
}

/// Rooms with more than one row whose log is older than `before`; from now on it is as old as `now`.
pub(crate) fn take_expired(connection: &Connection, before: u64, now: u64) -> Outcome<Vec<(FolderId, String)>> {
    let mut statement = connection.prepare_cached(
        "UPDATE documents SET edited = ?2
         WHERE edited <= ?1 AND room NOT LIKE 'cleared %'
         AND (SELECT count(*) FROM updates WHERE document = documents.id) > 1
         RETURNING folder, room",
    )?;
    let rows = statement.query_map([before as i64, now as i64], |row| Ok((FolderId(row.get(0)?), row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Gives a history another name, under which no room looks for it.
pub(crate) fn clear(connection: &Connection, folder: FolderId, room: &str) -> Outcome<()> {
    connection.execute(
        "UPDATE documents SET room = 'cleared ' || id || ': ' || room WHERE folder = ? AND room = ?",
        params![folder.0, room],
    )?;
    Ok(())
}
