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
        assert!(page.header("content-type").starts_with("text/"), "{path}");
    }
    let missing = host.request("GET", "/tides/assets/none-0000.js").send().await;
    assert_eq!(missing.status, 404);
    assert!(missing.header("content-type").starts_with("text/plain"));
}
