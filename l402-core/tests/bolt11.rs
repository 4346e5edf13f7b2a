//! What is read from invoices. All of them but the first are signed with the key `42…42`, for the payment hash
//! `07…07`, at 1 900 000 000, for ten minutes.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

mod common;

use l402_core::bolt11::{InvoiceError, InvoiceFacts, NodeId};
use l402_core::{Msat, Network, PaymentHash, UnixTime};
use proptest::prelude::*;

/// From the tests of the reference client.
const REFERENCE: &str = "lntb5u1p0pskpmpp5jzw9xvdast2g5lm5tswq6n64t2epe3f4xav43dyd239qr8h3yllqdqqcqzpgsp5m8sfjqgugthk\
    66q3tr4gsqr5rh740jrq9x4l0kvj5e77nmwqvpnq9qy9qsq72afzu7sfuppzqg3q2pn49hlh66rv7w60h2ruahx857g94s066yzxcjn4yccqc79779s\
    d232v9ewluvu0tmusvht6r99rld8xsk287cpyac79r";
const AMOUNTLESS: &str = "lnbcrt1pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurssp5pyysjzgfpy\
    ysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyys9qrsgqcqpjxqzjc7398z3xjksrq62hqu0usj8hcl8r2yqe48d07tp4z0wgf3xchmaw480gxk9\
    k37quavjnwkd9hu9zv6dtzlqj74s8vama5vchu73n0vmcpzxpkxf";
const ONE_BITCOIN: &str = "lnbcrt11pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurssp5pyysjzgfp\
    yysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyys9qrsgqcqpjxqzjcax88ne3xq8dhxzeavzmh2mvsasx9alneeuct32mgjv7x7u25g8jzgelma\
    udust4rxrdnpe3pkgsemm2c99az6repfwjur9vgjl49d3gqgn4clz";
const ONE_MSAT: &str = "lnbcrt10p1pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurssp5pyysjzgfpy\
    ysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyys9qrsgqcqpjxqzjcypr3a4erstmy0mphal5swncmx2z6tt6kwd9cev7x7fgzvcqd6yu432d0wt\
    q46szmvaacnlj3uh0zxh0854427z36z8un2j9xgdlv2ccqwxvuwt";
const HALF_A_MSAT: &str = "lnbcrt15p1pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurssp5pyysjzg\
    fpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyys9qrsgqcqpjxqzjcudphjdhuljqezmlqmf8z5sxu6hcuczwkcv4g9ppguhu7fz7v950xwfm\
    jdxwfk04m0k2u60nag2qdxl4lwsqz5mhxl0v7s3mpmvquhhgqrdkv98";
const ZERO: &str = "lnbcrt01pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurssp5pyysjzgfpyysjzg\
    fpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyys9qrsgqcqpjxqzjc9hzmlxvn6qkw8nw4yy3dgdp3hv4qu8yuxtuw65d63edjfncp4wfqnjkjzdudqvx\
    5r0msksz6dsyjfrspgkspyrl4y4294h6zcjjxwksq700se6";
/// 18 446 744 bitcoin, the most whole ones whose picobitcoin fit in 64 bits; and one more; and far more.
const MOST: &str = "lnbcrt184467441pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurssp5pyysjzgfp\
    yysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyys9qrsgqcqpjxqzjcvv7tu48y326pv85kx6yszas9rx4nytpu2x8et56knfw6522ulr853dc2m\
    pm3le0j9ya0fl056jx59lz8xz0vh29apwjhe75muaa998qqzkcytq";
const TOO_MUCH: &str = "lnbcrt184467451pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurssp5pyysj\
    zgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyys9qrsgqcqpjxqzjcy4yatz2p27vqpfm0se8enyx6hvut9sexkem3rlqy8vc3wpgh6rsh8\
    7xa0nn0ww00f60rtcj5dhpfu43yhn2v046xrdw7gy0jr2nxypcqergn0v";
const FAR_TOO_MUCH: &str = "lnbcrt184467440737095516151pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurs\
    wpc8qurssp5pyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyys9qrsgqcqpjxqzjc8apnqhw2cgmfagjaj7zpcgrsqhrzlmg5s33qs\
    k22wxm9lfmhxc43adwg3yn42hc378zuz2cx5ed9rcwt3g5jr205hesxu3scpqhdsfqqu9tknx";
const FOR_EVER: &str = "lnbcrt1pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurssp5pyysjzgfpyysj\
    zgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyys9qrsgqcqpjxqd0llllllllllllcn9ss34rmjdp7swy5wfhh3k44lvl4gwcqeu5t956zx89ngsx2\
    ndks67mh7afceym9shnxd3pq3r63xg64st5402mcqaeqvfds0j8wecp0u7flh";
const SIGNET: &str = "lntbs10u1pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurssp5pyysjzgfpyysj\
    zgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyys9qrsgqcqpjxqzjc30xe4yamxhslmrqc9jf7txr708x02tj2yfstu90tgy62rstq8tkrwddtrshse\
    j6a4n59zvvhfn24u3p96jnmjuwxvz0w3w4g8y6tmxsp7ttcmt";
const SIMNET: &str = "lnsb10u1pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurssp5pyysjzgfpyysjz\
    gfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyys9qrsgqcqpjxqzjcq9077fz7v2x03y352awjashd4vj563mcsv8tz9p9vgg2zkmyj2e8k89sv0ne4x\
    k7hkjnug4uhzxlesxzr3rldr0dwatsle8cfdfzagqpktnmfq";
const BITCOIN: &str = "lnbc10n1pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurssp5pyysjzgfpyysj\
    zgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyys9qrsgqcqpjxqzjcnp8ca6fj2rl4azpcveryv5g3r6atp8l79q5war4tgmm2gvnm62l4fm6tmjzdr\
    dl5ytlgk938w2d6cn5h48atv4npxme67ypqly9j27qpp3q6m3";
/// With the payee in a field, and with the wrong one.
const NAMED: &str = "lnbcrt10n1pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurssp5pyysjzgfpyy\
    sjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyys9qrsgqcqpjxqzjcnp4qvjx204vgdzgsqpvcp4mldl3plscny0rt707gvpdh6ndydfacz43chc\
    94v426t7tsqkgg5n9e4xwadepdmgcua8j340qgd5w2w29x0llhycv377rce5ppxc944465frhuyex0k255wh4tydxsty9984sv88qp8fhcsx";
const NAMED_WRONGLY: &str = "lnbcrt10n1pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurssp5pyy\
    sjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyys9qrsgqcqpjxqzjcnp4qflnr679gckplh8pkum7el6j6d7hth4y8ns3caxjt23fw9j\
    l4gsqwgn9gcj9qs7a005ad6yejtmm648hd4vxmau5dq88yyy8tz93wn6zx6pr0lesceuw5fkqtk6cy9ezyu7ysmwcdgt4ajrequlc97q5a0vcqdn70\
    df";

const VALID: [(&str, Option<Msat>, Network); 7] = [
    (AMOUNTLESS, None, Network::Regtest),
    (ONE_BITCOIN, Some(Msat::from_sat(100_000_000)), Network::Regtest),
    (ONE_MSAT, Some(Msat::from_msat(1)), Network::Regtest),
    (ZERO, Some(Msat::ZERO), Network::Regtest),
    (MOST, Some(Msat::from_sat(1_844_674_400_000_000)), Network::Regtest),
    (SIGNET, Some(Msat::from_sat(1_000)), Network::Signet),
    (BITCOIN, Some(Msat::from_sat(1)), Network::Bitcoin),
];

fn read(text: &str) -> Result<InvoiceFacts, InvoiceError> {
    text.parse()
}

#[test]
fn the_facts_are_those_of_the_invoice() {
    for (text, amount, network) in VALID {
        let facts = read(text).unwrap();
        assert_eq!((facts.amount, facts.network), (amount, network), "{text}");
        assert_eq!(facts.payment_hash, PaymentHash::from_bytes([7; 32]));
        assert_eq!(facts.expires_at, UnixTime::from_secs(1_900_000_600));
        assert_eq!(read(&text.to_uppercase()), Ok(facts), "upper case is the same invoice");
    }
    let facts = read(REFERENCE).unwrap();
    assert_eq!((facts.amount, facts.network), (Some(Msat::from_sat(500)), Network::Testnet));
    assert_eq!(
        facts.payment_hash.to_string(),
        "909c5331bd82d48a7f745c1c0d4f555ab21cc535375958b48d544a019ef127fe"
    );
}

/// The public key of `42…42`.
#[test]
fn the_payee_is_who_signed_whether_named_or_not() {
    let expected = "0324653eac434488002cc06bbfb7f10fe18991e35f9fe4302dbea6d2353dc0ab1c";
    for text in [NAMED, ONE_MSAT, BITCOIN, AMOUNTLESS] {
        assert_eq!(read(text).unwrap().payee.to_string(), expected, "{text}");
    }
    let payee = read(NAMED).unwrap().payee;
    assert_eq!(payee, NodeId::from_bytes(*payee.as_bytes()));
    assert_eq!(format!("{payee:?}"), format!("NodeId({expected})"));
    assert_ne!(read(REFERENCE).unwrap().payee, payee);
    assert_eq!(read(NAMED_WRONGLY), Err(InvoiceError::Malformed));
}

/// To call it an amount that is left to the payer would be one number away from paying anything.
#[test]
fn an_amount_that_overflows_is_no_missing_amount() {
    for text in [TOO_MUCH, FAR_TOO_MUCH] {
        assert_eq!(read(text), Err(InvoiceError::Malformed), "{text}");
    }
}

#[test]
fn what_is_no_invoice_to_rely_on_has_exact_errors() {
    let signature_of_another =
        format!("{}{}", &ONE_MSAT[..ONE_MSAT.len() - 110], &BITCOIN[BITCOIN.len() - 110..]);
    let cases = [
        ("", InvoiceError::Malformed),
        ("lnbc1", InvoiceError::Malformed),
        ("DEV:61e6a404b2f1", InvoiceError::Malformed),
        (HALF_A_MSAT, InvoiceError::Malformed),
        (FOR_EVER, InvoiceError::Malformed),
        (SIMNET, InvoiceError::UnknownNetwork),
        (&signature_of_another, InvoiceError::Malformed),
        (&format!("lightning:{BITCOIN}"), InvoiceError::Malformed),
        (&format!(" {BITCOIN}"), InvoiceError::Malformed),
        (&format!("{BITCOIN}\n"), InvoiceError::Malformed),
        (&BITCOIN.replacen('l', "L", 1), InvoiceError::Malformed),
        (&"l".repeat(4096), InvoiceError::Malformed),
        (&"l".repeat(4097), InvoiceError::TooLong),
    ];
    for (text, error) in cases {
        assert_eq!(read(text), Err(error), "{}", &text[..text.len().min(80)]);
    }
}

/// The checksum finds a single wrong character wherever it stands, so that no typing error changes a price.
#[test]
fn no_character_can_be_changed() {
    for position in 0..BITCOIN.len() {
        for replacement in ["q", "p", "1", "n", "2", "-", "B", "\0"] {
            let mut text = BITCOIN.to_owned();
            text.replace_range(position..=position, replacement);
            if text != BITCOIN {
                assert!(read(&text).is_err(), "{replacement:?} at {position}");
            }
        }
        assert!(read(&BITCOIN[..position]).is_err(), "cut to {position}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>(), prefix in "ln(bc|tb|tbs|bcrt|sb)?[0-9]{0,25}[munp]?1?", data in "[a-z0-9]{0,300}") {
        let _ = read(&text);
        let _ = read(&format!("{prefix}{data}"));
    }

    #[test]
    fn no_mutation_of_an_invoice_panics_or_is_believed(
        which in 0..VALID.len(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), "[ -~]"), 1..5),
    ) {
        let text = VALID[which].0;
        let mut mutated = text.to_owned();
        for (position, replacement) in edits {
            let position = position.index(mutated.len());
            mutated.replace_range(position..=position, &replacement);
        }
        if mutated != text {
            prop_assert!(read(&mutated).is_err(), "{}", mutated);
        }
    }
}
