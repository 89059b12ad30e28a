//! Answers over HTTP: credentials, contents, identity, errors.

use serde_json::{Value, json};
use tests::{OWNER_TOKEN, Request, TestHost, notebook};

#[tokio::test]
async fn rest_1_a_token_counts_in_header_query_and_cookie() {
    let host = TestHost::start(&[]).await;
    for scheme in ["token", "Bearer", "bearer"] {
        let request = host.request("GET", "/api/me").header("Authorization", &format!("{scheme} {OWNER_TOKEN}"));
        assert_eq!(request.send().await.status, 200, "{scheme}");
    }
    let query = format!("/api/me?1700000000000&&token={OWNER_TOKEN}");
    assert_eq!(host.request("GET", &query).send().await.status, 200);

    let opened = host.request("GET", &format!("/tides/?token={OWNER_TOKEN}&file=a.txt")).send().await;
    assert_eq!((opened.status, opened.header("location")), (302, "/tides/?file=a.txt"));
    let attributes = opened.header("set-cookie");
    assert!(attributes.starts_with(&format!("commonplace-{}-tides=", host.server.port())), "{attributes}");
    assert!(["HttpOnly", "SameSite=Strict", "Path=/"].iter().all(|part| attributes.contains(part)), "{attributes}");
    for path in ["/api/me", "/tides/api/me"] {
        let reply = host.request("GET", path).header("Cookie", &format!("other=1; {}", opened.cookie())).send().await;
        assert_eq!(reply.status, 200, "{path}");
    }
    let wrong = host.request("GET", "/tides/?token=wrong").send().await;
    assert_eq!((wrong.status, wrong.header("set-cookie")), (200, ""));
}

#[tokio::test]
async fn rest_2_without_a_good_token_everything_is_403() {
    let host = TestHost::start(&[("a.txt", "a\n")]).await;
    let places = [
        ("GET", "/api/me"),
        ("GET", "/api/contents/a.txt"),
        ("GET", "/api/contents/missing.txt"),
        ("PUT", "/api/collaboration/session/a.txt"),
        ("PUT", "/api/collaboration/session/missing.txt"),
        ("GET", "/api/collaboration/room/JupyterLab:globalAwareness"),
        ("GET", "/api/events/subscribe"),
        ("GET", "/api/commonplace/files"),
        ("GET", "/api/commonplace/file/a.txt"),
        ("POST", "/api/commonplace/panel"),
    ];
    for (method, path) in places {
        host.request(method, path).send().await.error(403);
        host.request(method, path).token("wrong").send().await.error(403);
        host.request(method, &format!("{path}?token=wrong")).send().await.error(403);
        host.request(method, path).header("Cookie", "commonplace-1-tides=wrong").send().await.error(403);
    }
    for path in ["/api/collaboration/room/x", "/api/events/subscribe", "/api/commonplace/panel"] {
        assert_eq!(host.request("GET", path).token("wrong").connect().await.err(), Some(403), "{path}");
    }
}

#[tokio::test]
async fn rest_3_every_folder_has_its_base_and_the_only_one_also_the_root() {
    let host = TestHost::start(&[("a.txt", "a\n")]).await;
    assert_eq!(host.owner("GET", "/api/contents/a.txt").send().await.status, 200);
    assert_eq!(host.owner("GET", "/tides/api/contents/a.txt").send().await.status, 200);
    assert_eq!(host.request("GET", "/api").send().await.json(), json!({ "version": protocol::VERSION }));

    let other = host.add_folder("dunes").await;
    host.owner("GET", "/api/contents/a.txt").send().await.error(404);
    assert_eq!(host.owner("GET", "/tides/api/contents/a.txt").send().await.status, 200);
    host.owner("GET", &format!("/{other}/api/contents/a.txt")).send().await.error(404);
    let root = host.request("GET", "/").send().await;
    assert_eq!(root.status, 200);
    assert!(!root.text().contains("tides") && !root.text().contains("dunes"), "{}", root.text());
}

#[tokio::test]
async fn rest_4_me_is_the_identity_and_what_it_may_do() {
    let host = TestHost::start(&[]).await;
    let me = host.owner("GET", "/api/me").send().await.json();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<std::collections::BTreeSet<_>>();
    // As recorded from the reference server.
    let recorded =
        json!({ "username": "", "name": "", "display_name": "", "initials": "", "avatar_url": null, "color": null });
    assert_eq!(keys(&me["identity"]), keys(&recorded));
    assert_eq!((&me["identity"]["name"], &me["identity"]["avatar_url"]), (&json!("Marie"), &Value::Null));
    assert_eq!(me["permissions"], json!({ "updatable_fields": [] }));
    let asked = "/api/me?permissions=%7B%22contents%22%3A%5B%22read%22%2C%22write%22%5D%2C%22kernels%22%3A%5B%22execute%22%5D%7D";
    let me = host.owner("GET", asked).send().await.json();
    assert_eq!(
        (&me["permissions"]["contents"], &me["permissions"]["kernels"]),
        (&json!(["read", "write"]), &json!([]))
    );
}

#[tokio::test]
async fn rest_52_a_question_about_permissions_and_a_body_that_make_no_sense_are_400() {
    let host = TestHost::start(&[("a.txt", "a")]).await;
    for wanted in ["bad", "%5B%5D", "%7B%22contents%22%3A%22read%22%7D", "%7B%22contents%22%3A%5B1%5D%7D"] {
        let reply = host.owner("GET", &format!("/api/me?permissions={wanted}")).send().await;
        assert!(reply.error(400).contains("permissions"), "{wanted}: {}", reply.text());
    }
    let me = host.owner("GET", "/api/me?permissions=").send().await;
    assert_eq!((me.status, &me.json()["permissions"]), (200, &json!({ "updatable_fields": [] })));
    // In place of `{"copy_from": "a.txt"}`.
    for body in [r#"["a.txt","file",".txt"]"#, "[]", r#""x""#, "7"] {
        let reply = host.owner("POST", "/api/contents").body(body).send().await;
        assert!(!reply.error(400).is_empty(), "{body}: {}", reply.text());
    }
    assert!(!host.path("a-Copy1.txt").exists());
}

/// Keys of a contents model, as recorded from the reference server.
const MODEL: [&str; 12] = [
    "name",
    "path",
    "last_modified",
    "created",
    "content",
    "format",
    "mimetype",
    "size",
    "writable",
    "hash",
    "hash_algorithm",
    "type",
];

#[tokio::test]
async fn rest_5_contents_lists_describes_and_returns_files_as_jupyter_does() {
    let text = notebook(&[("code", "1 + 1")]);
    let host = TestHost::start(&[("a.txt", "Grüße\n"), ("sub/b c.ipynb", &text), (".hidden", "x")]).await;
    let get = async |path: &str| {
        let reply = host.owner("GET", path).send().await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.json()
    };
    for path in ["/api/contents", "/api/contents/", "/api/contents?content=1&hash=0&1700000000000"] {
        let root = get(path).await;
        assert_eq!(
            (&root["name"], &root["path"], &root["type"], &root["format"]),
            (&json!(""), &json!(""), &json!("directory"), &json!("json"))
        );
        let mut names: Vec<&str> =
            root["content"].as_array().unwrap().iter().filter_map(|child| child["name"].as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["a.txt", "sub"], "{path}");
    }
    let file = get("/api/contents/a.txt?type=file&content=1&format=text").await;
    let mut keys: Vec<&str> = file.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = MODEL;
    keys.sort_unstable();
    expected.sort_unstable();
    assert_eq!(keys, expected);
    assert_eq!((&file["content"], &file["format"], &file["type"]), (&json!("Grüße\n"), &json!("text"), &json!("file")));
    assert_eq!((&file["size"], &file["mimetype"], &file["writable"]), (&json!(8), &json!("text/plain"), &json!(true)));
    let encoded = get("/api/contents/a.txt?format=base64&type=file").await;
    assert_eq!(encoded["content"].as_str().unwrap().trim(), "R3LDvMOfZQo=");
    for path in ["/api/contents/sub/b%20c.ipynb", "/api/contents/sub%2Fb%20c.ipynb"] {
        let book = get(path).await;
        assert_eq!(
            (&book["type"], &book["format"], &book["path"]),
            (&json!("notebook"), &json!("json"), &json!("sub/b c.ipynb"))
        );
        assert_eq!(book["content"]["cells"][0]["cell_type"], "code");
    }
    let bare = get("/api/contents/a.txt?content=0").await;
    assert_eq!((&bare["content"], &bare["format"], &bare["hash"]), (&Value::Null, &Value::Null, &Value::Null));

    let missing = host.owner("GET", "/api/contents/sub/none.txt?content=0&hash=0").send().await.error(404);
    assert!(missing.contains("sub/none.txt"), "{missing}");
    for outside in ["..%2Fsecret.txt", "%2E%2E/secret.txt", "sub/%2E%2E/%2E%2E/secret.txt", ".hidden"] {
        host.owner("GET", &format!("/api/contents/{outside}")).send().await.error(404);
    }
    for bad in ["a.txt?content=2", "a.txt?hash=yes", "a.txt?format=pdf", "a.txt?type=directory", "sub?type=file", "%ff"]
    {
        host.owner("GET", &format!("/api/contents/{bad}")).send().await.error(400);
    }
}

#[tokio::test]
async fn rest_6_hash_is_that_of_the_bytes_on_disk_and_dates_are_utc() {
    let host = TestHost::start(&[("a.txt", "abc")]).await;
    let model = host.owner("GET", "/api/contents/a.txt?content=0&hash=1").send().await.json();
    assert_eq!(model["hash"], "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(model["hash_algorithm"], "sha256");
    for key in ["created", "last_modified"] {
        let date = model[key].as_str().unwrap();
        assert!(date.len() >= 20 && date.ends_with('Z') && &date[10..11] == "T", "{date}");
    }
}

#[tokio::test]
async fn rest_7_wrong_methods_and_unknown_endpoints_have_jupyters_json() {
    let host = TestHost::start(&[("a.txt", "a\n")]).await;
    for (method, path) in [
        ("GET", "/api/collaboration/session/a.txt"),
        ("POST", "/api/collaboration/session/a.txt"),
        ("DELETE", "/api/events/subscribe"),
        ("PUT", "/api/me"),
        ("POST", "/"),
    ] {
        let message = host.owner(method, path).send().await.error(405);
        assert_eq!(message, "Method Not Allowed", "{method} {path}");
    }
    let message = host.owner("GET", "/api/boats").send().await.error(404);
    assert!(message.contains("/api/boats"), "{message}");
}

#[tokio::test]
async fn rest_8_answers_forbid_sniffing_framing_referrers_and_loading() {
    let host = TestHost::start(&[("a.txt", "a\n")]).await;
    for path in ["/api/me", "/api/contents/missing", "/tides/", "/nothing", "/api/commonplace/file/a.txt"] {
        let reply = host.owner("GET", path).send().await;
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(reply.header("referrer-policy"), "no-referrer", "{path}");
        let policy = reply.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'self'"), "{path}: {policy}");
    }
    let policy = host.owner("GET", "/api/me").send().await;
    assert_eq!(policy.header("content-security-policy"), "default-src 'none'; frame-ancestors 'self'");
    assert_eq!(policy.header("content-type"), "application/json");
}

#[tokio::test]
async fn rest_9_another_sites_page_cannot_use_our_cookie() {
    let host = TestHost::start(&[("a.txt", "a\n")]).await;
    let cookie = host.request("GET", &format!("/tides/?token={OWNER_TOKEN}")).send().await.cookie();
    let put = || {
        let request = host.request("PUT", "/tides/api/collaboration/session/a.txt");
        request.header("Cookie", &cookie).body(r#"{"format": "text", "type": "file"}"#)
    };
    let own = format!("http://{}", host.authority());
    put().send().await.error(403);
    put().header("Origin", "http://evil.example").send().await.error(403);
    put().header("Sec-Fetch-Site", "cross-site").send().await.error(403);
    assert_eq!(put().header("Origin", &own).send().await.status, 201);
    assert_eq!(put().header("Sec-Fetch-Site", "same-origin").send().await.status, 200);

    let socket = |origin: &str| {
        let request = host.request("GET", "/tides/api/collaboration/room/lobby").header("Cookie", &cookie);
        request.header("Origin", origin)
    };
    assert_eq!(socket("http://evil.example").connect().await.err(), Some(403));
    assert!(socket(&own).connect().await.is_ok());
    let with_token = host.owner("GET", "/tides/api/collaboration/room/lobby").header("Origin", "http://evil.example");
    assert!(with_token.connect().await.is_ok());
}

#[tokio::test]
async fn rest_50_a_cookie_changes_something_only_with_jupyters_proof_or_from_our_own_page() {
    let host = TestHost::start(&[("a.txt", "a\n")]).await;
    let opened = host.request("GET", &format!("/tides/?token={OWNER_TOKEN}")).send().await;
    let proof = |reply: &tests::Reply| {
        let cookie = reply.cookies.iter().find_map(|cookie| cookie.strip_prefix("_xsrf=")).unwrap();
        let (value, attributes) = cookie.split_once("; ").unwrap();
        assert_eq!(attributes, "Path=/tides/; SameSite=Strict", "scripts read it");
        value.to_owned()
    };
    let (cookie, owners) = (opened.cookie(), proof(&opened));
    let joined = host.redeem(&host.share().await, "Ana").await;
    let (ana, anas) = (joined.cookie(), proof(&joined));
    assert!(owners.len() == 32 && owners != anas && !cookie.contains(&owners));

    let send = |method: &str, query: &str, cookie: &str, sent: &str| {
        let request = host.request(method, &format!("/tides/api/contents/a.txt{query}"));
        let request = request.header("Cookie", &format!("{cookie}; _xsrf={sent}"));
        if sent.is_empty() { request } else { request.header("X-XSRFToken", sent) }
    };
    let body = |method: &str| match method {
        "PATCH" => json!({ "path": "a.txt" }).to_string(),
        "POST" => json!({ "type": "file" }).to_string(),
        _ => json!({ "type": "file", "format": "text", "content": "b\n" }).to_string(),
    };
    for method in ["PUT", "PATCH", "POST", "DELETE"] {
        let missing = send(method, "", &cookie, "").body(body(method)).send().await.error(403);
        assert_eq!(missing, "'_xsrf' argument missing from POST", "{method}");
        // A value that matches its own cookie, or that of somebody else, proves nothing.
        for wrong in ["q", &anas, &owners.to_uppercase(), &owners[1..]] {
            let refused = send(method, "", &cookie, wrong).body(body(method)).send().await.error(403);
            assert_eq!(refused, "XSRF cookie does not match POST argument", "{method} {wrong}");
        }
        assert_eq!(host.read("a.txt"), "a\n", "{method}");
    }
    // As a header and as an argument; from any page that can read it but one that says it is of another site.
    assert_eq!(send("PUT", "", &cookie, &owners).body(body("PUT")).send().await.status, 200);
    assert_eq!(host.read("a.txt"), "b\n");
    let argument = send("PUT", &format!("?_xsrf={anas}"), &ana, "").body(body("PUT"));
    assert_eq!(argument.send().await.status, 200);
    let page = |origin: &str| send("PUT", "", &cookie, &owners).header("Origin", origin).body(body("PUT"));
    page("http://127.0.0.1:1").send().await.error(403);
    page("null").send().await.error(403);
    let own = format!("http://{}", host.authority());
    let plain = send("PUT", "", &cookie, "").header("Origin", &own).body(body("PUT"));
    assert_eq!(plain.send().await.status, 200);
    // With a token nothing can be forged.
    let token =
        send("PUT", "", &cookie, "").token(OWNER_TOKEN).header("Origin", "http://evil.example").body(body("PUT"));
    assert_eq!(token.send().await.status, 200);
    // What is only read needs no proof.
    assert_eq!(send("GET", "", &cookie, "").send().await.status, 200);
}

#[tokio::test]
async fn rest_10_names_that_were_made_to_point_here_are_not_answered() {
    let host = TestHost::start(&[]).await;
    let port = host.server.port();
    for name in ["localhost", "127.0.0.1", "[::1]"] {
        let reply = host.owner("GET", "/api/me").header("Host", &format!("{name}:{port}")).send().await;
        assert_eq!(reply.status, 200, "{name}");
    }
    for name in ["evil.example", "127.0.0.1.evil.example", "192.0.2.7"] {
        host.owner("GET", "/api/me").header("Host", &format!("{name}:{port}")).send().await.error(403);
    }
}

#[tokio::test]
async fn rest_11_files_are_saved_pictures_are_shown_and_nothing_runs() {
    let host = TestHost::start(&[("page.html", "<script>alert(1)</script>"), ("sub/dot.png", "not really")]).await;
    let page = host.owner("GET", "/api/commonplace/file/page.html").send().await;
    assert_eq!((page.status, page.text().as_str()), (200, "<script>alert(1)</script>"));
    assert_eq!(page.header("content-type"), "application/octet-stream");
    assert!(page.header("content-disposition").starts_with("attachment"), "{:?}", page.headers);
    assert!(page.header("content-security-policy").contains("sandbox"), "{:?}", page.headers);
    let picture = host.owner("GET", "/api/commonplace/file/sub%2Fdot.png").send().await;
    assert_eq!((picture.status, picture.header("content-type")), (200, "image/png"));
    assert!(picture.header("content-disposition").starts_with("inline"), "{:?}", picture.headers);
    host.owner("GET", "/api/commonplace/file/..%2F..%2Fetc%2Fpasswd").send().await.error(404);

    let list = host.owner("GET", "/api/commonplace/files").send().await.json();
    let paths: Vec<&str> = list["files"].as_array().unwrap().iter().filter_map(|file| file["path"].as_str()).collect();
    assert_eq!(paths, ["page.html", "sub/dot.png"]);
}

#[tokio::test]
async fn rest_12_a_taken_port_is_told_and_the_next_one_used() {
    let first = TestHost::start(&[]).await;
    let setup = tests::Setup { port: first.server.port(), ..Default::default() };
    let second = TestHost::start_with(&[], setup).await;
    let state = second.server.state();
    assert_eq!(state.taken_port, Some(first.server.port()));
    assert_ne!(state.port, first.server.port());
    let reply = Request::new(&format!("127.0.0.1:{}", state.port), "GET", "/api").send().await;
    assert_eq!(reply.status, 200);
}
