//! What is drawn by chance can be drawn again, and all of it can be tried.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use l402_conformance::{Payer, Profile, Report, Settings, Target, server};
use support::flawed::{self, Flaw};

async fn check(flaw: Flaw, settings: &Settings) -> Report {
    let addresses = flawed::serve(flaw, Profile::Default).await;
    let payer = Payer::node(&addresses.url("node")).unwrap();
    server::run(&Target::new(&addresses.url("report")).unwrap(), Some(&payer), settings, &mut |_| {}).await
}

/// The preimage that was invented for `verification/wrong-preimage`.
async fn invented(seed: u64) -> String {
    let settings = Settings::new().only("verification/wrong-preimage").with_seed(seed);
    let report = check(Flaw::WrongPreimageIs500, &settings).await;
    let evidence = &report.case("verification/wrong-preimage").unwrap().evidence;
    let request = evidence.last().unwrap().as_http().unwrap().request();
    let request = String::from_utf8(request.to_vec()).unwrap();
    request.trim_end()[request.trim_end().len() - 64..].to_owned()
}

#[tokio::test]
async fn the_same_seed_sends_the_same() {
    assert_eq!(invented(1).await, invented(1).await);
    assert_ne!(invented(1).await, invented(2).await);
}

#[tokio::test]
async fn an_exhaustive_run_tries_every_bit() {
    let settings = Settings::new().only("verification/tampered").exhaustive();
    let report = check(Flaw::None, &settings).await;
    assert_eq!((report.counts().passed, report.counts().errors), (report.cases.len(), 0));

    let report = check(Flaw::OneBitUnchecked, &settings).await;
    assert_eq!(report.counts().failed, 1, "{}", report.to_human(false));
    let sampled = Settings::new().only("verification/tampered").with_seed(1);
    assert_eq!(
        check(Flaw::OneBitUnchecked, &sampled).await.counts().failed,
        0,
        "a sample of this seed misses it"
    );
}
