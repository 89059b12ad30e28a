//! JupyterLab's page and what belongs to it, with an installation that has the shape of a real one and nothing in it.
//! The real one is run in browsers: `tests/e2e/lab.test.mjs`.

use serde_json::{Value, json};
use std::path::Path;
use tests::{OWNER_TOKEN, Reply, Request, Setup, TestHost, until};

const SCRIPT: &str = "main.efd36b46f3b45eb8.js";
const SETTINGS: &str = "/tides/lab/api/settings/@jupyterlab/apputils-extension:themes";

fn put(root: &Path, path: &str, content: &str) {
    let place = root.join(path);
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    std::fs::write(place, content).unwrap();
}

/// What `pip install jupyterlab jupyter-collaboration` leaves below `share/jupyter`, in little.
fn install(root: &Path) {
    let page = format!(r#"<script src="{{{{page_config.fullStaticUrl}}}}/{SCRIPT}?v=efd3"></script>"#);
    put(root, "lab/static/index.html", &page);
    put(root, "lab/static/package.json", r#"{"jupyterlab": {"version": "4.6.6"}}"#);
    put(root, &format!("lab/static/{SCRIPT}"), &"let a = 1;\n".repeat(1000));
    put(root, "lab/themes/@jupyterlab/theme-light-extension/index.css", "body { color: black }");
    let schema = r#"{"title": "Theme", "properties": {}}"#;
    put(root, "lab/schemas/@jupyterlab/apputils-extension/themes.json", schema);
    put(root, "lab/schemas/@jupyterlab/apputils-extension/package.json.orig", r#"{"version": "4.6.6"}"#);
    collaborate(root);
}

fn collaborate(root: &Path) {
    let package = |load: &str, disabled: &str| {
        format!(r#"{{"jupyterlab": {{"disabledExtensions": [{disabled}], "_build": {{"load": "static/{load}"}}}}}}"#)
    };
    let extension = "labextensions/@jupyter/docprovider-extension";
    put(root, &format!("{extension}/package.json"), &package("remoteEntry.92fd.js", r#""replaced""#));
    put(root, &format!("{extension}/static/remoteEntry.92fd.js"), "0");
    let extension = "labextensions/@jupyter/collaboration-extension";
    put(root, &format!("{extension}/package.json"), &package("remoteEntry.7c42.js", ""));
    put(root, &format!("{extension}/schemas/@jupyter/collaboration-extension/panel.json"), "{}");
}

async fn with_lab() -> (TestHost, tempfile::TempDir) {
    let root = tempfile::tempdir().unwrap();
    install(root.path());
    let setup = Setup { jupyterlab: Some(root.path().to_owned()), ..Setup::default() };
    (TestHost::start_with(&[("a.ipynb", "{}")], setup).await, root)
}

/// The configuration in the page.
fn config(page: &Reply) -> Value {
    let text = page.text();
    let (_, rest) = text.split_once(r#"type="application/json">"#).unwrap_or_else(|| panic!("{text}"));
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

/// The cookie of a guest who came by the link.
async fn guest(host: &TestHost, name: &str) -> String {
    host.redeem(&host.share().await, name).await.cookie()
}

/// As the front end sends it: JSON that calls itself text, from a page of this host.
fn sent(request: Request, host: &TestHost, cookie: &str, body: Value) -> Request {
    let origin = format!("http://127.0.0.2:{}", host.server.port());
    request.header("Cookie", cookie).header("Origin", &origin).header("Content-Type", "text/plain").body(body)
}

#[tokio::test]
async fn lab_1_every_folder_has_jupyterlab_and_its_page_holds_no_secret() {
    let (host, _root) = with_lab().await;
    let cookie = guest(&host, "Ana").await;
    let page = host.guest("GET", "/tides/lab/tree/methods/a%20b.ipynb").header("Cookie", &cookie).send().await;
    assert_eq!((page.status, page.header("cache-control")), (200, "no-store"));
    let text = page.text();
    assert!(text.contains(&format!(r#"src="/tides/static/lab/{SCRIPT}?v=efd3""#)), "{text}");
    let secret = cookie.split('=').nth(1).unwrap();
    let place = host.path("").to_string_lossy().into_owned();
    assert!(!text.contains(secret) && !text.contains(OWNER_TOKEN) && !text.contains(&place), "{text}");
    let config = config(&page);
    let expected = json!({
        "baseUrl": "/tides/", "appVersion": "4.6.6", "token": "", "role": "edit", "treePath": "methods/a b.ipynb",
        "mode": "multiple-document", "workspace": "default", "disableRTC": false, "notebookStartsKernel": false,
        "fullStaticUrl": "/tides/static/lab", "fullSettingsUrl": "/tides/lab/api/settings",
    });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(config[key], *value, "{key}");
    }
    let names: Vec<&str> =
        config["federated_extensions"].as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["@jupyter/collaboration-extension", "@jupyter/docprovider-extension", "@commonplace/lab"]);
    assert!(config["disabledExtensions"].as_array().unwrap().contains(&json!("replaced")));
    // The only folder is at the root too.
    let page = host.owner("GET", "/doc/tree/a.ipynb").send().await;
    let config = self::config(&page);
    assert_eq!(
        (&config["baseUrl"], &config["mode"], &config["role"]),
        (&json!("/"), &json!("single-document"), &json!("run"))
    );
    assert!(!page.text().contains(OWNER_TOKEN));
}

#[tokio::test]
async fn lab_23_the_page_comes_with_the_proof_that_its_front_end_sends_back() {
    let (host, _root) = with_lab().await;
    let cookie = guest(&host, "Ana").await;
    let page = host.guest("GET", "/tides/lab").header("Cookie", &cookie).send().await;
    let [proof] = &page.cookies[..] else { panic!("{:?}", page.cookies) };
    let (pair, attributes) = proof.split_once("; ").unwrap();
    assert_eq!(attributes, "Path=/tides/; SameSite=Strict");
    let put = |sent: &str| {
        let request = host.guest("PUT", SETTINGS).header("Cookie", &format!("{cookie}; {pair}"));
        request.header("X-XSRFToken", sent).body(json!({ "raw": "{}" }))
    };
    assert_eq!(put(pair.strip_prefix("_xsrf=").unwrap()).send().await.status, 204);
    put("other").send().await.error(403);
    // Whoever has no cookie gets no proof of one.
    let page = host.owner("GET", "/tides/lab").send().await;
    assert_eq!((page.status, page.cookies.len()), (200, 0));
}

#[tokio::test]
async fn lab_24_the_page_says_whether_what_is_deleted_goes_into_the_trash() {
    for delete_to_trash in [true, false] {
        let root = tempfile::tempdir().unwrap();
        install(root.path());
        let setup = Setup { jupyterlab: Some(root.path().to_owned()), delete_to_trash, ..Setup::default() };
        let host = TestHost::start_with(&[], setup).await;
        let page = host.owner("GET", "/tides/lab").send().await;
        assert_eq!(config(&page)["delete_to_trash"], json!(delete_to_trash));
    }
}

#[tokio::test]
async fn lab_2_without_jupyterlab_its_address_says_how_to_get_it() {
    let root = tempfile::tempdir().unwrap();
    let setup = Setup { jupyterlab: Some(root.path().to_owned()), ..Setup::default() };
    let host = TestHost::start_with(&[], setup).await;
    let page = host.owner("GET", "/tides/lab").send().await;
    assert_eq!(page.status, 404);
    assert!(page.text().contains("pip install jupyterlab jupyter-collaboration"), "{}", page.text());
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    assert!(!host.server.state().jupyterlab);
    host.owner("GET", "/tides/lab/api/settings").send().await.error(404);

    // What is installed meanwhile is found without a restart.
    put(root.path(), "lab/static/index.html", "");
    put(root.path(), "lab/schemas/x", "");
    until("JupyterLab alone is seen", async || {
        let page = host.owner("GET", "/tides/lab").send().await;
        page.text().contains("pip install jupyter-collaboration<")
    })
    .await;
    collaborate(root.path());
    until("it is complete", async || host.server.state().jupyterlab).await;
}

#[tokio::test]
async fn lab_3_only_who_is_in_the_folder_gets_anything_of_it() {
    let (host, _root) = with_lab().await;
    let guest = guest(&host, "Ana").await;
    let page = host.guest("GET", "/tides/lab/tree/a.ipynb").send().await;
    assert_eq!((page.status, page.header("location")), (302, "/tides/"));
    let script = format!("/tides/static/lab/{SCRIPT}");
    let theme = "/tides/lab/api/themes/@jupyterlab/theme-light-extension/index.css";
    let all = ["/tides/lab/api/settings", "/tides/lab/api/workspaces", "/tides/api/kernelspecs", &script, theme];
    for path in all {
        host.guest("GET", path).send().await.error(403);
        assert_eq!(host.guest("GET", path).header("Cookie", &guest).send().await.status, 200, "{path}");
    }
    // A token in the address becomes a cookie; the rest of the address stays as it was.
    let path = "/tides/lab/tree/%C3%A9t%C3%A9.ipynb?reset&token=owner-token";
    let page = host.request("GET", path).send().await;
    assert_eq!((page.status, page.header("location")), (302, "/tides/lab/tree/%C3%A9t%C3%A9.ipynb?reset"));
    assert!(page.cookie().ends_with("owner-token"));
    let slash = host.owner("GET", "/tides/lab/?reset").send().await;
    assert_eq!((slash.status, slash.header("location")), (302, "/tides/lab?reset"));
}

#[tokio::test]
async fn lab_4_files_are_compressed_and_kept_by_browsers_and_no_path_leads_out() {
    let (host, root) = with_lab().await;
    put(root.path(), "lab/secret.txt", "s");
    let get = |path: &str| host.owner("GET", &format!("/tides{path}"));
    let script = get(&format!("/static/lab/{SCRIPT}")).header("Accept-Encoding", "gzip").send().await;
    assert_eq!(script.header("content-encoding"), "gzip");
    assert!(script.body.len() < 1000);
    assert_eq!(script.header("cache-control"), "private, max-age=31536000, immutable");
    let extension = get("/lab/extensions/@jupyter/docprovider-extension/static/remoteEntry.92fd.js").send().await;
    assert_eq!((extension.status, extension.header("cache-control")), (200, "no-cache"));
    assert!(extension.header("content-type").contains("javascript"), "{:?}", extension.headers);
    for path in [
        "/static/lab/..%2Fsecret.txt",
        "/static/lab/%2e%2e/secret.txt",
        "/lab/api/themes/../secret.txt",
        "/lab/extensions/@jupyter/docprovider-extension/package.json",
        "/lab/extensions/@jupyter/docprovider-extension/static/..%2Fpackage.json",
        "/lab/extensions/other/static/x.js",
        "/lab/api/nothing",
    ] {
        get(path).send().await.error(404);
    }
}

#[tokio::test]
async fn lab_5_settings_and_layouts_are_each_visitors_own_and_go_with_the_guest() {
    let (host, _root) = with_lab().await;
    let (ana, ben) = (guest(&host, "Ana").await, guest(&host, "Ben").await);
    let raw = "{// mine\n'theme': 'JupyterLab Dark'}";
    let kept = sent(host.guest("PUT", SETTINGS), &host, &ana, json!({ "raw": raw })).send().await;
    assert_eq!(kept.status, 204, "{}", kept.text());
    let layout = json!({ "data": { "x": 1 }, "metadata": { "id": "default" } });
    let workspace = "/tides/lab/api/workspaces/default";
    assert_eq!(sent(host.guest("PUT", workspace), &host, &ana, layout).send().await.status, 204);

    let host = host.restart().await;
    host.share().await;
    let get = async |path: &str, who: &str| host.guest("GET", path).header("Cookie", who).send().await.json();
    let own = get(SETTINGS, &ana).await;
    assert_eq!(
        (&own["raw"], &own["version"], &own["schema"]["title"]),
        (&json!(raw), &json!("4.6.6"), &json!("Theme"))
    );
    assert_eq!(get(SETTINGS, &ben).await["raw"], "{}");
    assert_eq!(host.owner("GET", SETTINGS).send().await.json()["raw"], "{}");
    assert_eq!(get(workspace, &ana).await["data"], json!({ "x": 1 }));
    assert_eq!(get(workspace, &ben).await, json!({ "data": {}, "metadata": { "id": "/default" } }));
    assert_eq!(get("/tides/lab/api/workspaces", &ana).await["workspaces"]["ids"], json!(["default"]));
    let list = get("/tides/lab/api/settings", &ana).await;
    let ids: Vec<&Value> = list["settings"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, ["@jupyterlab/apputils-extension:themes", "@jupyter/collaboration-extension:panel"]);
    assert_eq!(std::fs::read_dir(host.path("")).unwrap().count(), 1, "nothing of it is in the folder");

    // What makes no sense, is not known or is too much is refused; another site's page can keep nothing.
    let refuse = async |path: &str, body: Value, status| {
        sent(host.guest("PUT", path), &host, &ana, body).send().await.error(status)
    };
    refuse(SETTINGS, json!({}), 400).await;
    refuse("/tides/lab/api/settings/@a/b:c", json!({ "raw": "{}" }), 404).await;
    refuse(workspace, json!({ "metadata": { "id": "other" } }), 400).await;
    refuse(SETTINGS, json!({ "raw": "x".repeat(1_100_000) }), 400).await;
    let foreign = host.guest("PUT", SETTINGS).header("Cookie", &ana).header("Origin", "http://evil.example");
    foreign.body(json!({ "raw": "{}" })).send().await.error(403);
}

#[tokio::test]
async fn lab_6_what_is_not_here_is_said_to_be_absent() {
    let host = TestHost::start(&[]).await;
    let get = async |path: &str| host.owner("GET", &format!("/tides{path}")).send().await.json();
    assert_eq!(get("/api/kernelspecs").await, json!({ "default": "", "kernelspecs": {} }));
    for path in ["/api/kernels", "/api/sessions", "/api/terminals"] {
        assert_eq!(get(path).await, json!([]));
        let refused = host.owner("POST", path).body("{}").send().await.error(403);
        assert_eq!(refused, "This host runs no code");
    }
    assert_eq!(get("/lab/api/translations/default").await, json!({ "data": {}, "message": "" }));
    assert_eq!(get("/api/resolvePath?path=/etc").await, json!({ "resolved": [] }));
}

#[tokio::test]
async fn seed_7_what_collaboration_is_switched_to_is_in_the_page_and_every_answer() {
    let root = tempfile::tempdir().unwrap();
    install(root.path());
    let mut setup = Setup { jupyterlab: Some(root.path().to_owned()), ..Setup::default() };
    setup.adjust = |config| (config.collaboration, config.server_side_execution) = (false, true);
    let host = TestHost::start_with(&[("a.txt", "hello\n")], setup).await;
    let page = host.owner("GET", "/tides/lab").send().await;
    assert_eq!((&config(&page)["disableRTC"], &config(&page)["serverSideExecution"]), (&json!(true), &json!(true)));

    let body = json!({ "format": "text", "type": "file" });
    let session = host.owner("PUT", "/api/collaboration/session/a.txt").body(body).send().await;
    let switched_off = |text: &str| text.contains("switched off on this host (disable_rtc)");
    assert!(session.status == 403 && switched_off(session.json()["message"].as_str().unwrap()));
    let (code, reason) = host.join("text:file:some", "any").await.closed().await;
    assert!(code == 4403 && switched_off(&reason), "{code} {reason}");
    // Files are read and saved, and people see each other.
    let model = json!({ "type": "file", "format": "text", "content": "changed\n" });
    assert_eq!(host.owner("PUT", "/api/contents/a.txt").body(model).send().await.status, 200);
    assert_eq!(host.read("a.txt"), "changed\n");
    host.join("JupyterLab:globalAwareness", "").await.announce("Ana");

    let run = host.owner("POST", "/api/kernels/k/execute").body(json!({ "code": "1" })).send().await;
    assert_eq!(run.status, 403);
    assert!(run.json()["message"].as_str().unwrap().contains("runs no code yet"), "{}", run.text());
}
