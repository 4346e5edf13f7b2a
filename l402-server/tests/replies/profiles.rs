//! Every refusal, in every profile and format.

use std::time::Duration;

use l402_core::header::{Scheme, credential_header_value};
use l402_core::{Network, Preimage, UnknownCaveats};
use l402_server::stores::MemoryReplayStore;
use l402_server::{ErrorShape, OnBadToken, Profile, Reply};

use crate::common::secrecy::other_master_key;
use crate::common::{Shop, admission, answer, body};
use crate::{BROWSER, all, send, text};

/// Code, and the status in the profiles default, l402kit, aperture. 402 always means: with a challenge.
const TABLE: [(&str, [u16; 3]); 22] = [
    ("payment_required", [402, 402, 402]),
    ("malformed_credential", [401, 402, 402]),
    ("credential_too_long", [401, 402, 402]),
    ("ambiguous_credentials", [401, 402, 402]),
    ("bad_signature", [401, 402, 402]),
    ("unknown_root_key", [401, 402, 402]),
    ("wrong_preimage", [401, 402, 402]),
    ("missing_preimage", [401, 402, 402]),
    ("token_expired", [402, 401, 402]),
    ("token_used", [402, 401, 402]),
    ("wrong_path", [402, 402, 402]),
    ("wrong_method", [402, 402, 402]),
    ("malformed_caveat", [402, 402, 402]),
    ("widened_caveat", [402, 402, 402]),
    ("unknown_caveat", [402, 402, 402]),
    ("token_in_use", [409, 409, 409]),
    ("path_too_long", [414, 414, 414]),
    ("method_too_long", [501, 501, 501]),
    ("provider_unavailable", [503, 503, 503]),
    ("store_full", [503, 503, 503]),
    ("lease_lost", [503, 503, 503]),
    ("head", [402, 402, 402]),
];

const PROFILES: [Profile; 3] = [Profile::DEFAULT, Profile::L402KIT, Profile::APERTURE];

#[tokio::test]
async fn every_code_in_every_profile_and_format() {
    for (code, statuses) in TABLE {
        for (profile, status) in PROFILES.into_iter().zip(statuses) {
            for accept in ["", "*/*", "application/problem+json", BROWSER] {
                let reply = provoke(code, profile, accept).await;
                let case = format!("{code}, {profile:?}, Accept: {accept}\n{reply:?}");
                assert_eq!(reply.status, status, "{case}");
                check_fields(&reply, code, profile, &case);
                check_body(&reply, code, profile, accept, &case);
            }
        }
    }
}

/// The fields for machines depend on what happened and on the profile, never on the format.
fn check_fields(reply: &Reply, code: &str, profile: Profile, case: &str) {
    assert_eq!(all(reply, "cache-control"), ["no-store"], "{case}");
    assert_eq!(all(reply, "vary"), ["Accept"], "{case}");
    let schemes: Vec<_> = all(reply, "www-authenticate").iter().map(|value| &value[..4]).collect();
    let expected: &[&str] = match (reply.status, profile) {
        (402, _) if code == "head" => &[],
        (402, Profile::APERTURE) => &["LSAT", "L402"],
        (402 | 401, _) => &["L402"],
        _ => &[],
    };
    assert_eq!(schemes, expected, "{case}");
    let waits = matches!(code, "token_in_use" | "provider_unavailable" | "store_full");
    assert_eq!(reply.header("retry-after").is_some(), waits, "{case}");
}

fn check_body(reply: &Reply, code: &str, profile: Profile, accept: &str, case: &str) {
    let kind = reply.header("content-type").unwrap();
    let has_offer = reply.status == 402 && code != "head";
    let shown_code = if code == "head" { "payment_required" } else { code };
    let names = |reply: &Reply| body(reply).as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    if accept.contains("problem") {
        assert_eq!(kind, "application/problem+json", "{case}");
        let body = body(reply);
        assert_eq!((&body["type"], &body["status"]), (&"about:blank".into(), &reply.status.into()), "{case}");
        assert_eq!(body["code"], shown_code, "{case}");
        assert_ne!(body["title"], "Refused", "{case}");
        assert!(body["detail"].is_string(), "{case}");
        assert_eq!(body["invoice"].is_string(), has_offer, "{case}");
    } else if accept == BROWSER && code != "method_too_long" && code != "wrong_method" {
        assert_eq!(kind, "text/html; charset=utf-8", "{case}");
        assert_eq!(text(reply).contains("lightning:"), has_offer, "{case}");
        assert!(has_offer || text(reply).contains(&format!("<code>{shown_code}</code>")), "{case}");
    } else if profile == Profile::APERTURE {
        assert_eq!(kind, "text/plain; charset=utf-8", "{case}");
        assert!(reply.status != 402 || reply.body == b"payment required\n", "{case}");
        assert!(reply.body.ends_with(b"\n") && reply.body.len() > 10, "{case}");
    } else if profile == Profile::L402KIT {
        assert_eq!(kind, "application/json", "{case}");
        let four = ["error", "invoice", "macaroon", "price_sats"];
        assert_eq!(names(reply), if has_offer { &four[..] } else { &four[..1] }, "{case}");
        assert!(!has_offer || body(reply)["error"] == "Payment Required", "{case}");
        assert!(code != "token_used" || body(reply)["error"] == "Token already used", "{case}");
    } else {
        assert_eq!(kind, "application/json", "{case}");
        assert_eq!(body(reply)["code"], shown_code, "{case}");
        assert_eq!(names(reply).len(), if has_offer { 8 } else { 2 }, "{case}");
    }
}

/// Makes the gate refuse for this reason.
async fn provoke(code: &str, profile: Profile, accept: &str) -> Reply {
    let shop = Shop::open_with(|gate| {
        let gate = gate.profile(profile).unknown_caveats(UnknownCaveats::Refuse);
        match code {
            "provider_unavailable" => gate.network(Network::Bitcoin),
            "store_full" => gate.store(MemoryReplayStore::with_capacity(1)),
            _ => gate,
        }
    });
    let request = async |method: &str, path: &str, credential: &str| {
        let fields: [(&str, &[u8]); 2] =
            [("accept", accept.as_bytes()), ("authorization", credential.as_bytes())];
        let skip = usize::from(accept.is_empty());
        send(&shop, method, path, &fields[skip..]).await
    };
    let get = async |credential: &str| answer(request("GET", "/report", credential).await);
    match code {
        "payment_required" | "provider_unavailable" => return get("").await,
        "head" => return answer(request("HEAD", "/report", "").await),
        "malformed_credential" => return get("L402 garbage").await,
        "credential_too_long" => return get(&format!("L402 {}", "A".repeat(10_000))).await,
        "path_too_long" => return answer(request("GET", &format!("/{}", "a".repeat(2000)), "").await),
        "method_too_long" => return answer(request(&"M".repeat(2000), "/report", "").await),
        "unknown_root_key" => {
            let foreign = Shop::open_with(|gate| gate.root_key(other_master_key()));
            return get(&foreign.buy("/report").await.header()).await;
        }
        _ => {}
    }
    // A header value is the same in every profile once it is taken from the default one; keys and clock are, too.
    let seller = Shop::open();
    let token = seller.buy("/report").await;
    let header = token.header();
    let own = Preimage::from_bytes([5; 32]);
    match code {
        "ambiguous_credentials" => get(&format!("{header}, {}", seller.buy("/report").await.header())).await,
        "bad_signature" => get(&forged(&token.macaroon, &token.preimage)).await,
        "wrong_preimage" => get(&credential_header_value(Scheme::L402, &token.macaroon, &own)).await,
        "missing_preimage" => get(&format!("L402 {}", token.macaroon)).await,
        "token_expired" => {
            shop.clock.advance(Duration::from_secs(600 + 3600));
            get(&header).await
        }
        "token_used" => {
            admission(request("GET", "/report", &header).await).finish(200).await.unwrap();
            get(&header).await
        }
        "wrong_path" => answer(request("GET", "/dear", &header).await),
        "wrong_method" => answer(request("POST", "/report", &header).await),
        "malformed_caveat" => get(&token.attenuated("uses=01")).await,
        "widened_caveat" => get(&token.attenuated("uses=2")).await,
        "unknown_caveat" => get(&token.attenuated("moon=full")).await,
        "token_in_use" => {
            let _first = admission(request("GET", "/report", &header).await);
            get(&header).await
        }
        "store_full" => {
            admission(request("GET", "/report", &header).await).finish(200).await.unwrap();
            get(&seller.buy("/report").await.header()).await
        }
        "lease_lost" => {
            let slow = admission(request("GET", "/report", &header).await);
            shop.clock.advance(Duration::from_secs(121));
            let heir = admission(request("GET", "/report", &header).await);
            let reply = slow.finish(200).await.unwrap_err();
            drop(heir);
            reply
        }
        other => panic!("nobody knows how to provoke {other}"),
    }
}

fn forged(macaroon: &str, preimage: &Preimage) -> String {
    let last = macaroon.trim_end_matches('=').len() - 3;
    let mut bytes = macaroon.as_bytes().to_vec();
    bytes[last] = if bytes[last] == b'A' { b'B' } else { b'A' };
    credential_header_value(Scheme::L402, &String::from_utf8(bytes).unwrap(), preimage)
}

#[tokio::test]
async fn a_profile_never_changes_who_gets_in() {
    for profile in PROFILES {
        let shop = Shop::open_with(|gate| gate.profile(profile));
        let token = Shop::open().buy("/report").await;
        admission(shop.get("/report", &[token.header().as_bytes()]).await).finish(200).await.unwrap();
        assert!(matches!(
            shop.get("/report", &[token.header().as_bytes()]).await,
            l402_server::Decision::Answer(_)
        ));
    }
}

#[tokio::test]
async fn only_a_challenge_costs_an_invoice() {
    for (profile, invoices) in PROFILES.into_iter().zip([0, 1, 1]) {
        let shop = Shop::open_with(|gate| gate.profile(profile));
        answer(shop.get("/report", &[b"L402 garbage"]).await);
        assert_eq!(shop.invoices(), invoices, "{profile:?}");
    }
}

#[tokio::test]
async fn the_choices_can_be_made_one_by_one() {
    let lenient = Profile::DEFAULT.with_forged(OnBadToken::Challenge).with_errors(ErrorShape::L402Kit);
    assert_eq!(provoke("malformed_credential", lenient, "").await.status, 402);
    let strict = Profile::APERTURE.with_unfit(OnBadToken::Unauthorized);
    assert_eq!(provoke("wrong_path", strict, "").await.status, 401);
    assert_eq!(provoke("malformed_caveat", strict, "").await.status, 401);
    assert_eq!(provoke("token_used", strict, "").await.status, 402);
    let strict = Profile::DEFAULT.with_expired(OnBadToken::Unauthorized);
    assert_eq!(provoke("token_expired", strict, "").await.status, 401);
    assert_eq!(provoke("token_used", strict, "").await.status, 402);
    let strict = Profile::DEFAULT.with_used_up(OnBadToken::Unauthorized);
    let reply = provoke("token_used", strict, "").await;
    assert_eq!((reply.status, &body(&reply)["error"]), (401, &"the token has been used up".into()));
    let twin = provoke("payment_required", Profile::DEFAULT.with_lsat_twin(true), "").await;
    assert_eq!((all(&twin, "www-authenticate").len(), &body(&twin)["code"]), (2, &"payment_required".into()));
    assert_eq!(Profile::default(), Profile::DEFAULT);
}
