//! JupyterLab's page: the configuration in it, what it may do, and the page that stands in for it when it is not there.

use super::assets::{Assets, Missing};
use super::blocking;
use crate::error::{Answer, Failure};
use host::{Grant, HostConfig};
use protocol::ErrorCode;
use serde_json::{Value, json};
use std::sync::Arc;

/// What the page may load and do: this host, and nothing else. Two words are there because JupyterLab needs them: its
/// validator of settings compiles schemas (`unsafe-eval`; without it the page stays blank), and its editors and outputs
/// carry styles. Scripts that stand in outputs do not run.
pub(crate) const POLICY: &str = "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; \
    worker-src 'self' blob:; frame-src 'self' blob:; object-src 'self' blob:; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'self'";

/// Parts that would ask for what is not here: terminals, extensions from an index, news, a debugger, another front end. And the one
/// whose dialog ours takes the place of.
const DISABLED: [&str; 6] = [
    "@jupyterlab/hub-extension:connectionlost",
    "@jupyterlab/terminal-extension",
    "@jupyterlab/extensionmanager-extension",
    "@jupyterlab/apputils-extension:announcements",
    "@jupyterlab/debugger-extension",
    "@jupyter-notebook/lab-extension",
];

/// Our own extension, and its file below `lab/extensions/{name}`.
const OURS: &str = "@commonplace/lab";
const OURS_LOAD: &str = "static/extension.js";

/// What the host was started with, in Jupyter's words.
#[derive(Clone, Copy)]
struct Switches {
    disable_rtc: bool,
    server_side_execution: bool,
    delete_to_trash: bool,
}

/// The page for one visitor.
pub(crate) async fn render(
    assets: &Arc<Assets>,
    prefix: &str,
    path: &str,
    grant: &Grant,
    host: &HostConfig,
) -> Answer<String> {
    let switches = Switches {
        disable_rtc: !host.collaboration,
        server_side_execution: host.server_side_execution,
        delete_to_trash: host.delete_to_trash,
    };
    let (assets, prefix, path, grant) = (assets.clone(), prefix.to_owned(), path.to_owned(), grant.clone());
    blocking(move || {
        let read = |place: &std::path::Path| {
            let failed = |error| Failure::new(ErrorCode::Fault, format!("{} cannot be read: {error}", place.display()));
            std::fs::read_to_string(place).map_err(failed)
        };
        let place = |path: &str| assets.lab("static", path).unwrap_or_default();
        let package: Value = serde_json::from_str(&read(&place("package.json"))?).unwrap_or_default();
        let version = package["jupyterlab"]["version"].as_str().or(package["version"].as_str()).unwrap_or_default();
        let mut extensions = Vec::new();
        for (name, place) in assets.extensions() {
            let text = read(&place.join("package.json"))?;
            extensions.push((*name, serde_json::from_str::<Value>(&text).unwrap_or_default()));
        }
        let scripts = scripts(&read(&place("index.html"))?);
        if scripts.is_empty() {
            return Err(Failure::new(ErrorCode::Fault, "The page of this computer's JupyterLab names no scripts"));
        }
        Ok(html(&config(&prefix, &path, &grant, switches, version, &extensions), &prefix, &scripts))
    })
    .await
}

/// The configuration. There is no token in it: the cookie carries it, which no script can read.
fn config(
    prefix: &str,
    path: &str,
    grant: &Grant,
    switches: Switches,
    version: &str,
    extensions: &[(&str, Value)],
) -> Value {
    let asked = Place::of(path);
    let mut disabled: Vec<Value> = DISABLED.iter().map(|name| json!(name)).collect();
    for (_, package) in extensions {
        disabled.extend(package["jupyterlab"]["disabledExtensions"].as_array().into_iter().flatten().cloned());
    }
    let federated = extensions.iter().map(|(name, package)| {
        let mut build = package["jupyterlab"]["_build"].clone();
        build["name"] = json!(name);
        build
    });
    let mut federated: Vec<Value> = federated.collect();
    federated.push(json!({ "name": OURS, "load": OURS_LOAD, "extension": "./extension" }));
    let mut config = json!({
        "baseUrl": format!("{prefix}/"),
        "wsUrl": "",
        "token": "",
        "role": grant.role,
        "appName": "JupyterLab",
        "appNamespace": "lab",
        "appVersion": version,
        "fullStaticUrl": format!("{prefix}/static/lab"),
        "federated_extensions": federated,
        "disabledExtensions": disabled,
        "deferredExtensions": [],
        "mode": asked.mode,
        "workspace": asked.workspace,
        "treePath": asked.tree,
        "preferredPath": "/",
        // The place on the host's disk is nobody's business.
        "serverRoot": "/",
        "rootUri": "file:///",
        "virtualDocumentsUri": "file:///.virtual_documents",
        "disableRTC": switches.disable_rtc,
        "serverSideExecution": switches.server_side_execution,
        "notebookStartsKernel": false,
        "terminalsAvailable": false,
        "buildAvailable": false,
        "buildCheck": false,
        "news": { "disabled": true },
        "exposeAppInBrowser": false,
        "cacheFiles": true,
        "devMode": false,
        "ignorePlugins": [],
        "quitButton": false,
        "allow_hidden_files": false,
        "delete_to_trash": switches.delete_to_trash,
        "notebookVersion": "[7, 0, 0]",
        "mathjaxConfig": "TeX-AMS_HTML-full,Safe",
        "fullMathjaxUrl": "",
        "store_id": 0,
    });
    if asked.unknown {
        config["notFoundUrl"] = json!(format!("{prefix}/{path}"));
    }
    for (name, below) in [
        ("App", "/lab"),
        ("Labextensions", "/lab/extensions"),
        ("Settings", "/lab/api/settings"),
        ("Themes", "/lab/api/themes"),
        ("TranslationsApi", "/lab/api/translations"),
        ("WorkspacesApi", "/lab/api/workspaces"),
        ("Listings", "/lab/api/listings"),
        ("Licenses", "/lab/api/licenses"),
        ("Tree", "/lab/tree"),
        ("Workspaces", "/lab/workspaces"),
    ] {
        let mut short = format!("{name}Url");
        short[..1].make_ascii_lowercase();
        config[short] = json!(below);
        config[format!("full{name}Url")] = json!(format!("{prefix}{below}"));
    }
    config
}

/// What an address below `lab` or `doc` means.
#[derive(Debug, PartialEq)]
struct Place<'a> {
    mode: &'static str,
    workspace: &'a str,
    tree: &'a str,
    unknown: bool,
}

impl<'a> Place<'a> {
    fn of(path: &'a str) -> Self {
        let (first, mut rest) = path.split_once('/').unwrap_or((path, ""));
        let mode = if first == "doc" { "single-document" } else { "multiple-document" };
        let mut workspace = "default";
        if let Some(after) = rest.strip_prefix("workspaces/") {
            (workspace, rest) = after.split_once('/').unwrap_or((after, ""));
        }
        let tree = rest.strip_prefix("tree/").or((rest == "tree").then_some(""));
        let unknown = tree.is_none() && !rest.is_empty();
        Self { mode, workspace, tree: tree.unwrap_or_default(), unknown }
    }
}

/// The scripts that the bundle's own page names, relative to the static files, with their queries.
fn scripts(template: &str) -> Vec<String> {
    let named = template.split("fullStaticUrl").skip(1).filter_map(|rest| {
        let rest = rest.trim_start().strip_prefix("}}/")?;
        let end = rest.find(['"', '\'', '>'])?;
        Some(&rest[..end])
    });
    named.filter(|name| name.split('?').next().is_some_and(|name| name.ends_with(".js"))).map(str::to_owned).collect()
}

fn html(config: &Value, prefix: &str, scripts: &[String]) -> String {
    // `<` cannot stand in a script element without ending it.
    let config = config.to_string().replace('<', "\\u003c");
    let tags =
        scripts.iter().map(|name| format!(r#"<script defer src="{prefix}/static/lab/{}"></script>"#, text(name)));
    format!(
        r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><title>JupyterLab</title>
<meta name="viewport" content="width=device-width,initial-scale=1">
<script id="jupyter-config-data" type="application/json">{config}</script>
<link rel="icon" href="data:,">{}</head><body class="jp-ThemedContainer"></body></html>
"#,
        tags.collect::<String>()
    )
}

/// The page that says how to get JupyterLab.
pub(crate) fn missing(missing: Missing, owner: bool) -> String {
    let (what, packages) = match missing {
        Missing::All => ("JupyterLab is not installed", "jupyterlab jupyter-collaboration"),
        Missing::Collaboration => ("JupyterLab is installed without jupyter-collaboration", "jupyter-collaboration"),
    };
    let (place, who, elsewhere) = match owner {
        true => (
            "on this computer",
            "Install it with Python’s package installer, then load this page again:",
            "<p>One in an unusual place can be named: <code>commonplace-host serve --jupyterlab DIR</code>.</p>",
        ),
        false => ("on the host’s computer", "The host can install it with Python’s package installer:", ""),
    };
    format!(
        r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><title>JupyterLab is not here</title>
<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,">
<style>:root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }}
main {{ max-width: 34rem; margin: 15vh auto 0; padding: 0 1.5rem }} h1 {{ font-size: 1.25rem }}
pre {{ padding: .75rem 1rem; border: 1px solid; border-radius: 6px; overflow-x: auto }}</style></head>
<body><main><h1>{what} {place}.</h1><p>{who}</p><pre>pip install {packages}</pre>
{elsewhere}
<p>The folder’s own page needs nothing: <a href="./">open it</a>.</p></main></body></html>
"#
    )
}

fn text(raw: &str) -> String {
    raw.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_read_out_of_the_bundles_own_page() {
        let page = r#"<link href="{{ page_config.fullStaticUrl }}/x.css"><script defer="defer"
            src="{{page_config.fullStaticUrl}}/main.0a.js?v=0a"></script>"#;
        assert_eq!(scripts(page), ["main.0a.js?v=0a"]);
        assert_eq!(scripts("<p>fullStaticUrl"), Vec::<String>::new());
    }

    #[test]
    fn addresses_name_mode_workspace_and_file() {
        let place = |path| {
            let place = Place::of(path);
            (place.mode == "single-document", place.workspace, place.tree, place.unknown)
        };
        assert_eq!(place("lab"), (false, "default", "", false));
        assert_eq!(place("lab/tree/a/b c.ipynb"), (false, "default", "a/b c.ipynb", false));
        assert_eq!(place("lab/workspaces/w/tree/a"), (false, "w", "a", false));
        assert_eq!(place("doc/tree/a"), (true, "default", "a", false));
        assert_eq!(place("lab/elsewhere"), (false, "default", "", true));
    }
}
