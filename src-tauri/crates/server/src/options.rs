//! Options that Jupyter's collaboration has too: by our names and by its own, on the command line and out of its configuration.
//!
//! Not here: options that it does not have (`serve`).

use clap::Args;
use host::{HostConfig, Keeping};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What was asked for; `None`: nothing, so the default holds.
#[derive(Args, Clone, Debug, Default, PartialEq)]
pub(crate) struct Options {
    /// Seconds without edits after which a document is saved; 0: at once; "none": only when asked [default: 1]
    #[arg(long, value_name = "SECONDS", value_parser = delay)]
    #[arg(visible_alias = "YDocExtension.document_save_delay", alias = "collaborative_document_save_delay")]
    save_delay: Option<Delay>,
    /// Seconds after which a document that nobody has open is closed; "none": never [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = delay)]
    #[arg(visible_alias = "YDocExtension.document_cleanup_delay", alias = "collaborative_document_cleanup_delay")]
    cleanup_delay: Option<Delay>,
    /// Seconds between looks at open files; 0 or "none": only when the system tells of a change, and at each save [default: 1]
    #[arg(long, value_name = "SECONDS", value_parser = delay)]
    #[arg(visible_alias = "YDocExtension.file_poll_interval", alias = "collaborative_file_poll_interval")]
    poll_interval: Option<Delay>,
    /// Where histories, links and events are kept: "sqlite", or "temp": nowhere, they end with the program [default: sqlite]
    #[arg(long, value_name = "KIND", value_parser = kind)]
    #[arg(visible_alias = "YDocExtension.ystore_class", alias = "collaborative_ystore_class")]
    ystore: Option<Kind>,
    /// Their file [default: the one in the state directory]
    #[arg(long, value_name = "FILE", visible_alias = "SQLiteYStore.db_path")]
    ystore_file: Option<PathBuf>,
    /// Seconds after which the history of a document that nobody edited is put together, its content unchanged; "none": only when it
    /// gets long [default: none]
    #[arg(long, value_name = "SECONDS", value_parser = delay)]
    #[arg(visible_aliases = ["SQLiteYStore.document_ttl", "SQLiteYStore.squash_after_inactivity_of"])]
    document_ttl: Option<Delay>,
    /// Documents are not edited together: files can only be read and saved [default: false]
    #[arg(long, value_name = "BOOL", value_parser = truth)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(visible_alias = "YDocExtension.disable_rtc")]
    disable_rtc: Option<bool>,
    /// Front ends have cells run by the host, which runs none yet and says so [default: false]
    #[arg(long, value_name = "BOOL", value_parser = truth)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(visible_alias = "YDocExtension.server_side_execution")]
    server_side_execution: Option<bool>,
}

/// Seconds, or never.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Delay(Option<Duration>);

/// Kind of store.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Sqlite,
    Temporary,
}

/// An option's three names: ours, the class and name of Jupyter's, and the key of its server's settings.
type Names = (&'static str, &'static str, &'static str, Option<&'static str>);

/// An option of which Jupyter has two names stands here twice.
const NAMES: [Names; 9] = [
    ("save-delay", "YDocExtension", "document_save_delay", Some("collaborative_document_save_delay")),
    ("cleanup-delay", "YDocExtension", "document_cleanup_delay", Some("collaborative_document_cleanup_delay")),
    ("poll-interval", "YDocExtension", "file_poll_interval", Some("collaborative_file_poll_interval")),
    ("ystore", "YDocExtension", "ystore_class", Some("collaborative_ystore_class")),
    ("ystore-file", "SQLiteYStore", "db_path", None),
    ("document-ttl", "SQLiteYStore", "document_ttl", None),
    ("document-ttl", "SQLiteYStore", "squash_after_inactivity_of", None),
    ("disable-rtc", "YDocExtension", "disable_rtc", None),
    ("server-side-execution", "YDocExtension", "server_side_execution", None),
];

/// Options of Jupyter's that mean nothing here, and why.
const IDLE: [(&str, &str, &str); 9] = [
    ("YDocExtension", "document_load_progressively", "every document opens whole and at once"),
    ("YDocExtension", "notebook_output_delay_threshold_mb", "every document opens whole and at once"),
    ("YDocExtension", "behavior_on_external_change", "what other programs write is merged"),
    ("YDocExtension", "file_stop_poll_on_errors_after", "a missing file is looked for as long as it is open"),
    ("YDocExtension", "session_store_path", "sessions are kept with the histories"),
    ("SQLiteYStore", "squash_history_older_than", "a history that gets long is put together by itself"),
    ("SQLiteYStore", "squash_no_more_often_than", "a history that gets long is put together by itself"),
    ("SQLiteYStore", "checkpoint_interval", "a history that gets long is put together by itself"),
    ("SQLiteYStore", "cleanup_when_db_size_above", "no history is dropped for being old"),
];

fn delay(text: &str) -> Result<Delay, String> {
    if ["none", "None", "null"].contains(&text) {
        return Ok(Delay(None));
    }
    let expected = || "expected seconds, such as 0.5, or none".to_owned();
    let seconds = text.parse::<f64>().map_err(|_| expected())?;
    Duration::try_from_secs_f64(seconds).map(|delay| Delay(Some(delay))).map_err(|_| expected())
}

pub(crate) fn truth(text: &str) -> Result<bool, String> {
    match text {
        "true" | "True" | "1" => Ok(true),
        "false" | "False" | "0" => Ok(false),
        _ => Err("expected true or false".to_owned()),
    }
}

/// A kind of store by our name, or by a class of Jupyter's with or without its module.
fn kind(text: &str) -> Result<Kind, String> {
    match text.rsplit('.').next().unwrap_or_default() {
        "sqlite" | "SQLiteYStore" => Ok(Kind::Sqlite),
        "temp" | "TempFileYStore" => Ok(Kind::Temporary),
        _ => Err("expected sqlite or temp (SQLiteYStore or TempFileYStore)".to_owned()),
    }
}

/// A configuration file of Jupyter's; an error is a sentence that names it.
pub(crate) fn read(path: &Path) -> Result<Map<String, Value>, String> {
    let here = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{here} cannot be read: {error}"))?;
    match serde_json::from_str(&text).map_err(|error| format!("{here} is no JSON: {error}"))? {
        Value::Object(config) => Ok(config),
        _ => Err(format!("{here} is no configuration: it must be a JSON object")),
    }
}

impl Options {
    /// These, and where they say nothing, the others.
    pub(crate) fn or(self, others: Self) -> Self {
        Self {
            save_delay: self.save_delay.or(others.save_delay),
            cleanup_delay: self.cleanup_delay.or(others.cleanup_delay),
            poll_interval: self.poll_interval.or(others.poll_interval),
            ystore: self.ystore.or(others.ystore),
            ystore_file: self.ystore_file.or(others.ystore_file),
            document_ttl: self.document_ttl.or(others.document_ttl),
            disable_rtc: self.disable_rtc.or(others.disable_rtc),
            server_side_execution: self.server_side_execution.or(others.server_side_execution),
        }
    }

    /// Options of a Jupyter configuration file; an error is a sentence that names file and option.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let here = path.display();
        if path.extension().is_some_and(|extension| extension == "py") {
            return Err(format!(
                "{here} is a program, which is not run here. Give a .json file, such as jupyter_server_config.json, or the options \
                 themselves, such as --YDocExtension.document_save_delay=1."
            ));
        }
        Self::of(&read(path)?).map_err(|error| format!("{here}: {error}"))
    }

    /// The file of the store, if one is named.
    pub(crate) fn store_file(&self) -> Option<&Path> {
        self.ystore_file.as_deref()
    }

    fn of(config: &Map<String, Value>) -> Result<Self, String> {
        let mut options = Self::default();
        // Settings first: what is said by an option's own name counts more.
        let nested = config.get("ServerApp").and_then(|app| app.get("tornado_settings"));
        let settings = [Some(config), nested.and_then(Value::as_object)];
        for (key, value) in settings.into_iter().flatten().flatten() {
            if let Some((ours, ..)) = NAMES.iter().find(|(.., setting)| *setting == Some(key)) {
                options.set(ours, value).map_err(|error| format!("{key}: {error}"))?;
            }
        }
        for class in ["SQLiteYStore", "YDocExtension"] {
            let Some(section) = config.get(class) else { continue };
            let section = section.as_object().ok_or_else(|| format!("{class}: expected an object of options"))?;
            for (key, value) in section {
                match NAMES.iter().find(|(_, of, name, _)| of == &class && name == key) {
                    Some((ours, ..)) => options.set(ours, value).map_err(|error| format!("{class}.{key}: {error}"))?,
                    None => tracing::warn!("{class}.{key} has no effect: {}", idle(class, key)),
                }
            }
        }
        Ok(options)
    }

    /// Sets an option by our name.
    fn set(&mut self, name: &str, value: &Value) -> Result<(), String> {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Array(_) | Value::Object(_) => return Err("expected a single value".to_owned()),
            plain => plain.to_string(),
        };
        match name {
            "save-delay" => self.save_delay = Some(delay(&text)?),
            "cleanup-delay" => self.cleanup_delay = Some(delay(&text)?),
            "poll-interval" => self.poll_interval = Some(delay(&text)?),
            "ystore" => self.ystore = Some(kind(&text)?),
            "ystore-file" if value.is_null() => self.ystore_file = None,
            "ystore-file" => self.ystore_file = Some(text.into()),
            // Of its two names in Jupyter one may say nothing.
            "document-ttl" => {
                let (Delay(now), before) = (delay(&text)?, self.document_ttl.and_then(|Delay(before)| before));
                self.document_ttl = Some(Delay(now.or(before)));
            }
            "disable-rtc" => self.disable_rtc = Some(truth(&text)?),
            "server-side-execution" => self.server_side_execution = Some(truth(&text)?),
            _ => {}
        }
        Ok(())
    }

    /// Puts them into a configuration.
    pub(crate) fn apply(&self, config: &mut HostConfig) {
        let policy = &mut config.policy;
        if let Some(Delay(delay)) = self.save_delay {
            policy.save_delay = delay;
            policy.save_at_most = policy.save_at_most.max(delay.unwrap_or_default());
        }
        if let Some(Delay(delay)) = self.cleanup_delay {
            policy.cleanup_delay = delay;
        }
        if let Some(Delay(interval)) = self.poll_interval {
            config.poll_interval = interval.unwrap_or_default();
        }
        config.keeping = match self.ystore {
            Some(Kind::Temporary) => Keeping::Temporary,
            _ => Keeping::File(self.ystore_file.clone()),
        };
        config.document_ttl = self.document_ttl.and_then(|Delay(ttl)| ttl);
        config.collaboration = !self.disable_rtc.unwrap_or(false);
        config.server_side_execution = self.server_side_execution.unwrap_or(false);
    }
}

/// Why an option does nothing.
fn idle(class: &str, name: &str) -> &'static str {
    let known = IDLE.iter().find(|(of, option, _)| (*of, *option) == (class, name));
    known.map_or("it is not known here", |(.., why)| why)
}

/// The options of a configuration under all their names. Jupyter's part of it can be read as a configuration file again.
pub(crate) fn show(config: &HostConfig) -> Value {
    let seconds = |delay: Option<Duration>| json!(delay.map(|delay| delay.as_secs_f64()));
    let mut shown = json!({ "commonplace-host": {}, "ServerApp": { "tornado_settings": {} } });
    for (ours, class, name, setting) in NAMES {
        let value = match ours {
            "save-delay" => seconds(config.policy.save_delay),
            "cleanup-delay" => seconds(config.policy.cleanup_delay),
            "poll-interval" => seconds(Some(config.poll_interval)),
            "ystore" => json!(if config.keeping == Keeping::Temporary { "temp" } else { "sqlite" }),
            "ystore-file" => match &config.keeping {
                Keeping::File(Some(path)) => json!(path),
                _ => Value::Null,
            },
            "document-ttl" => seconds(config.document_ttl),
            "disable-rtc" => json!(!config.collaboration),
            _ => json!(config.server_side_execution),
        };
        shown["commonplace-host"][ours] = value.clone();
        if let Some(setting) = setting {
            shown["ServerApp"]["tornado_settings"][setting] = value.clone();
        }
        shown[class][name] = value;
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn line(arguments: &[&str]) -> Result<Options, String> {
        let parsed = Line::try_parse_from([&["program"], arguments].concat());
        parsed.map(|line| line.options).map_err(|error| error.to_string())
    }

    fn file(config: Value) -> Result<Options, String> {
        Options::of(config.as_object().unwrap())
    }

    fn applied(options: &Options) -> HostConfig {
        let mut config = HostConfig::default();
        options.apply(&mut config);
        config
    }

    #[test]
    fn seed_1_each_option_has_our_name_and_jupyters_and_means_the_same() {
        let values =
            ["0.5", "0", "None", "jupyter_server_ydoc.stores.TempFileYStore", "a.db", "3600", "60", "True", "True"];
        for ((ours, class, name, setting), value) in NAMES.into_iter().zip(values) {
            let by_our_name = line(&[&format!("--{ours}={value}")]).unwrap();
            assert_ne!(by_our_name, Options::default(), "{ours}");
            assert_eq!(line(&[&format!("--{class}.{name}={value}")]).as_ref(), Ok(&by_our_name), "{ours}");
            let json = serde_json::from_str(&value.to_lowercase()).unwrap_or(json!(value));
            let json = if value == "None" { Value::Null } else { json };
            assert_eq!(file(json!({ class: { name: json } })).as_ref(), Ok(&by_our_name), "{ours}");
            let Some(setting) = setting else { continue };
            assert_eq!(line(&[&format!("--{setting}={value}")]).as_ref(), Ok(&by_our_name), "{ours}");
            let nested = json!({ "ServerApp": { "port": 8888, "tornado_settings": { setting: json } } });
            assert_eq!(file(nested).as_ref(), Ok(&by_our_name), "{ours}");
        }
        // As flags, and with the value apart.
        assert_eq!(line(&["--disable-rtc"]), line(&["--YDocExtension.disable_rtc=true"]));
        assert_eq!(line(&["--YDocExtension.ystore_class", "temp"]), line(&["--ystore=temp"]));
    }

    #[test]
    fn seed_1_none_and_nothing_mean_what_they_mean_there() {
        let none = applied(&line(&["--save-delay=None", "--cleanup-delay=null", "--poll-interval=none"]).unwrap());
        assert_eq!((none.policy.save_delay, none.policy.cleanup_delay), (None, None));
        assert_eq!(none.poll_interval, Duration::ZERO);
        let zero = applied(&line(&["--save-delay=0", "--cleanup-delay=0", "--poll-interval=0"]).unwrap());
        let nothing = Some(Duration::ZERO);
        assert_eq!((zero.policy.save_delay, zero.policy.cleanup_delay), (nothing, nothing));
        assert_eq!(zero.poll_interval, Duration::ZERO);
        let (default, untouched) = (HostConfig::default(), applied(&Options::default()));
        assert_eq!(show(&default), show(&untouched));
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!((default.policy.save_delay, default.policy.cleanup_delay), (seconds(1), seconds(60)));
        assert_eq!((default.poll_interval, default.document_ttl), (Duration::from_secs(1), None));
        assert!(default.collaboration && !default.server_side_execution && default.keeping == Keeping::File(None));
        let slow = applied(&line(&["--save-delay=10"]).unwrap());
        assert_eq!((slow.policy.save_delay, slow.policy.save_at_most), (seconds(10), Duration::from_secs(10)));
    }

    #[test]
    fn seed_1_of_two_names_of_one_option_the_one_that_says_something_counts() {
        for (ttl, squash) in [(json!(60), Value::Null), (Value::Null, json!(60)), (json!(7), json!(60))] {
            let given = file(json!({ "SQLiteYStore": { "document_ttl": ttl, "squash_after_inactivity_of": squash } }));
            assert_eq!(given, line(&["--document-ttl=60"]), "{ttl} {squash}");
        }
        assert_eq!(idle("YDocExtension", "behavior_on_external_change"), "what other programs write is merged");
        assert_eq!(idle("YDocExtension", "unheard_of"), "it is not known here");
    }

    #[test]
    fn seed_1_a_bad_value_is_refused_by_the_name_of_its_option() {
        let check = |result: Result<Options, String>, words: [&str; 2]| {
            let error = result.unwrap_err();
            assert!(words.iter().all(|word| error.contains(word)), "{error}");
        };
        check(line(&["--YDocExtension.document_save_delay=soon"]), ["--save-delay", "expected seconds"]);
        check(line(&["--cleanup-delay=-1"]), ["--cleanup-delay", "expected seconds"]);
        check(line(&["--poll-interval=inf"]), ["--poll-interval", "expected seconds"]);
        check(line(&["--disable-rtc=perhaps"]), ["--disable-rtc", "true or false"]);
        check(line(&["--ystore=CloudYStore"]), ["--ystore", "TempFileYStore"]);
        let section = |name: &str, value| file(json!({ "YDocExtension": { name: value } }));
        check(section("document_save_delay", json!("soon")), ["YDocExtension.document_save_delay", "expected seconds"]);
        check(section("document_cleanup_delay", json!(-1)), ["YDocExtension.document_cleanup_delay", "seconds"]);
        check(section("disable_rtc", json!([true])), ["YDocExtension.disable_rtc", "a single value"]);
        check(file(json!({ "collaborative_ystore_class": 7 })), ["collaborative_ystore_class", "sqlite or temp"]);
        check(file(json!({ "SQLiteYStore": 7 })), ["SQLiteYStore", "an object"]);
    }

    #[test]
    fn seed_1_what_is_shown_can_be_read_again() {
        let arguments = ["--save-delay=2.5", "--ystore-file=/a/b.db", "--document-ttl=60", "--server-side-execution"];
        for arguments in [&arguments[..], &["--ystore=temp", "--disable-rtc", "--cleanup-delay=none"]] {
            let config = applied(&line(arguments).unwrap());
            let shown = show(&config);
            assert_eq!(show(&applied(&file(shown.clone()).unwrap())), shown);
        }
        let over = line(&["--save-delay=3"]).unwrap().or(file(json!({ "YDocExtension": {
            "document_save_delay": 5, "document_cleanup_delay": 7, "unheard_of": 1 } }))
        .unwrap());
        let shown = show(&applied(&over));
        assert_eq!(
            (&shown["YDocExtension"]["document_save_delay"], &shown["commonplace-host"]["cleanup-delay"]),
            (&json!(3.0), &json!(7.0))
        );
    }
}
