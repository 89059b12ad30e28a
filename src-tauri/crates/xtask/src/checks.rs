//! `cargo xtask test`: every check that CI runs, in an order in which each step finds what it needs.

use crate::closing;
use crate::invocation::Invocation;
use crate::project::{self, NPM, Outcome, Project};
use crate::tools::cargo;
use crate::{notices, python, system, ui};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// One check: what it is called, and what it does; its output goes to the log.
struct Step {
    name: &'static str,
    work: fn(&Project, &Path) -> Outcome,
}

/// The interface is built before Rust compiles, because shell and server embed it.
const STEPS: &[Step] = &[
    Step { name: "setup", work: |project, _| setup(project) },
    Step { name: "fmt", work: |project, log| cargo(project, &["fmt", "--all", "--check"]).minutes(2).logged(log) },
    Step { name: "ui-types", work: |project, log| script(project, "check").logged(log) },
    Step { name: "ui-lint", work: |project, log| script(project, "lint").logged(log) },
    Step { name: "ui-test", work: |project, log| script(project, "test").logged(log) },
    Step { name: "ui-build", work: |project, _| ui::build(project) },
    Step { name: "clippy", work: clippy },
    Step { name: "rust", work: rust },
    Step { name: "licenses", work: licenses },
    Step { name: "interop", work: interop },
    Step { name: "e2e", work: e2e },
];

/// Runs the named steps, or all, up to the first that fails, and sums up.
pub(crate) fn test(project: &Project, names: &[String]) -> Outcome {
    if let Some(unknown) = names.iter().find(|name| !STEPS.iter().any(|step| step.name == *name)) {
        let known: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        return Err(format!("there is no step `{unknown}`; the steps are: {}", known.join(" ")));
    }
    let chosen: Vec<&Step> =
        STEPS.iter().filter(|step| names.is_empty() || names.iter().any(|name| name == step.name)).collect();
    let logs = project.target("xtask/logs");
    std::fs::create_dir_all(&logs).map_err(|error| format!("cannot make {}: {error}", logs.display()))?;

    let begun = Instant::now();
    let mut report = Vec::new();
    let mut failure = None;
    for (number, step) in chosen.iter().enumerate() {
        println!("\n== {} of {}: {}", number + 1, chosen.len(), step.name);
        let log = logs.join(format!("{}.log", step.name));
        let _ = std::fs::remove_file(&log);
        let step_begun = Instant::now();
        let outcome = (step.work)(project, &log);
        let mark = if outcome.is_ok() { "ok    " } else { "FAILED" };
        report.push(format!("{mark} {:<10} {}", step.name, clock(step_begun.elapsed())));
        let output = std::fs::read_to_string(&log).unwrap_or_default();
        report.extend(closing::lines(&output).map(|line| format!("           {line}")));
        if let Err(message) = outcome {
            failure = Some(format!("step {} failed: {message} (output: {})", step.name, log.display()));
            break;
        }
    }
    println!("\n== summary\n{}", report.join("\n"));
    let left = chosen.len() - report.iter().filter(|line| !line.starts_with(' ')).count();
    println!("{} of {} steps, {} in all", chosen.len() - left, chosen.len(), clock(begun.elapsed()));
    failure.map_or(Ok(()), Err)
}

/// Everything that has to be on the machine.
fn setup(project: &Project) -> Outcome {
    project::require_rust_components()?;
    project::require_node()?;
    project::require_python()?;
    system::provide(system::BUILD)?;
    system::provide(system::TEST)?;
    ui::packages(project, "ui")
}

/// A script of `ui/package.json`.
fn script(project: &Project, name: &str) -> Invocation {
    ui::npm(project, "ui", &["run", name]).minutes(5)
}

fn clippy(project: &Project, log: &Path) -> Outcome {
    cargo(project, &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]).logged(log)
}

/// The programs that tests here and in the steps after this one start, and all Rust tests.
fn rust(project: &Project, log: &Path) -> Outcome {
    cargo(project, &["build", "--workspace"]).logged(log)?;
    programs(project, cargo(project, &["test", "--workspace", "--no-fail-fast"])).logged(log)
}

/// The torture test, or the simulation, for as long as one likes (one minute, unless said otherwise), from a seed that is
/// printed.
pub(crate) fn torture(project: &Project, arguments: &[String]) -> Outcome {
    let now = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
    let (mut minutes, mut seed) = (1, now.map_or(1, |now| now.as_secs() % 1_000_000));
    let simulated = |name: &&String| *name == "--simulation";
    let simulation = arguments.iter().any(|name| simulated(&name));
    let mut rest = arguments.iter().filter(|name| !simulated(name));
    while let Some(name) = rest.next() {
        let value = rest.next().and_then(|value| value.parse().ok());
        match (name.as_str(), value) {
            ("--minutes", Some(value)) => minutes = value,
            ("--seed", Some(value)) => seed = value,
            _ => return Err("expected `--minutes N`, `--seed N` or `--simulation`".to_owned()),
        }
    }
    println!("xtask: {minutes} minutes, from seed {seed}");
    let limit = u32::try_from(minutes).unwrap_or(u32::MAX).saturating_add(10);
    if simulation {
        return cargo(
            project,
            &["test", "--package", "tests", "--test", "simulation", "--", "double_nothing", "--nocapture"],
        )
        .env("SIM_MINUTES", minutes.to_string())
        .env("SIM_FROM", seed.to_string())
        .minutes(limit)
        .passed();
    }
    cargo(project, &["build", "--package", "server", "--package", "tests", "--bin", "commonplace-host"]).passed()?;
    let test = cargo(project, &["test", "--package", "tests", "--test", "torture", "--", "store_60", "--nocapture"]);
    programs(project, test)
        .env("TORTURE_MINUTES", minutes.to_string())
        .env("TORTURE_SEED", seed.to_string())
        .minutes(limit)
        .passed()
}

/// Licences, banned crates and sources; known vulnerabilities need the internet and are not looked up here. And what
/// others wrote has to be nameable with its licence.
fn licenses(project: &Project, log: &Path) -> Outcome {
    let program = tool(project, "cargo-deny", "^0.20", &["--no-default-features"])?;
    project.invoke(program).args(["check", "licenses", "bans", "sources"]).minutes(5).logged(log)?;
    notices::write(project).map(drop)
}

/// How much of the code the Rust tests run, line by line and in sum. It is a figure to look at, not a check.
pub(crate) fn coverage(project: &Project) -> Outcome {
    let program = tool(project, "cargo-llvm-cov", "^0.9", &[])?;
    let measured = project
        .invoke(program)
        .args(["llvm-cov", "test", "--no-fail-fast", "--ignore-filename-regex", "xtask|/tests/"])
        .env("CARGO_LLVM_COV_SETUP", "yes");
    programs(project, measured).minutes(60).passed()
}

/// A program of cargo's that is built once, under `target/tools`.
fn tool(project: &Project, name: &str, version: &str, options: &[&str]) -> Outcome<PathBuf> {
    let root = project.target(&format!("tools/{}", name.trim_start_matches("cargo-")));
    let program = root.join("bin").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if !program.exists() {
        let (place, build) = (root.to_string_lossy(), root.join("build"));
        // Compiled without optimisation: it runs for a second, and costs most while it is built.
        cargo(project, &["install", name, "--version", version, "--locked", "--debug"])
            .args(options)
            .args(["--root", &place, "--target-dir", &build.to_string_lossy()])
            .passed()?;
        let _ = std::fs::remove_dir_all(build);
    }
    Ok(program)
}

/// Clients that nobody here wrote, against the headless host.
fn interop(project: &Project, log: &Path) -> Outcome {
    let python = python::environment(project)?;
    let upstream = python::upstream(project)?;
    ui::packages(project, "tests")?;
    let call = project
        .invoke(python)
        .args(["-m", "pytest", "tests/interop", "-p", "no:cacheprovider"])
        .env("COMMONPLACE_UPSTREAM", upstream.sources)
        .env("COMMONPLACE_UPSTREAM_PYTHON", upstream.python);
    programs(project, call).minutes(15).logged(log)
}

/// Browsers and the real window.
fn e2e(project: &Project, log: &Path) -> Outcome {
    // JupyterLab is served from where the Python tests have it.
    python::environment(project)?;
    ui::packages(project, "tests")?;
    let call = project.invoke(NPM).within(project.path("tests")).args(["run", "e2e"]);
    programs(project, call).minutes(15).logged(log)
}

/// Tells tests where the programs are and where screenshots go.
fn programs(project: &Project, call: Invocation) -> Invocation {
    call.env("COMMONPLACE_JUPYTERLAB", project.target("venv"))
        .env("COMMONPLACE_HOST", project.program("commonplace-host"))
        .env("COMMONPLACE_APP", project.program("commonplace"))
        .env("COMMONPLACE_SCREENSHOTS", project.target("screenshots"))
        .env("COMMONPLACE_CHROMIUM", system::chromium().unwrap_or_else(|| "chromium".into()))
}

/// A duration for people.
fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    format!("{}:{:02} min", seconds / 60, seconds % 60)
}
