//! Calling other programs: announced in one line, bounded in time, and with a log when the output is wanted afterwards.

use crate::project::Outcome;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// One call of one program.
pub(crate) struct Invocation {
    program: PathBuf,
    arguments: Vec<String>,
    folder: PathBuf,
    environment: Vec<(String, PathBuf)>,
    minutes: u32,
}

impl Invocation {
    /// A call of `program` in `folder`, with at most 30 minutes in CI.
    pub(crate) fn new(program: &Path, folder: &Path) -> Invocation {
        Invocation {
            program: program.to_owned(),
            arguments: Vec::new(),
            folder: folder.to_owned(),
            environment: Vec::new(),
            minutes: 30,
        }
    }

    /// Adds arguments.
    pub(crate) fn args<S: AsRef<str>>(mut self, arguments: impl IntoIterator<Item = S>) -> Invocation {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Runs in another folder.
    pub(crate) fn within(mut self, folder: PathBuf) -> Invocation {
        self.folder = folder;
        self
    }

    /// Sets an environment variable, most often to a path.
    pub(crate) fn env(mut self, name: &str, value: impl Into<PathBuf>) -> Invocation {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// Sets the most minutes that it may take in CI; somebody at a terminal has Ctrl-C.
    pub(crate) fn minutes(mut self, minutes: u32) -> Invocation {
        self.minutes = minutes;
        self
    }

    /// The call as one would type it.
    pub(crate) fn line(&self) -> String {
        let program = self.program.file_name().unwrap_or(OsStr::new("?")).to_string_lossy();
        let program = program.strip_suffix(".cmd").or(program.strip_suffix(".exe")).unwrap_or(&program).to_owned();
        [program].into_iter().chain(self.arguments.iter().cloned()).collect::<Vec<_>>().join(" ")
    }

    /// Announces the call, runs it on our own terminal and fails when it fails.
    pub(crate) fn passed(&self) -> Outcome {
        println!("xtask: {}", self.line());
        let status = self.command().status().map_err(|error| self.not_started(&error))?;
        self.judge(status)
    }

    /// Runs the call for what it prints; complaints go to our terminal.
    pub(crate) fn output(&self) -> Outcome<String> {
        let output = self.command().stdin(Stdio::null()).stderr(Stdio::inherit()).output();
        let output = output.map_err(|error| self.not_started(&error))?;
        self.judge(output.status)?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Announces the call and runs it; its output goes to our terminal and to the end of `log`.
    pub(crate) fn logged(&self, log: &Path) -> Outcome {
        println!("xtask: {}", self.line());
        let not_logged = |error: std::io::Error| format!("cannot write {}: {error}", log.display());
        let mut file = File::options().create(true).append(true).open(log).map_err(not_logged)?;
        let mut child = self
            .command()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| self.not_started(&error))?;
        let (sender, receiver) = channel();
        forward(child.stdout.take(), sender.clone());
        forward(child.stderr.take(), sender);

        let mut ended = None;
        loop {
            match receiver.recv_timeout(Duration::from_millis(200)) {
                Ok(line) => {
                    println!("{line}");
                    writeln!(file, "{line}").map_err(not_logged)?;
                }
                // Silence, or both pipes closed: only the program's own end counts, since a process that it left
                // behind may hold the pipes open for ever.
                Err(silence) => {
                    if let Some(status) = ended {
                        return self.judge(status);
                    }
                    ended = child.try_wait().map_err(|error| self.not_started(&error))?;
                    if silence == RecvTimeoutError::Disconnected && ended.is_none() {
                        ended = Some(child.wait().map_err(|error| self.not_started(&error))?);
                    }
                }
            }
        }
    }

    fn judge(&self, status: ExitStatus) -> Outcome {
        match status.code() {
            Some(0) => Ok(()),
            Some(124) if in_ci() => Err(format!("`{}` took more than {} minutes", self.line(), self.minutes)),
            _ => Err(format!("`{}` ended with {status}", self.line())),
        }
    }

    fn command(&self) -> Command {
        let mut command = if in_ci() && cfg!(unix) {
            let mut command = Command::new("timeout");
            command.arg("--kill-after=20").arg(format!("{}m", self.minutes)).arg(&self.program);
            command
        } else {
            Command::new(&self.program)
        };
        command.args(&self.arguments).current_dir(&self.folder).envs(self.environment.iter().cloned());
        command
    }

    fn not_started(&self, error: &std::io::Error) -> String {
        format!("cannot run {}: {error}", self.program.display())
    }
}

/// Whether nobody is watching: then calls are bounded in time and may not ask questions.
pub(crate) fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}

/// What a program prints, if it is there and succeeds.
pub(crate) fn answer(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Sends what comes out of a pipe on, line by line, from a thread of its own until the pipe closes.
fn forward(pipe: Option<impl Read + Send + 'static>, lines: Sender<String>) {
    let Some(pipe) = pipe else { return };
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            if lines.send(String::from_utf8_lossy(&line).trim_end().to_owned()).is_err() {
                return;
            }
        }
    });
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Invocation {
        Invocation::new(Path::new("sh"), Path::new("/")).args(["-c", script])
    }

    fn log(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("commonplace-xtask-{}-{name}.log", std::process::id()))
    }

    fn kept(log: &Path) -> String {
        let text = std::fs::read_to_string(log).unwrap_or_default();
        let _ = std::fs::remove_file(log);
        text
    }

    #[test]
    fn setup_2_the_output_of_a_step_is_kept_and_its_failure_seen() {
        let log = log("kept");
        assert_eq!(shell("echo one; echo two >&2").logged(&log), Ok(()));
        let failed = shell("echo three; exit 7").logged(&log);
        assert!(failed.is_err_and(|message| message.contains("exit status: 7")));
        let kept = kept(&log);
        assert!(kept.contains("two") && kept.ends_with("three\n"), "{kept}");
    }

    #[test]
    fn setup_2_a_process_left_behind_does_not_hold_a_step_up() {
        let log = log("orphan");
        let begun = std::time::Instant::now();
        assert_eq!(shell("sleep 60 & echo $!").logged(&log), Ok(()));
        assert!(begun.elapsed() < Duration::from_secs(30));
        let orphan = kept(&log);
        assert!(answer("kill", &[orphan.trim()]).is_some(), "the orphan {orphan:?} was not there");
    }
}
