//! `commonplace-host` as a process of its own.

use crate::DEADLINE;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::LazyLock;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};

/// The program: the one of `COMMONPLACE_HOST`, else built now.
static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
    if let Some(program) = std::env::var_os("COMMONPLACE_HOST") {
        return program.into();
    }
    // Together with this package, so that cargo resolves the same features as for the tests.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let arguments = ["build", "-p", "server", "-p", "tests", "--bin", "commonplace-host"];
    let mut build = std::process::Command::new(cargo);
    // What cargo tells a test of its own package: some build scripts (ring's) would take it for a change, and all be built anew.
    for (name, _) in std::env::vars_os() {
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|start| name.to_string_lossy().starts_with(start)) {
            build.env_remove(name);
        }
    }
    let status = build.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).status();
    assert!(status.is_ok_and(|status| status.success()), "cannot build commonplace-host");
    // target/PROFILE/deps/TEST → target/PROFILE
    let here = std::env::current_exe().unwrap_or_default();
    let profile = here.parent().and_then(Path::parent).unwrap_or(Path::new(".")).to_owned();
    profile.join(format!("commonplace-host{}", std::env::consts::EXE_SUFFIX))
});

/// A running program. Dropping it kills it.
pub struct Program {
    child: Child,
    out: BufReader<ChildStdout>,
    /// The line it printed.
    pub line: String,
}

impl Program {
    /// What the program prints for these arguments, when it ends by itself.
    pub async fn output(arguments: &[&str]) -> std::process::Output {
        Command::new(&*PROGRAM).args(arguments).output().await.unwrap()
    }

    /// Runs `serve` with these arguments and waits for its line.
    pub async fn serve(arguments: &[&str]) -> Self {
        Self::start(Command::new(&*PROGRAM), arguments).await
    }

    /// As [`Program::serve`], with this directory for temporary files.
    pub async fn serve_with_temporary(directory: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(&*PROGRAM);
        command.env("TMPDIR", directory).env("SQLITE_TMPDIR", directory);
        Self::start(command, arguments).await
    }

    /// As [`Program::serve`], from a shell that ignores SIGXFSZ: then a file that becomes too large is an error and no death. What
    /// it logs goes into a file, which is one of those.
    pub async fn serve_limited(log: &Path, arguments: &[&str]) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", r#"trap "" XFSZ; log="$1"; shift; exec "$0" "$@" 2> "$log""#]).arg(&*PROGRAM).arg(log);
        Self::start(shell, arguments).await
    }

    /// As [`Program::serve`]; it logs all there is into this file.
    pub async fn serve_logged(log: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(&*PROGRAM);
        command.stderr(std::fs::File::create(log).unwrap());
        Self::start_logging(command, "trace", arguments).await
    }

    /// As [`Program::serve`], with a small file system of its own mounted on this folder, which nobody else sees: see
    /// [`Program::seen`]. It needs to be root, or a system on which everybody may make namespaces.
    #[cfg(target_os = "linux")]
    pub async fn serve_on_small_disk(folder: &Path, bytes: u64, arguments: &[&str]) -> Self {
        let may = |option: &&str| {
            let done = std::process::Command::new("unshare").args([option, "true"]).stderr(Stdio::null()).status();
            done.is_ok_and(|status| status.success())
        };
        let option =
            ["-m", "-rm"].into_iter().find(may).expect("a mount namespace can be made (as root, or by everybody)");
        let mut shell = Command::new("unshare");
        let mount = format!(r#"mount -t tmpfs -o size={bytes} none "$1" && shift && exec "$0" "$@""#);
        shell.args([option, "sh", "-c", &mount]).arg(&*PROGRAM).arg(folder);
        Self::start(shell, arguments).await
    }

    /// A path as the program sees it.
    #[cfg(target_os = "linux")]
    pub fn seen(&self, path: &Path) -> PathBuf {
        Path::new("/proc").join(self.process().to_string()).join("root").join(path.strip_prefix("/").unwrap_or(path))
    }

    async fn start(command: Command, arguments: &[&str]) -> Self {
        Self::start_logging(command, "info", arguments).await
    }

    async fn start_logging(mut command: Command, what: &str, arguments: &[&str]) -> Self {
        command.arg("serve").args(arguments).env("RUST_LOG", what);
        let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        let read = tokio::time::timeout(DEADLINE, out.read_line(&mut line)).await;
        assert!(read.is_ok() && line.ends_with('\n'), "commonplace-host printed {line:?}");
        Self { child, out, line: line.trim_end().to_owned() }
    }

    /// `address:port` of the first address it printed.
    pub fn authority(&self) -> String {
        self.line.split('/').nth(2).unwrap_or_default().to_owned()
    }

    /// Number of the process.
    pub fn process(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// SIGKILL: it can finish nothing.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// SIGTERM: what else it printed, and whether it ended well.
    pub async fn stop(self) -> (String, bool) {
        self.told("-TERM").await
    }

    /// Ctrl-C: as [`Program::stop`].
    pub async fn interrupt(self) -> (String, bool) {
        self.told("-INT").await
    }

    async fn told(mut self, signal: &str) -> (String, bool) {
        let process = self.child.id().unwrap().to_string();
        let signalled = Command::new("kill").args([signal, &process]).status().await;
        assert!(signalled.is_ok_and(|status| status.success()));
        let ended = tokio::time::timeout(DEADLINE, self.child.wait()).await;
        let mut rest = String::new();
        let _ = self.out.read_to_string(&mut rest).await;
        (rest, ended.is_ok_and(|status| status.is_ok_and(|status| status.success())))
    }
}
