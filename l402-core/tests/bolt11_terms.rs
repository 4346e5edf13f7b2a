//! What is read from invoices by those who sell, without the signature: exactly what the library reads that checks it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests, too")]

mod common;

use common::invoices::{
    AMOUNTLESS, BITCOIN, FAR_TOO_MUCH, FOR_EVER, HALF_A_MSAT, MOST, NAMED, NAMED_WRONGLY, ONE_BITCOIN,
    ONE_MSAT, REFERENCE, SIGNET, SIMNET, TOO_MUCH, ZERO, field, number, with_checksum, words,
};
use l402_core::bolt11::{InvoiceError, InvoiceTerms};
use l402_core::{Msat, Network, PaymentHash, UnixTime};
use proptest::prelude::*;

const VALID: [(&str, Option<Msat>, Network); 9] = [
    (AMOUNTLESS, None, Network::Regtest),
    (ONE_BITCOIN, Some(Msat::from_sat(100_000_000)), Network::Regtest),
    (ONE_MSAT, Some(Msat::from_msat(1)), Network::Regtest),
    (ZERO, Some(Msat::ZERO), Network::Regtest),
    (MOST, Some(Msat::from_sat(1_844_674_400_000_000)), Network::Regtest),
    (SIGNET, Some(Msat::from_sat(1_000)), Network::Signet),
    (BITCOIN, Some(Msat::from_sat(1)), Network::Bitcoin),
    (NAMED, Some(Msat::from_sat(1)), Network::Regtest),
    // Whose payee did not sign it: for the one who pays to find.
    (NAMED_WRONGLY, Some(Msat::from_sat(1)), Network::Regtest),
];

/// The examples of BOLT 11, valid to whoever does not look at signatures and features: with the amount in msat, the
/// network and the seconds until they expire.
const EXAMPLES: [(&str, Option<u64>, Network, u64); 15] = [
    (
        "lnbc1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdpl2pkx2ctnv5sxxmmwwd5kgetjypeh2ursdae8g6\
         twvus8g6rfwvs8qun0dfjkxaq8rkx3yf5tcsyz3d73gafnh3cax9rn449d9p5uxz9ezhhypd0elx87sjle52x86fux2ypatgddc6k63n7erq\
         z25le42c4u4ecky03ylcqca784w",
        None,
        Network::Bitcoin,
        3600,
    ),
    (
        "lnbc2500u1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5xysxxatsyp3k7enxv4jsxqzpuaztrnwng\
         zn3kdzw5hydlzf03qdgm2hdq27cqv3agm2awhz5se903vruatfhq77w3ls4evs3ch9zw97j25emudupq63nyw24cg27h2rspfj9srp",
        Some(250_000_000),
        Network::Bitcoin,
        60,
    ),
    (
        "lnbc2500u1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdpquwpc4curk03c9wlrswe78q4eyqc7d8d0x\
         qzpuyk0sg5g70me25alkluzd2x62aysf2pyy8edtjeevuv4p2d5p76r4zkmneet7uvyakky2zr4cusd45tftc9c5fh0nnqpnl2jfll544esq\
         chsrny",
        Some(250_000_000),
        Network::Bitcoin,
        60,
    ),
    (
        "lnbc20m1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqhp58yjmdan79s6qqdhdzgynm4zwqd5d7xmw5fk\
         98klysy043l2ahrqscc6gd6ql3jrc5yzme8v4ntcewwz5cnw92tz0pc8qcuufvq7khhr8wpald05e92xw006sq94mg8v2ndf4sefvf9sygks\
         hp5zfem29trqq2yxxz7",
        Some(2_000_000_000),
        Network::Bitcoin,
        3600,
    ),
    (
        "lntb20m1pvjluezhp58yjmdan79s6qqdhdzgynm4zwqd5d7xmw5fk98klysy043l2ahrqspp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqq\
         syqcyq5rqwzqfqypqfpp3x9et2e20v6pu37c5d9vax37wxq72un98kmzzhznpurw9sgl2v0nklu2g4d0keph5t7tj9tcqd8rexnd07ux4uv2\
         cjvcqwaxgj7v4uwn5wmypjd5n69z2xm3xgksg28nwht7f6zspwp3f9t",
        Some(2_000_000_000),
        Network::Testnet,
        3600,
    ),
    (
        "lnbc20m1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqhp58yjmdan79s6qqdhdzgynm4zwqd5d7xmw5fk\
         98klysy043l2ahrqsfpp3qjmp7lwpagxun9pygexvgpjdc4jdj85fr9yq20q82gphp2nflc7jtzrcazrra7wwgzxqc8u7754cdlpfrmccae9\
         2qgzqvzq2ps8pqqqqqqpqqqqq9qqqvpeuqafqxu92d8lr6fvg0r5gv0heeeqgcrqlnm6jhphu9y00rrhy4grqszsvpcgpy9qqqqqqgqqqqq7\
         qqzqj9n4evl6mr5aj9f58zp6fyjzup6ywn3x6sk8akg5v4tgn2q8g4fhx05wf6juaxu9760yp46454gpg5mtzgerlzezqcqvjnhjh8z3g2qq\
         dhhwkj",
        Some(2_000_000_000),
        Network::Bitcoin,
        3600,
    ),
    (
        "lnbc20m1pvjluezhp58yjmdan79s6qqdhdzgynm4zwqd5d7xmw5fk98klysy043l2ahrqspp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqq\
         syqcyq5rqwzqfqypqfppj3a24vwu6r8ejrss3axul8rxldph2q7z9kmrgvr7xlaqm47apw3d48zm203kzcq357a4ls9al2ea73r8jcceyjty\
         a6fu5wzzpe50zrge6ulk4nvjcpxlekvmxl6qcs9j3tz0469gq5g658y",
        Some(2_000_000_000),
        Network::Bitcoin,
        3600,
    ),
    (
        "lnbc20m1pvjluezhp58yjmdan79s6qqdhdzgynm4zwqd5d7xmw5fk98klysy043l2ahrqspp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqq\
         syqcyq5rqwzqfqypqfppqw508d6qejxtdg4y5r3zarvary0c5xw7kepvrhrm9s57hejg0p662ur5j5cr03890fa7k2pypgttmh4897d3raaq\
         85a293e9jpuqwl0rnfuwzam7yr8e690nd2ypcq9hlkdwdvycqa0qza8",
        Some(2_000_000_000),
        Network::Bitcoin,
        3600,
    ),
    (
        "lnbc20m1pvjluezhp58yjmdan79s6qqdhdzgynm4zwqd5d7xmw5fk98klysy043l2ahrqspp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqq\
         syqcyq5rqwzqfqypqfp4qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q28j0v3rwgy9pvjnd48ee2pl8xrpxysd5g44\
         td63g6xcjcu003j3qe8878hluqlvl3km8rm92f5stamd3jw763n3hck0ct7p8wwj463cql26ava",
        Some(2_000_000_000),
        Network::Bitcoin,
        3600,
    ),
    (
        "lnbc9678785340p1pwmna7lpp5gc3xfm08u9qy06djf8dfflhugl6p7lgza6dsjxq454gxhj9t7a0sd8dgfkx7cmtwd68yetpd5s9xar0wfj\
         n5gpc8qhrsdfq24f5ggrxdaezqsnvda3kkum5wfjkzmfqf3jkgem9wgsyuctwdus9xgrcyqcjcgpzgfskx6eqf9hzqnteypzxz7fzypfhg6t\
         rddjhygrcyqezcgpzfysywmm5ypxxjemgw3hxjmn8yptk7untd9hxwg3q2d6xjcmtv4ezq7pqxgsxzmnyyqcjqmt0wfjjq6t5v4khxxqyjw5\
         qcqp2rzjq0gxwkzc8w6323m55m4jyxcjwmy7stt9hwkwe2qxmy8zpsgg7jcuwz87fcqqeuqqqyqqqqlgqqqqn3qq9qn07ytgrxxzad9hc4xt\
         3mawjjt8znfv8xzscs7007v9gh9j569lencxa8xeujzkxs0uamak9aln6ez02uunw6rd2ht2sqe4hz8thcdagpleym0j",
        Some(967_878_534),
        Network::Bitcoin,
        604_800,
    ),
    (
        "lnbc25m1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5vdhkven9v5sxyetpdeessp5zyg3zyg3zyg3\
         zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygs9q5sqqqqqqqqqqqqqqqpqsq67gye39hfg3zd8rgc80k32tvy9xk2xunwm5lzexnvpx6f\
         d77en8qaq424dxgt56cag2dpt359k3ssyhetktkpqh24jqnjyw6uqd08sgptq44qu",
        Some(2_500_000_000),
        Network::Bitcoin,
        3600,
    ),
    (
        "LNBC25M1PVJLUEZPP5QQQSYQCYQ5RQWZQFQQQSYQCYQ5RQWZQFQQQSYQCYQ5RQWZQFQYPQDQ5VDHKVEN9V5SXYETPDEESSP5ZYG3ZYG3ZYG3\
         ZYG3ZYG3ZYG3ZYG3ZYG3ZYG3ZYG3ZYG3ZYG3ZYGS9Q5SQQQQQQQQQQQQQQQPQSQ67GYE39HFG3ZD8RGC80K32TVY9XK2XUNWM5LZEXNVPX6F\
         D77EN8QAQ424DXGT56CAG2DPT359K3SSYHETKTKPQH24JQNJYW6UQD08SGPTQ44QU",
        Some(2_500_000_000),
        Network::Bitcoin,
        3600,
    ),
    (
        "lnbc25m1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5vdhkven9v5sxyetpdeessp5zyg3zyg3zyg3\
         zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygs9q5sqqqqqqqqqqqqqqqpqsq2qrqqqfppnqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqppn\
         qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqpp4qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqh\
         pnqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqhp4qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq\
         qspnqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqsp4qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq\
         qqqnp5qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqnpkqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq\
         qqqqqqq2jxxfsnucm4jf4zwtznpaxphce606fvhvje5x7d4gw7n73994hgs7nteqvenq8a4ml8aqtchv5d9pf7l558889hp4yyrqv6a7zpq9\
         fgpskqhza",
        Some(2_500_000_000),
        Network::Bitcoin,
        3600,
    ),
    (
        "lnbc25m1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5vdhkven9v5sxyetpdeessp5zyg3zyg3zyg3\
         zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygs9q4psqqqqqqqqqqqqqqqpqsqq40wa3khl49yue3zsgm26jrepqr2eghqlx86rttutve3\
         ugd05em86nsefzh4pfurpd9ek9w2vp95zxqnfe2u7ckudyahsa52q66tgzcp6t2dyk",
        Some(2_500_000_000),
        Network::Bitcoin,
        3600,
    ),
    (
        "lnbc2500u1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5xysxxatsyp3k7enxv4jsxqzpuaxtrnwng\
         zn3kdzw5hydlzf03qdgm2hdq27cqv3agm2awhz5se903vruatfhq77w3ls4evs3ch9zw97j25emudupq63nyw24cg27h2rspk28uwq",
        Some(250_000_000),
        Network::Bitcoin,
        60,
    ),
];

/// Those of its invalid examples that are so by their form.
const INVALID_EXAMPLES: [&str; 6] = [
    "lnbc2500u1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdpquwpc4curk03c9wlrswe78q4eyqc7d8d0x\
     qzpuyk0sg5g70me25alkluzd2x62aysf2pyy8edtjeevuv4p2d5p76r4zkmneet7uvyakky2zr4cusd45tftc9c5fh0nnqpnl2jfll544esq\
     chsrnt",
    "pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdpquwpc4curk03c9wlrswe78q4eyqc7d8d0xqzpuyk0sg5\
     g70me25alkluzd2x62aysf2pyy8edtjeevuv4p2d5p76r4zkmneet7uvyakky2zr4cusd45tftc9c5fh0nnqpnl2jfll544esqchsrny",
    "LNBC2500u1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdpquwpc4curk03c9wlrswe78q4eyqc7d8d0x\
     qzpuyk0sg5g70me25alkluzd2x62aysf2pyy8edtjeevuv4p2d5p76r4zkmneet7uvyakky2zr4cusd45tftc9c5fh0nnqpnl2jfll544esq\
     chsrny",
    "lnbc1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdpl2pkx2ctnv5sxxmmwwd5kgetjypeh2ursdae8g6\
     na6hlh",
    "lnbc2500x1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5xysxxatsyp3k7enxv4jsxqzpujr6jxr9g\
     q9pv6g46y7d20jfkegkg4gljz2ea2a3m9lmvvr95tq2s0kvu70u3axgelz3kyvtp2ywwt0y8hkx2869zq5dll9nelr83zzqqpgl2zg",
    "lnbc2500000001p1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5xysxxatsyp3k7enxv4jsxqzpu7h\
     qtk93pkf7sw55rdv4k9z2vj050rxdr6za9ekfs3nlt5lr89jqpdmxsmlj9urqumg0h9wzpqecw7th56tdms40p2ny9q4ddvjsedzcplva53s",
];

fn read(text: &str) -> Result<InvoiceTerms, InvoiceError> {
    text.parse()
}

#[test]
fn the_terms_are_those_of_the_invoice() {
    for (text, amount, network) in VALID {
        let terms = read(text).unwrap();
        assert_eq!((terms.amount, terms.network), (amount, network), "{text}");
        assert_eq!(terms.payment_hash, PaymentHash::from_bytes([7; 32]));
        assert_eq!(terms.expires_at, UnixTime::from_secs(1_900_000_600));
        assert_eq!(read(&text.to_uppercase()), Ok(terms), "upper case is the same invoice");
    }
    let terms = read(REFERENCE).unwrap();
    assert_eq!((terms.amount, terms.network), (Some(Msat::from_sat(500)), Network::Testnet));
}

#[test]
fn the_examples_of_bolt_11_are_read() {
    for (text, msat, network, expiry) in EXAMPLES {
        let (made_at, hash) = match msat {
            Some(967_878_534) => {
                (1_572_468_703, "462264ede7e14047e9b249da94fefc47f41f7d02ee9b091815a5506bc8abf75f")
            }
            _ => (1_496_314_658, "0001020304050607080900010203040506070809000102030405060708090102"),
        };
        let terms = read(text).unwrap();
        assert_eq!((terms.amount, terms.network), (msat.map(Msat::from_msat), network), "{text}");
        assert_eq!(terms.expires_at, UnixTime::from_secs(made_at + expiry), "{text}");
        assert_eq!(terms.payment_hash.to_string(), hash, "{text}");
    }
    for text in INVALID_EXAMPLES {
        assert_eq!(read(text), Err(InvoiceError::Malformed), "{text}");
    }
}

/// The payment hash `07…07`, in words.
fn hash_words() -> Vec<u8> {
    words("qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurs")
}

/// An invoice with these fields, made at 1000. Of its signature nobody could make anything.
fn with_fields(fields: &[Vec<u8>]) -> String {
    let words = [number(1000, 7), fields.concat(), vec![31; 104]].concat();
    with_checksum("lnbc10n", &words)
}

#[test]
fn an_amount_is_exact_or_refused() {
    for (amount, msat) in [
        ("", None),
        ("1", Some(100_000_000_000)),
        ("1m", Some(100_000_000)),
        ("1u", Some(100_000)),
        ("1n", Some(100)),
        ("10p", Some(1)),
        ("0010p", Some(1)),
        ("0", Some(0)),
        ("0p", Some(0)),
        ("11n", Some(1_100)),
        ("18446744", Some(1_844_674_400_000_000_000)),
        ("18446744073709551610p", Some(1_844_674_407_370_955_161)),
    ] {
        for prefix in [format!("lnbc{amount}"), format!("LNBC{}", amount.to_uppercase())] {
            let text =
                with_checksum(&prefix, &[number(1000, 7), field('p', &hash_words()), vec![0; 104]].concat());
            let text = if prefix.starts_with('L') { text.to_uppercase() } else { text };
            assert_eq!(read(&text).map(|terms| terms.amount), Ok(msat.map(Msat::from_msat)), "{prefix}");
        }
    }
    for amount in [
        "1p",
        "9p",
        "11p",
        "p",
        "m1",
        "1x",
        "1mm",
        "1m1",
        "-1",
        "+1",
        "1.5m",
        "1 ",
        "18446745",
        "18446744073709551620p",
        "18446744073709551616",
        "184467440737095516160p",
        "99999999999999999999999999",
        // What is left of them above 64 bits is a whole number of millisatoshi, and might be the price.
        "92233721",
        "92233720369m",
        "92233720368548u",
        "92233720368547759n",
        "1k",
    ] {
        let prefix = format!("lnbc{amount}");
        let text =
            with_checksum(&prefix, &[number(1000, 7), field('p', &hash_words()), vec![0; 104]].concat());
        assert!(read(&text).is_err(), "{prefix}");
    }
}

#[test]
fn a_network_is_known_or_refused() {
    for (prefix, network) in [
        ("lnbc", Ok(Network::Bitcoin)),
        ("lntb", Ok(Network::Testnet)),
        ("lntbs", Ok(Network::Signet)),
        ("lnbcrt", Ok(Network::Regtest)),
        ("lnsb", Err(InvoiceError::UnknownNetwork)),
        ("lnbcr", Err(InvoiceError::UnknownNetwork)),
        ("lnltc", Err(InvoiceError::UnknownNetwork)),
        ("ln", Err(InvoiceError::UnknownNetwork)),
        ("bc", Err(InvoiceError::Malformed)),
        ("", Err(InvoiceError::Malformed)),
        ("1", Err(InvoiceError::Malformed)),
    ] {
        let text =
            with_checksum(prefix, &[number(1000, 7), field('p', &hash_words()), vec![0; 104]].concat());
        assert_eq!(read(&text).map(|terms| terms.network), network, "{prefix}");
    }
    assert_eq!(read(SIMNET), Err(InvoiceError::UnknownNetwork));
}

#[test]
fn an_expiry_is_a_moment_or_refused() {
    let p = field('p', &hash_words());
    let expiry = |words: &[u8]| field('x', words);
    let expires = |fields: &[Vec<u8>]| read(&with_fields(fields)).map(|terms| terms.expires_at.as_secs());
    assert_eq!(expires(std::slice::from_ref(&p)), Ok(4_600));
    assert_eq!(expires(&[expiry(&[]), p.clone()]), Ok(1_000));
    assert_eq!(expires(&[p.clone(), expiry(&number(60, 2))]), Ok(1_060));
    assert_eq!(expires(&[p.clone(), expiry(&number(60, 40))]), Ok(1_060), "leading zeros");
    assert_eq!(
        expires(&[p.clone(), expiry(&number(60, 2)), expiry(&number(7, 1))]),
        Ok(1_060),
        "the first counts"
    );
    assert_eq!(expires(&[p.clone(), expiry(&number(u64::MAX - 1_000, 13))]), Ok(u64::MAX));
    assert_eq!(expires(&[p.clone(), expiry(&number(u64::MAX - 999, 13))]), Err(InvoiceError::Malformed));
    for beyond in [vec![31; 13], [vec![16], vec![0; 12]].concat(), vec![31; 1023]] {
        assert_eq!(expires(&[p.clone(), expiry(&beyond)]), Err(InvoiceError::Malformed), "{beyond:?}");
        let second = [p.clone(), expiry(&number(60, 2)), expiry(&beyond)];
        assert_eq!(expires(&second), Err(InvoiceError::Malformed), "{beyond:?}");
    }
}

#[test]
fn exactly_one_payment_hash_is_wanted_and_other_fields_are_skipped() {
    let p = field('p', &hash_words());
    let hash = |fields: &[Vec<u8>]| read(&with_fields(fields)).map(|terms| terms.payment_hash);
    let seven = Ok(PaymentHash::from_bytes([7; 32]));
    assert_eq!(hash(&[]), Err(InvoiceError::Malformed));
    assert_eq!(hash(&[p.clone(), p.clone()]), Err(InvoiceError::Malformed));
    for len in [0, 1, 51, 53, 1023] {
        let other_kind = field('p', &vec![3; len]);
        assert_eq!(hash(std::slice::from_ref(&other_kind)), Err(InvoiceError::Malformed), "{len}");
        assert_eq!(hash(&[other_kind, p.clone()]), seven, "{len}");
    }
    for tag in common::invoices::CHARSET.chars().filter(|tag| !"px".contains(*tag)) {
        for len in [0, 1, 31, 32, 52, 1023] {
            // Words that would be fields themselves if a length were misread.
            let junk: Vec<u8> = p.iter().copied().cycle().take(len).collect();
            assert_eq!(hash(&[field(tag, &junk), p.clone(), field(tag, &junk)]), seven, "{tag} {len}");
        }
    }
    // Bits that do not fill a byte are padding.
    let mut padded = hash_words();
    padded[51] |= 15;
    assert_eq!(hash(&[field('p', &padded)]), seven);
}

#[test]
fn a_field_ends_where_it_says_and_before_the_signature() {
    let p = field('p', &hash_words());
    for tail in [vec![2], vec![2, 0], vec![2, 0, 1], vec![6, 0, 3, 1, 1], vec![1, 31, 31], vec![2, 3, 8]] {
        assert_eq!(read(&with_fields(&[p.clone(), tail.clone()])), Err(InvoiceError::Malformed), "{tail:?}");
    }
    let whole = [number(1000, 7), p, vec![0; 104]].concat();
    for len in (0..whole.len()).filter(|len| *len != 111) {
        let cut = with_checksum("lnbc10n", &whole[..len]);
        assert_eq!(read(&cut), Err(InvoiceError::Malformed), "{len}");
    }
}

#[test]
fn what_is_no_invoice_has_exact_errors() {
    let cases = [
        ("", InvoiceError::Malformed),
        ("1", InvoiceError::Malformed),
        ("lnbc1", InvoiceError::Malformed),
        ("lnbc1qqqqq", InvoiceError::Malformed),
        ("DEV:61e6a404b2f1", InvoiceError::Malformed),
        (HALF_A_MSAT, InvoiceError::Malformed),
        (FOR_EVER, InvoiceError::Malformed),
        (TOO_MUCH, InvoiceError::Malformed),
        (FAR_TOO_MUCH, InvoiceError::Malformed),
        (&format!("lightning:{BITCOIN}"), InvoiceError::Malformed),
        (&format!(" {BITCOIN}"), InvoiceError::Malformed),
        (&format!("{BITCOIN}\n"), InvoiceError::Malformed),
        (&BITCOIN.replacen('l', "L", 1), InvoiceError::Malformed),
        (&BITCOIN.replacen("lnbc10n", "LNBC10N", 1), InvoiceError::Malformed),
        (&BITCOIN.replace('q', "Q"), InvoiceError::Malformed),
        (&BITCOIN.replace('q', "é"), InvoiceError::Malformed),
        (&"1".repeat(4096), InvoiceError::Malformed),
        (&"l".repeat(4096), InvoiceError::Malformed),
        (&"l".repeat(4097), InvoiceError::TooLong),
    ];
    for (text, error) in cases {
        assert_eq!(read(text), Err(error), "{}", &text.chars().take(80).collect::<String>());
    }
}

#[test]
fn the_longest_is_read_and_no_longer_one() {
    let p = field('p', &hash_words());
    let fill = |len: usize| {
        [vec![p.clone()], vec![field('d', &[5; 1023]); 3], vec![field('d', &vec![5; len])]].concat()
    };
    let fits = 4096 - with_fields(&fill(0)).len();
    let longest = with_fields(&fill(fits));
    assert_eq!(longest.len(), 4096);
    assert!(read(&longest).is_ok());
    assert_eq!(read(&with_fields(&fill(fits + 1))), Err(InvoiceError::TooLong));
}

/// The checksum finds a single wrong character wherever it stands.
#[test]
fn no_character_can_be_changed() {
    for text in [BITCOIN, REFERENCE] {
        for position in 0..text.len() {
            for replacement in 0..=127 {
                let mut changed = text.as_bytes().to_vec();
                changed[position] = replacement;
                let changed = String::from_utf8(changed).unwrap();
                if changed != text {
                    assert!(read(&changed).is_err(), "{changed}");
                }
            }
            assert!(read(&text[..position]).is_err(), "cut to {position}");
        }
    }
}

prop_compose! {
    /// Fields of all kinds, well-formed or not quite, in any order, before some signature. Half of all signatures are
    /// that of some key.
    fn invoice()(
        prefix in "ln(bc|tb|tbs|bcrt|sb|ltc)([0-9]{1,20}[munp]?)?",
        timestamp in prop::collection::vec(0_u8..32, 7),
        expiry in prop::collection::vec(0_u8..32, 0..15),
        has_expiry: bool,
        hashes in prop::sample::select(vec![0_usize, 1, 1, 1, 1, 1, 1, 2]),
        hash in prop::collection::vec(0_u8..32, 52),
        others in prop::collection::vec(("[dhsn9cfr2tp]", prop::collection::vec(0_u8..32, 0..60)), 0..3),
        mut signature in prop::collection::vec(0_u8..32, 104),
        recovery_id in 0_u8..4,
        shuffle: u8,
    ) -> (String, Vec<u8>) {
        // What every invoice has, so that most are ones: a description, a payment secret, the feature for it.
        let mut fields = vec![field('d', &[]), field('s', &[0; 52]), field('9', &words("qrsgq"))];
        fields.extend(std::iter::repeat_n(field('p', &hash), hashes));
        fields.extend(has_expiry.then(|| field('x', &expiry)));
        fields.extend(others.iter().map(|(tag, data)| field(tag.chars().next().unwrap(), data)));
        let at = usize::from(shuffle) % fields.len();
        fields.rotate_left(at);
        signature[102..].copy_from_slice(&[0, recovery_id]);
        (prefix, [timestamp, fields.concat(), signature].concat())
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>(), prefix in "ln(bc|tb|tbs|bcrt|sb)?[0-9]{0,25}[munp]?1?", data in "[a-z0-9]{0,300}") {
        let _ = read(&text);
        let _ = read(&format!("{prefix}{data}"));
    }

    /// Whatever words there are.
    #[test]
    fn no_words_panic(prefix in "ln(bc|tb|tbs|bcrt|sb)[0-9]{0,25}[munp]?", words in prop::collection::vec(0_u8..32, 0..300)) {
        let _ = read(&with_checksum(&prefix, &words));
    }

    /// Four characters are as many as the checksum finds for certain, in texts of up to 89 characters; beyond, a change
    /// goes unseen once in a thousand million times.
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

#[cfg(feature = "bolt11")]
mod next_to_the_library {
    use std::cell::Cell;

    use l402_core::bolt11::InvoiceFacts;
    use proptest::test_runner::{Config, TestRunner};

    use super::*;

    fn same(terms: InvoiceTerms, facts: &InvoiceFacts) -> bool {
        (terms.amount, terms.payment_hash) == (facts.amount, facts.payment_hash)
            && (terms.expires_at, terms.network) == (facts.expires_at, facts.network)
    }

    /// What the library accepts says the same to both; and enough is accepted for that to mean something.
    #[test]
    fn what_is_rightly_signed_is_read_in_the_same_way() {
        let accepted = Cell::new(0);
        let mut runner = TestRunner::new_with_rng(
            Config { cases: 4_000, failure_persistence: None, ..Config::default() },
            proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
        );
        runner
            .run(&invoice(), |(prefix, words)| {
                let text = with_checksum(&prefix, &words);
                if let Ok(facts) = text.parse::<InvoiceFacts>() {
                    accepted.set(accepted.get() + 1);
                    let terms = read(&text).unwrap();
                    prop_assert!(same(terms, &facts), "{}: {:?}, {:?}", text, terms, facts);
                    prop_assert_eq!(read(&text.to_uppercase()), Ok(terms));
                }
                Ok(())
            })
            .unwrap();
        assert!(accepted.get() > 200, "only {} of 4000 were accepted", accepted.get());
    }

    #[test]
    fn the_examples_are_read_in_the_same_way() {
        let texts = EXAMPLES.iter().map(|(text, ..)| *text).chain(VALID.iter().map(|(text, ..)| *text));
        let mut accepted = 0;
        for text in texts {
            let Ok(facts) = text.parse::<InvoiceFacts>() else { continue };
            assert!(same(read(text).unwrap(), &facts), "{text}");
            accepted += 1;
        }
        assert!(accepted >= 10, "only {accepted} were accepted");
    }
}
