//! Which format a client gets, by its `Accept`.

use l402_server::Profile;

use crate::common::{Shop, answer};
use crate::{BROWSER, ask, send};

const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";
const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// `Accept` values and what they get from the default profile.
const TABLE: &[(&[&str], &str)] = &[
    // What programs send: nothing, curl, fetch and reqwest, axios, jQuery, Go and Python libraries.
    (&[], JSON),
    (&["*/*"], JSON),
    (&["application/json, text/plain, */*"], JSON),
    (&["application/json, text/javascript, */*; q=0.01"], JSON),
    (&["application/json"], JSON),
    (&["application/json;charset=utf-8"], JSON),
    (&["APPLICATION/JSON"], JSON),
    (&["application/*"], JSON),
    // What browsers send when somebody opens an address: Chrome, Firefox, Safari, old Edge.
    (&[BROWSER], HTML),
    (&["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], HTML),
    (&["text/html, application/xhtml+xml, image/jxr, */*"], JSON),
    // And Java's HttpURLConnection, whose qualities are no qualities.
    (&["text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"], HTML),
    (&["text/html"], HTML),
    (&["Text/HTML ; Q=0.9 , application/json;q=0.8"], HTML),
    // What they send for an image or a script.
    (&["image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"], JSON),
    // Nothing that there is.
    (&["image/png"], JSON),
    (&[""], JSON),
    (&["*/*;q=0"], JSON),
    // A page only to those that like it better, a problem document to those that name it.
    (&["text/html, application/json"], JSON),
    (&["text/html;q=0.5, application/json;q=0.9"], JSON),
    (&["text/html;q=0.5, */*;q=0.1"], HTML),
    (&["text/html;q=0"], JSON),
    (&["text/*"], JSON),
    (&["*/*", "text/html"], JSON),
    (&["*/*;q=0.3", "text/html"], HTML),
    (&["application/problem+json"], PROBLEM),
    (&["application/json, application/problem+json"], PROBLEM),
    (&["application/problem+json, */*"], PROBLEM),
    (&["application/problem+json;q=0.5, application/json"], JSON),
    (&["application/problem+json;q=0"], JSON),
    (&["application/problem+json;q=0.9, text/html"], HTML),
    (&["text/html, application/problem+json, */*;q=0.8"], PROBLEM),
    // The most specific range counts.
    (&["application/json;q=0.1, application/*, text/html;q=0.5"], HTML),
    (&["application/*;q=0.1, */*, text/html;q=0.5"], HTML),
    // Malformed ranges do not count.
    (&["text/html;q=2, application/json;q=0.1"], JSON),
    (&["text/html;q=, */*;q=0.1"], JSON),
    (&["text/html;q=0.1234, */*;q=0.1"], JSON),
    (&["text/html;q=1.001, */*;q=0.1"], JSON),
    (&["text/html;q=-1, */*;q=0.1"], JSON),
    (&["text/html;q=NaN, */*;q=0.1"], JSON),
    (&["text/html;q=1e3, */*;q=0.1"], JSON),
    (&["text/html;q=1., */*;q=0.1"], HTML),
    (&["text/html;q=1.000, */*;q=0.999"], HTML),
    (&["text/html;q=0.002, */*;q=0.001"], HTML),
    (&[";;;,,,=,q=1,/,*"], JSON),
    // Commas and semicolons in quotes separate nothing.
    (&[r#"text/html;a=", application/json;q=1";q=0.2, */*;q=0.1"#], HTML),
    (&[r#"text/html;a="\", application/json";q=0.1, */*;q=0.2"#], JSON),
    (&[r#"text/plain;a=", text/html"#], JSON),
];

#[tokio::test]
async fn the_format_is_the_one_that_the_client_likes_best() {
    let shop = Shop::open();
    for (accept, expected) in TABLE {
        let fields: Vec<(&str, &[u8])> = accept.iter().map(|value| ("accept", value.as_bytes())).collect();
        let reply = ask(&shop, &fields).await;
        assert_eq!(reply.header("content-type"), Some(*expected), "{accept:?}");
        assert_eq!(reply.header("vary"), Some("Accept"));
    }
}

#[tokio::test]
async fn hostile_accept_gets_the_usual() {
    let shop = Shop::open();
    let many = "text/html,".repeat(800);
    let (quotes, semicolons) = ("\"".repeat(8192), format!("text/html{}", ";".repeat(8192)));
    let split: Vec<(&str, &[u8])> = vec![("accept", b"text/html;q=0.9"); 200];
    for value in [many.as_bytes(), quotes.as_bytes(), semicolons.as_bytes(), &[0xff; 8192], &[0; 100]] {
        assert_eq!(ask(&shop, &[("accept", value)]).await.header("content-type"), Some(JSON));
    }
    assert_eq!(ask(&shop, &split).await.header("content-type"), Some(JSON));
    let padded = format!("text/html{}", " ".repeat(1024 - 9));
    assert_eq!(ask(&shop, &[("accept", padded.as_bytes())]).await.header("content-type"), Some(HTML));
}

#[tokio::test]
async fn pages_are_for_requests_that_a_page_can_repeat() {
    let shop = Shop::open();
    for (method, expected) in
        [("GET", HTML), ("HEAD", HTML), ("POST", JSON), ("PUT", JSON), ("OPTIONS", JSON)]
    {
        let reply = answer(send(&shop, method, "/report", &[("accept", BROWSER.as_bytes())]).await);
        assert_eq!(reply.header("content-type"), Some(expected), "{method}");
    }
    let plain = Shop::open_with(|gate| gate.html(false));
    assert_eq!(ask(&plain, &[("accept", BROWSER.as_bytes())]).await.header("content-type"), Some(JSON));
}

#[tokio::test]
async fn with_plain_text_as_the_usual_json_is_there_for_those_that_name_it() {
    let shop = Shop::open_with(|gate| gate.profile(Profile::APERTURE));
    for (accept, expected) in [
        ("*/*", TEXT),
        ("text/*", TEXT),
        ("text/plain, application/json", TEXT),
        ("application/json", JSON),
        ("application/json, */*;q=0.5", JSON),
        ("application/json, */*", TEXT),
        ("application/*", TEXT),
        (BROWSER, HTML),
    ] {
        let reply = ask(&shop, &[("accept", accept.as_bytes())]).await;
        assert_eq!(reply.header("content-type"), Some(expected), "{accept}");
        let nosniff = reply.header("x-content-type-options");
        assert_eq!(nosniff, (expected != JSON).then_some("nosniff"), "{accept}");
    }
}
