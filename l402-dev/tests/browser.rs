//! The page of `l402-dev serve` and the paywall's own page, in a real browser. `make test-browser` installs one and
//! runs these.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

#[path = "support/served.rs"]
mod served;

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use l402_core::bolt11::InvoiceFacts;
use l402_dev::control;
use serde_json::json;
use served::Served;

const PATIENCE: Duration = Duration::from_secs(60);
const WHY: &str = "needs Chromium and its driver: make test-browser";

/// A browser with its driver, both ended with the test.
struct Browser {
    client: Client,
    _driver: Driver,
}

struct Driver(Child);

impl Browser {
    async fn start(dark: bool) -> Self {
        let mut args = vec!["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1000,1400"];
        if dark {
            args.push("--force-dark-mode");
        }
        let serde_json::Value::Object(capabilities) = json!({"goog:chromeOptions": {"args": args}}) else {
            unreachable!()
        };
        let mut builder = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
        builder.capabilities(capabilities);
        let (driver, url) = Driver::start();
        let client = builder.connect(&url).await.unwrap();
        Self { client, _driver: driver }
    }

    async fn element(&self, css: &str) -> Element {
        let wait = self.client.wait().at_most(PATIENCE);
        wait.for_element(Locator::Css(css)).await.unwrap_or_else(|error| panic!("{css}: {error}"))
    }

    /// Clicks on what is there, once: if the page puts another element into its place meanwhile, on that one.
    async fn click(&self, css: &str) {
        let deadline = std::time::Instant::now() + PATIENCE;
        while let Err(error) = self.element(css).await.click().await {
            assert!(error.is_stale_element_reference(), "{css}: {error}");
            assert!(std::time::Instant::now() < deadline, "{css} is never the same for long");
        }
    }

    /// Waits until the text of an element has `part` in it.
    async fn sees(&self, css: &str, part: &str) -> String {
        let deadline = std::time::Instant::now() + PATIENCE;
        loop {
            let script = "const e = document.querySelector(arguments[0]); return e ? e.textContent : ''";
            let text = self.client.execute(script, vec![css.into()]).await.unwrap();
            let text = text.as_str().unwrap_or_default().to_owned();
            if text.contains(part) {
                return text;
            }
            assert!(std::time::Instant::now() < deadline, "{css} has no {part:?}: {text:?}");
        }
    }

    async fn tells(&self, condition: &str) -> bool {
        let answer = self.client.execute(&format!("return {condition}"), Vec::new()).await.unwrap();
        answer.as_bool().unwrap()
    }

    async fn value(&self, css: &str) -> String {
        let script = "return document.querySelector(arguments[0]).value";
        self.client.execute(script, vec![css.into()]).await.unwrap().as_str().unwrap().to_owned()
    }

    /// Keeps a picture next to the build, for people and CI.
    async fn screenshot(&self, name: &str) {
        let directory = std::env::var_os("L402_SCREENSHOTS")
            .map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("screenshots"), PathBuf::from);
        std::fs::create_dir_all(&directory).unwrap();
        let picture = self.client.screenshot().await.unwrap();
        std::fs::write(directory.join(name).with_extension("png"), picture).unwrap();
    }

    async fn end(self) {
        self.client.clone().close().await.unwrap();
    }
}

impl Driver {
    /// Starts one, and says where it listens. It looks for a port that is free and takes it then, by when another one may
    /// have taken it: such a driver ends, and the next one looks again.
    fn start() -> (Self, String) {
        for _ in 0..20 {
            let mut command = Command::new("chromedriver");
            let process =
                command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect(WHY);
            let mut driver = Self(process);
            let mut lines = BufReader::new(driver.0.stdout.take().unwrap()).lines();
            // "ChromeDriver was started successfully on port 38383."
            let port = lines.find_map(|line| {
                let line = line.unwrap();
                let (_, port) = line.split_once("successfully on port ")?;
                Some(port.trim_end_matches('.').to_owned())
            });
            if let Some(port) = port {
                return (driver, format!("http://127.0.0.1:{port}"));
            }
        }
        panic!("{WHY}");
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[tokio::test]
#[ignore = "needs Chromium: make test-browser"]
async fn invoices_are_created_paid_and_seen_live() {
    let served = Served::start(&["--account", "alice=500"]);
    let browser = Browser::start(false).await;
    browser.client.goto(&served.text("url")).await.unwrap();
    browser.sees("#live", "Live").await;
    browser.sees("#accounts", "alice").await;

    browser.click("#invoice-form button").await;
    browser.sees("#invoices tr", "open").await;
    browser.click("#invoices button").await;
    browser.sees("#pay-result", "preimage").await;
    browser.sees("#invoices tr", "paid").await;
    browser.sees("#payments tr", "payer").await;
    assert!(browser.tells("document.activeElement.closest('#invoices') !== null").await, "the focus is lost");
    browser.screenshot("page-light").await;

    // What others do shows without a reload.
    let order = control::InvoiceOrder {
        amount_msat: 7_000,
        description: "<b>from elsewhere</b>".to_owned(),
        expires_in: 600,
        account: Some("alice".to_owned()),
    };
    control::create_invoice(&served.text("node"), &order).await.unwrap();
    browser.sees("#invoices tr", "<b>from elsewhere</b>").await;

    // What has the focus keeps it when lines come and go around it.
    let focus = "document.querySelector('#invoices tr:first-child button:last-of-type').focus();";
    browser.client.execute(focus, Vec::new()).await.unwrap();
    control::create_invoice(&served.text("node"), &order).await.unwrap();
    browser.sees("#invoice-count", "3").await;
    let second = "document.querySelector('#invoices tr:nth-child(2)')";
    assert!(browser.tells(&format!("document.activeElement.closest('tr') === {second}")).await);

    browser.click("#invoices button:nth-of-type(2)").await;
    browser.sees("#decoded", "\"amount_msat\": 7000").await;
    browser.end().await;
}

#[tokio::test]
#[ignore = "needs Chromium: make test-browser"]
async fn faults_are_toggled_and_felt() {
    let served = Served::start(&[]);
    let browser = Browser::start(true).await;
    browser.client.goto(&served.text("url")).await.unwrap();
    browser.sees("#faults", "everything works").await;
    browser.click("#fault-form button[type=submit]").await;
    browser.sees("#faults", "payment next fail=no-route").await;
    browser.screenshot("page-dark").await;
    browser.click("#invoice-form button").await;
    browser.sees("#invoices tr", "open").await;
    browser.click("#invoices button").await;
    browser.sees("#pay-result", "no route").await;
    browser.sees("#faults", "everything works").await;
    browser.click("#fault-form button[type=submit]").await;
    browser.sees("#faults", "payment next fail=no-route").await;
    browser.click("#fault-clear").await;
    browser.sees("#faults", "everything works").await;
    browser.end().await;
}

/// Everything can be reached and named without a mouse or eyes.
#[tokio::test]
#[ignore = "needs Chromium: make test-browser"]
async fn every_control_has_a_name_and_the_keyboard_reaches_it() {
    let served = Served::start(&[]);
    let browser = Browser::start(false).await;
    for url in [served.text("url"), served.text("premium")] {
        browser.client.goto(&url).await.unwrap();
        browser.element("main").await;
        let script = "
            const controls = [...document.querySelectorAll('button, input, select, textarea, a[href]')];
            return controls.filter((c) => c.offsetParent !== null).filter((c) =>
                c.tabIndex < 0 || !(c.textContent.trim() || c.getAttribute('aria-label') ||
                    c.querySelector('[aria-label]') || (c.labels && c.labels.length)),
            ).map((c) => c.outerHTML.slice(0, 200));";
        let nameless = browser.client.execute(script, Vec::new()).await.unwrap();
        assert_eq!(nameless, json!([]), "{url}");
        let language =
            browser.client.execute("return document.documentElement.lang", Vec::new()).await.unwrap();
        assert_eq!(language, "en", "{url}");
    }
    browser.end().await;
}

#[tokio::test]
#[ignore = "needs Chromium: make test-browser"]
async fn the_paywall_page_opens_with_a_wallet_in_the_browser() {
    let served = Served::start(&[]);
    let browser = Browser::start(false).await;
    browser.client.goto(&served.text("premium")).await.unwrap();
    browser.sees("#price", "10").await;
    browser.screenshot("paywall").await;
    let stub = r"
        window.webln = {
            enable: async () => {},
            sendPayment: async (invoice) => {
                const answer = await fetch('/node/pay', { method: 'POST', body: invoice });
                return { preimage: (await answer.text()).trim() };
            },
        };
        dispatchEvent(new Event('webln:ready'));";
    browser.client.execute(stub, Vec::new()).await.unwrap();
    browser.click("#webln").await;
    browser.sees("#status", "Paid. Thank you.").await;
    browser.screenshot("paywall-paid").await;
    browser.click("#open").await;
    browser.sees("body", "premium answer").await;
    browser.end().await;
}

#[tokio::test]
#[ignore = "needs Chromium: make test-browser"]
async fn the_paywall_page_opens_by_scanning_and_pasting() {
    let served = Served::start(&[]);
    let browser = Browser::start(false).await;
    browser.client.goto(&format!("{}/reports/7", served.text("premium"))).await.unwrap();
    browser.sees("#price", "25").await;

    // As a phone sees it.
    let code = browser.element("svg").await;
    let scanned = scan(&code.screenshot().await.unwrap());
    let invoice = scanned.trim_start_matches("LIGHTNING:").trim_start_matches("lightning:").to_lowercase();
    assert_eq!(invoice, browser.value("#invoice").await);
    assert!(invoice.parse::<InvoiceFacts>().is_ok());

    let preimage = control::pay(&served.text("node"), &invoice).await.unwrap();
    let field = browser.element("#preimage").await;
    field.send_keys("nonsense\u{e007}").await.unwrap();
    browser.sees("#status", "64 hex digits").await;
    field.clear().await.unwrap();
    field.send_keys(&format!("{}\u{e007}", preimage.expose_hex())).await.unwrap();
    browser.sees("#status", "Paid. Thank you.").await;
    browser.end().await;
}

/// The text of the QR code in a picture.
fn scan(picture: &[u8]) -> String {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(picture));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let samples = info.color_type.samples();
    let width = usize::try_from(info.width).unwrap();
    let height = usize::try_from(info.height).unwrap();
    let grey = |x: usize, y: usize| pixels[(y * width + x) * samples];
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, grey);
    image.detect_grids()[0].decode().unwrap().1
}
