//! The schema, step by step. A step that was released is never edited; a change is a new step at the end.
//!
//! `PRAGMA user_version` counts the steps a file has been through; each runs in a transaction of its own.

use crate::connection::Fault;
use rusqlite::Connection;

/// Step n brings a file from version n to n + 1.
pub(crate) const STEPS: [&str; 6] = [
    include_str!("schema_1.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
    include_str!("schema_5.sql"),
    include_str!("schema_6.sql"),
];

/// Brings a file to the newest version; refuses one that a newer program made.
pub(crate) fn run(connection: &mut Connection, steps: &[&str]) -> Result<(), Fault> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let done = match usize::try_from(version) {
        Ok(done) if done <= steps.len() => done,
        _ => {
            return Err(Fault::new(format!(
                "it was made by a newer Commonplace (its schema is {version}, this one knows {}); use that one",
                steps.len()
            )));
        }
    };
    for (number, step) in steps.iter().enumerate().skip(done) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.execute_batch(&format!("PRAGMA user_version = {}", number + 1))?;
        transaction.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(connection: &Connection) -> i64 {
        connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn every_version_arrives_at_the_newest_with_its_content() {
        for from in 0..=STEPS.len() {
            let mut connection = Connection::open_in_memory().unwrap();
            run(&mut connection, &STEPS[..from]).unwrap();
            assert_eq!(version(&connection), from as i64);
            if from > 0 {
                connection.execute("INSERT INTO settings (key, value) VALUES ('name', 'Ada')", []).unwrap();
            }
            run(&mut connection, &STEPS).unwrap();
            assert_eq!(version(&connection), STEPS.len() as i64);
            let kept: i64 = connection.query_row("SELECT count(*) FROM settings", [], |row| row.get(0)).unwrap();
            assert_eq!(kept, i64::from(from > 0));
        }
    }

    /// Digests of the steps that were released, in the order of `STEPS`. Only lines at the end are ever added.
    const RELEASED: [&str; 1] = ["29a3a7f689cacd308dbcb58ff786070600d0f8ffea381c6d2716cf390643a231"];

    #[test]
    fn store_92_a_released_step_is_as_it_was_released() {
        for (number, (step, released)) in STEPS.iter().zip(RELEASED).enumerate() {
            let digest = protocol::Digest::of(step.replace("\r\n", "\n").as_bytes());
            assert_eq!(
                digest.to_hex(),
                released,
                "step {} was edited; files of users have been through it",
                number + 1
            );
        }
    }

    #[test]
    fn a_step_that_fails_leaves_the_version_before_it() {
        let mut connection = Connection::open_in_memory().unwrap();
        let broken = "CREATE TABLE half (x); INSERT INTO nowhere VALUES (1);";
        assert!(run(&mut connection, &[STEPS[0], broken]).is_err());
        assert_eq!(version(&connection), 1);
        assert!(connection.prepare("SELECT * FROM half").is_err());
    }
}
