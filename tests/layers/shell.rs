//! What the window may ask of the shell: the capability, the commands in the code and the calls of the interface, held against each
//! other; and what the window may load.

use super::Complaint;
use serde_json::Value;
use std::collections::BTreeSet;

/// Commands that the shell answers: what stands in `generate_handler![…]`.
pub(crate) fn answered(code: &str) -> BTreeSet<String> {
    let list = code.split_once("generate_handler![").and_then(|(_, rest)| rest.split_once(']'));
    let names = list.map_or("", |(list, _)| list).split(',').filter_map(|path| path.trim().rsplit("::").next());
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Commands that the interface calls: the first argument of each `ask`, and whether it listens to events.
pub(crate) fn asked(code: &str) -> (BTreeSet<String>, bool) {
    let calls = code.split("ask").skip(1).filter_map(|rest| {
        let rest = rest.strip_prefix('<').map_or(Some(rest), |typed| typed.split_once(">(").map(|(_, rest)| rest))?;
        rest.strip_prefix('(').unwrap_or(rest).strip_prefix('\'')?.split('\'').next()
    });
    (calls.map(str::to_owned).collect(), code.contains("listen("))
}

/// Where capability, shell and interface differ.
pub(crate) fn compare(
    capability: &Value,
    answered: &BTreeSet<String>,
    asked: &(BTreeSet<String>, bool),
) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    if asked.0 != *answered {
        complaints.push(format!("the interface calls {:?}, the shell answers {answered:?}", asked.0));
    }
    let events = ["core:event:allow-listen", "core:event:allow-unlisten"].map(str::to_owned);
    let mut needed: BTreeSet<String> =
        answered.iter().map(|name| format!("allow-{}", name.replace('_', "-"))).collect();
    needed.extend(events.into_iter().filter(|_| asked.1));
    let given = capability["permissions"].as_array().into_iter().flatten();
    let given: BTreeSet<String> =
        given.map(|permission| permission.as_str().unwrap_or("an object").to_owned()).collect();
    complaints
        .extend(given.difference(&needed).map(|permission| format!("{permission} is given, and nothing uses it")));
    complaints.extend(needed.difference(&given).map(|permission| format!("{permission} is used, and not given")));
    if capability["windows"] != serde_json::json!(["main"]) || !capability["webviews"].is_null() {
        complaints.push("a capability is for another window than the panel's".to_owned());
    }
    if !capability["remote"].is_null() {
        complaints.push("a capability is for pages from elsewhere".to_owned());
    }
    complaints
}

/// What the panel's window could load from elsewhere.
pub(crate) fn remote(configuration: &Value) -> Vec<Complaint> {
    let security = &configuration["app"]["security"];
    let policy = security["csp"].as_str().unwrap_or_default();
    let mut complaints = Vec::new();
    if !policy.contains("default-src 'none'") {
        complaints.push("the window's policy does not begin with nothing".to_owned());
    }
    let sources =
        policy.split(';').flat_map(|part| part.split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>());
    // `ipc.localhost` is the shell itself, where a scheme of its own cannot be.
    let own = ["'self'", "'none'", "data:", "ipc:", "http://ipc.localhost"];
    let inline = |source: &String| source == "'unsafe-inline'" && !policy.contains("script-src 'self' 'unsafe-inline'");
    let foreign = sources.filter(|source| !own.contains(&source.as_str()) && !inline(source));
    complaints.extend(foreign.map(|source| format!("the window may load from {source}")));
    for window in configuration["app"]["windows"].as_array().into_iter().flatten() {
        if window["url"].as_str().is_none_or(|url| url.contains(':') || url.starts_with("//")) {
            complaints.push(format!("the window {} shows a page from elsewhere", window["label"]));
        }
    }
    for switch in ["dangerousDisableAssetCspModification", "dangerousRemoteDomainIpcAccess"] {
        if !security[switch].is_null() {
            complaints.push(format!("{switch} is set"));
        }
    }
    if configuration["app"]["withGlobalTauri"] == true {
        complaints.push("every script of the window may call the shell".to_owned());
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn names(list: &[&str]) -> BTreeSet<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn safe_33_a_permission_too_many_and_one_too_few_are_seen() {
        let shell = answered("x.invoke_handler(tauri::generate_handler![commands::a_b, commands::c])");
        let page = asked("async function ask<T>(command: string) {}\nask<State>('a_b', { x }); ask('c'); listen(x)");
        assert_eq!((shell.clone(), page.clone()), (names(&["a_b", "c"]), (names(&["a_b", "c"]), true)));
        let given = |permissions: &[&str]| json!({ "windows": ["main"], "permissions": permissions });
        let all = ["allow-a-b", "allow-c", "core:event:allow-listen", "core:event:allow-unlisten"];
        assert_eq!(compare(&given(&all), &shell, &page), Vec::<String>::new());
        assert_eq!(compare(&given(&all[1..]), &shell, &page).len(), 1);
        assert_eq!(compare(&given(&[&all[..], &["core:default"]].concat()), &shell, &page).len(), 1);
        let wide = json!({ "windows": ["*"], "remote": { "urls": ["http://x"] }, "permissions": all });
        assert_eq!(compare(&wide, &shell, &page).len(), 2);
    }

    #[test]
    fn safe_32_a_window_that_may_load_from_elsewhere_is_seen() {
        let of = |csp: &str, url: &str| json!({ "app": { "windows": [{ "label": "main", "url": url }], "security": { "csp": csp } } });
        assert!(remote(&of("default-src 'none'; script-src 'self'; img-src data:", "panel.html")).is_empty());
        assert_eq!(remote(&of("default-src 'none'; img-src https:", "panel.html")).len(), 1);
        assert_eq!(remote(&of("script-src 'self' 'unsafe-inline'", "http://e")).len(), 3);
    }
}
