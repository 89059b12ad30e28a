//! The page at a folder's base.

use tests::TestHost;

#[tokio::test]
async fn rest_14_the_page_is_at_the_folders_base_under_a_strict_policy() {
    let host = TestHost::start(&[]).await;
    let bare = host.request("GET", "/tides?file=a.txt").send().await;
    assert_eq!((bare.status, bare.header("location")), (307, "/tides/?file=a.txt"));
    for path in ["/tides/", "/"] {
        let page = host.request("GET", path).send().await;
        assert_eq!(page.status, 200, "{path}");
        // Before the interface is built there is only a sentence about that.
        if page.header("content-type").starts_with("text/html") {
            let policy = page.header("content-security-policy");
            assert!(
                policy.contains("script-src 'self';") && policy.contains("connect-src 'self';"),
                "{path}: {policy}"
            );
            assert_eq!(page.header("cache-control"), "no-cache", "{path}");
        } else {
            assert!(page.text().contains("not built"), "{path}: {}", page.text());
        }
    }
    let missing = host.request("GET", "/tides/assets/none-0000.js").send().await;
    assert_eq!(missing.status, 404);
    assert!(missing.header("content-type").starts_with("text/plain"));
}
