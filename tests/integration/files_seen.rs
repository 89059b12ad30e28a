//! What the tests about files look at: `state`, the events of the host, and a real git.

use protocol::{Action, Digest, Level};
use std::process::Command;
use tests::{Seen, TestClient, TestHost, until};
use yrs::{Any, Map, Out, Transact};

/// A text in the document's `state`, or what is there instead.
pub(crate) fn state(seen: &Seen, key: &str) -> String {
    let state = seen.doc.get_or_insert_map("state");
    match state.get(&seen.doc.transact(), key) {
        Some(Out::Any(Any::String(text))) => text.to_string(),
        other => format!("{other:?}"),
    }
}

/// Whether `state` says that the file lacks something.
pub(crate) fn dirty(seen: &Seen) -> bool {
    let state = seen.doc.get_or_insert_map("state");
    matches!(state.get(&seen.doc.transact(), "dirty"), Some(Out::Any(Any::Bool(true))))
}

/// Waits until `state` has this path and the hash of exactly these bytes, which are on disk.
pub(crate) async fn stated(client: &TestClient, path: &str, bytes: &[u8]) {
    let hash = Digest::of(bytes).to_hex();
    let what = format!("state says {path} and the hash of its bytes");
    client.until(&what, |seen| state(seen, "path") == path && state(seen, "hash") == hash && !dirty(seen)).await;
}

/// How often something of this kind was told, from a level on.
pub(crate) async fn told(host: &TestHost, action: Action, from: Level) -> usize {
    let events = host.host.recent_events(10_000).await.unwrap();
    events.iter().filter(|it| it.event.action == action && it.event.level >= from).count()
}

/// How many deletions were told.
pub(crate) async fn deleted(host: &TestHost) -> usize {
    told(host, Action::Delete, Level::Debug).await
}

/// Waits until something of this kind was told this often.
pub(crate) async fn until_told(host: &TestHost, action: Action, from: Level, count: usize) {
    until(&format!("{action:?} is told {count} times"), async || told(host, action, from).await == count).await;
}

/// Runs git in the folder, deaf to the machine's settings.
pub(crate) fn git(host: &TestHost, arguments: &[&str]) {
    let mut git = Command::new("git");
    git.current_dir(host.path("")).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    git.args(["-c", "user.name=Ana", "-c", "user.email=ana@example.org", "-c", "commit.gpgsign=false"]);
    let done = git.args(arguments).output().unwrap();
    assert!(done.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// Runs a test as somebody whom permissions hold back: as root nothing would be refused. Only this thread and those that it
/// starts change, and with them the host, which starts on it.
#[cfg(target_os = "linux")]
pub(crate) fn unprivileged<F: Future<Output = ()>>(test: impl FnOnce() -> F + Send + 'static) {
    use rustix::process::{Gid, Uid};
    let thread = std::thread::spawn(|| {
        if rustix::process::getuid().is_root() {
            let (group, user) = (Gid::from_raw(65_534), Uid::from_raw(65_534));
            rustix::thread::set_thread_groups(&[]).unwrap();
            rustix::thread::set_thread_res_gid(group, group, group).unwrap();
            rustix::thread::set_thread_res_uid(user, user, user).unwrap();
        }
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test());
    });
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}
