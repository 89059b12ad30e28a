//! System packages: what has to be on the machine, under which name each system has it, and how to get it.
//!
//! Nothing is looked for by a distribution's name: a library is there when pkg-config finds it, a program when it is
//! on the path. The distribution matters only for what a missing thing is called.

use crate::invocation::{Invocation, answer};
use crate::project::{Outcome, PYTHON_COMMAND};
use std::path::{Path, PathBuf};

/// One thing that must be there, and the package that has it.
pub(crate) struct Need {
    probe: Probe,
    debian: &'static str,
    fedora: &'static str,
    arch: &'static str,
}

enum Probe {
    /// One of these programs is on the path.
    Program(&'static [&'static str]),
    /// pkg-config knows this library.
    Library(&'static str),
    /// Python has these modules.
    Modules(&'static str),
}

use Probe::{Library, Modules, Program};

const fn need(probe: Probe, debian: &'static str, fedora: &'static str, arch: &'static str) -> Need {
    Need { probe, debian, fedora, arch }
}

/// What the shell needs to compile and to run.
pub(crate) const BUILD: &[Need] = &[
    need(Program(&["cc"]), "gcc", "gcc", "gcc"),
    need(Program(&["pkg-config"]), "pkg-config", "pkgconf-pkg-config", "pkgconf"),
    need(Library("webkit2gtk-4.1"), "libwebkit2gtk-4.1-dev", "webkit2gtk4.1-devel", "webkit2gtk-4.1"),
];

/// What the tests need besides: the window and the browser without a screen, and the foreign clients.
pub(crate) const TEST: &[Need] = &[
    need(Program(&["Xvfb"]), "xvfb", "xorg-x11-server-Xvfb", "xorg-server-xvfb"),
    need(Program(&["WebKitWebDriver"]), "webkit2gtk-driver", "webkit2gtk-driver", "webkit2gtk-4.1"),
    need(Program(&CHROMIUM), "chromium", "chromium", "chromium"),
    need(Program(&["dbus-daemon"]), "dbus-daemon", "dbus-daemon", "dbus"),
    need(Program(&["dbus-monitor"]), "dbus-bin", "dbus-tools", "dbus"),
    need(Program(&["ip"]), "iproute2", "iproute", "iproute2"),
    need(Modules("venv, ensurepip"), "python3-venv", "python3", "python"),
];

/// Names under which a Chromium may be on the path.
const CHROMIUM: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// The browser for the tests, if there is one: where it is, for what does not look it up itself.
pub(crate) fn chromium() -> Option<PathBuf> {
    CHROMIUM.into_iter().find_map(found)
}

/// Sees to it that everything needed is there: installs it where that may be done without asking, else fails with the
/// line to run. On macOS and Windows the compiler that Rust needs anyway is enough.
pub(crate) fn provide(needs: &[Need]) -> Outcome {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let missing: Vec<&Need> = needs.iter().filter(|need| !need.is_there()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let Some(family) = Family::of(&release) else {
        let names: Vec<&str> = missing.iter().map(|need| need.debian).collect();
        return Err(format!("system packages are missing (under Debian's names): {}", names.join(" ")));
    };
    let line = format!("sudo {}", family.install(&missing).join(" "));
    let elevate = match family {
        Family::Debian => without_password(),
        Family::Fedora | Family::Arch => None,
    };
    let Some(elevate) = elevate else {
        return Err(format!("system packages are missing; run: {line}"));
    };
    // The list of packages may be missing or old; if it cannot be renewed, installing will say what is wrong.
    let update = ["apt-get", "update", "-qq"].map(str::to_owned);
    let _ = elevated(&elevate, &update).minutes(5).passed();
    elevated(&elevate, &family.install(&missing))
        .minutes(15)
        .passed()
        .map_err(|error| format!("{error}; run: {line}"))?;
    match needs.iter().find(|need| !need.is_there()) {
        Some(still) => Err(format!("{} was installed, and what it is for is still missing", still.debian)),
        None => Ok(()),
    }
}

impl Need {
    fn is_there(&self) -> bool {
        match &self.probe {
            Program(names) => names.iter().any(|name| on_path(name)),
            Library(module) => answer("pkg-config", &["--exists", module]).is_some(),
            Modules(names) => answer(PYTHON_COMMAND, &["-c", &format!("import {names}")]).is_some(),
        }
    }
}

/// Systems that share package names and a package tool.
#[derive(Debug, PartialEq, Clone, Copy)]
enum Family {
    Debian,
    Fedora,
    Arch,
}

impl Family {
    /// From the text of `/etc/os-release`.
    fn of(release: &str) -> Option<Family> {
        let ids = release.lines().filter_map(|line| line.strip_prefix("ID=").or(line.strip_prefix("ID_LIKE=")));
        let ids: Vec<&str> = ids.flat_map(|ids| ids.trim_matches('"').split_whitespace()).collect();
        [("debian", Family::Debian), ("ubuntu", Family::Debian), ("fedora", Family::Fedora), ("arch", Family::Arch)]
            .into_iter()
            .find(|(id, _)| ids.contains(id))
            .map(|(_, family)| family)
    }

    /// The command that installs what is missing.
    fn install(self, missing: &[&Need]) -> Vec<String> {
        let (tool, name): (&str, fn(&Need) -> &'static str) = match self {
            // Another apt-get may be at work: wait for its lock instead of failing at once.
            Family::Debian => {
                ("apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=600", |need| need.debian)
            }
            Family::Fedora => ("dnf install -y", |need| need.fedora),
            Family::Arch => ("pacman -S --needed", |need| need.arch),
        };
        tool.split(' ').map(str::to_owned).chain(missing.iter().map(|need| name(need).to_owned())).collect()
    }
}

/// What to put before a command so that it runs as root without anybody being asked, if that is possible.
fn without_password() -> Option<Vec<String>> {
    let root = answer("id", &["-u"]).is_some_and(|id| id.trim() == "0");
    if root {
        return Some(Vec::new());
    }
    answer("sudo", &["-n", "true"]).map(|_| vec!["sudo".to_owned(), "-n".to_owned()])
}

fn elevated(elevate: &[String], command: &[String]) -> Invocation {
    let words: Vec<&String> = elevate.iter().chain(command).collect();
    // `env` so that the setting also survives sudo.
    Invocation::new(Path::new(words[0]), Path::new("/")).args(&words[1..]).env("DEBIAN_FRONTEND", "noninteractive")
}

fn on_path(program: &str) -> bool {
    found(program).is_some()
}

/// Where the path leads for a program's name.
fn found(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setup_5_every_system_gets_its_own_line() {
        let check = |release: &str, expect: &str| {
            let family = Family::of(release).expect("known");
            assert_eq!(family.install(&[&BUILD[2]]).join(" "), expect);
        };
        let apt = "apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=600 libwebkit2gtk-4.1-dev";
        check("NAME=\"Debian GNU/Linux\"\nID=debian\n", apt);
        check("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", apt);
        check("ID=fedora\n", "dnf install -y webkit2gtk4.1-devel");
        check("ID=manjaro\nID_LIKE=arch\n", "pacman -S --needed webkit2gtk-4.1");
        assert_eq!(Family::of("ID=somethingelse\n"), None);
    }

    #[test]
    fn setup_5_what_is_missing_is_seen() {
        assert!(Need { probe: Program(&["no-such-program", "cargo"]), ..BUILD_ANY }.is_there());
        assert!(!Need { probe: Program(&["no-such-program"]), ..BUILD_ANY }.is_there());
        assert!(!Need { probe: Library("no-such-library"), ..BUILD_ANY }.is_there());
    }

    const BUILD_ANY: Need = need(Program(&[]), "", "", "");
}
