//! Invoices, and a writer of what is not one. All of them but the first are signed with the key `42…42`, for the payment
//! hash `07…07`, at 1 900 000 000, for ten minutes.

/// From the tests of the reference client.
pub(crate) const REFERENCE: &str = "lntb5u1p0pskpmpp5jzw9xvdast2g5lm5tswq6n64t2epe3f4xav43dyd239qr8h3yllqdqqcqzpgsp5m8sfjqgugthk\
    66q3tr4gsqr5rh740jrq9x4l0kvj5e77nmwqvpnq9qy9qsq72afzu7sfuppzqg3q2pn49hlh66rv7w60h2ruahx857g94s066yzxcjn4yccqc79779s\
    d232v9ewluvu0tmusvht6r99rld8xsk287cpyac79r";
pub(crate) const AMOUNTLESS: &str = "lnbcrt1pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurssp5pyysjzgfpy\
    ysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyys9qrsgqcqpjxqzjc7398z3xjksrq62hqu0usj8hcl8r2yqe48d07tp4z0wgf3xchmaw480gxk9\
    k37quavjnwkd9hu9zv6dtzlqj74s8vama5vchu73n0vmcpzxpkxf";
pub(crate) const ONE_BITCOIN: &str = "lnbcrt11pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurssp5pyysjzgfp\
    yysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyys9qrsgqcqpjxqzjcax88ne3xq8dhxzeavzmh2mvsasx9alneeuct32mgjv7x7u25g8jzgelma\
    udust4rxrdnpe3pkgsemm2c99az6repfwjur9vgjl49d3gqgn4clz";
pub(crate) const ONE_MSAT: &str = "lnbcrt10p1pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurssp5pyysjzgfpy\
    ysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyys9qrsgqcqpjxqzjcypr3a4erstmy0mphal5swncmx2z6tt6kwd9cev7x7fgzvcqd6yu432d0wt\
    q46szmvaacnlj3uh0zxh0854427z36z8un2j9xgdlv2ccqwxvuwt";
pub(crate) const HALF_A_MSAT: &str = "lnbcrt15p1pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurssp5pyysjzg\
    fpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyys9qrsgqcqpjxqzjcudphjdhuljqezmlqmf8z5sxu6hcuczwkcv4g9ppguhu7fz7v950xwfm\
    jdxwfk04m0k2u60nag2qdxl4lwsqz5mhxl0v7s3mpmvquhhgqrdkv98";
pub(crate) const ZERO: &str = "lnbcrt01pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurssp5pyysjzgfpyysjzg\
    fpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyys9qrsgqcqpjxqzjc9hzmlxvn6qkw8nw4yy3dgdp3hv4qu8yuxtuw65d63edjfncp4wfqnjkjzdudqvx\
    5r0msksz6dsyjfrspgkspyrl4y4294h6zcjjxwksq700se6";
/// 18 446 744 bitcoin, the most whole ones whose picobitcoin fit in 64 bits; and one more; and far more.
pub(crate) const MOST: &str = "lnbcrt184467441pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurssp5pyysjzgfp\
    yysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyys9qrsgqcqpjxqzjcvv7tu48y326pv85kx6yszas9rx4nytpu2x8et56knfw6522ulr853dc2m\
    pm3le0j9ya0fl056jx59lz8xz0vh29apwjhe75muaa998qqzkcytq";
pub(crate) const TOO_MUCH: &str = "lnbcrt184467451pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurssp5pyysj\
    zgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyys9qrsgqcqpjxqzjcy4yatz2p27vqpfm0se8enyx6hvut9sexkem3rlqy8vc3wpgh6rsh8\
    7xa0nn0ww00f60rtcj5dhpfu43yhn2v046xrdw7gy0jr2nxypcqergn0v";
pub(crate) const FAR_TOO_MUCH: &str = "lnbcrt184467440737095516151pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurs\
    wpc8qurssp5pyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyys9qrsgqcqpjxqzjc8apnqhw2cgmfagjaj7zpcgrsqhrzlmg5s33qs\
    k22wxm9lfmhxc43adwg3yn42hc378zuz2cx5ed9rcwt3g5jr205hesxu3scpqhdsfqqu9tknx";
pub(crate) const FOR_EVER: &str = "lnbcrt1pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurssp5pyysjzgfpyysj\
    zgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyys9qrsgqcqpjxqd0llllllllllllcn9ss34rmjdp7swy5wfhh3k44lvl4gwcqeu5t956zx89ngsx2\
    ndks67mh7afceym9shnxd3pq3r63xg64st5402mcqaeqvfds0j8wecp0u7flh";
pub(crate) const SIGNET: &str = "lntbs10u1pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurssp5pyysjzgfpyysj\
    zgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyys9qrsgqcqpjxqzjc30xe4yamxhslmrqc9jf7txr708x02tj2yfstu90tgy62rstq8tkrwddtrshse\
    j6a4n59zvvhfn24u3p96jnmjuwxvz0w3w4g8y6tmxsp7ttcmt";
pub(crate) const SIMNET: &str = "lnsb10u1pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurssp5pyysjzgfpyysjz\
    gfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyys9qrsgqcqpjxqzjcq9077fz7v2x03y352awjashd4vj563mcsv8tz9p9vgg2zkmyj2e8k89sv0ne4x\
    k7hkjnug4uhzxlesxzr3rldr0dwatsle8cfdfzagqpktnmfq";
pub(crate) const BITCOIN: &str = "lnbc10n1pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurssp5pyysjzgfpyysj\
    zgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyys9qrsgqcqpjxqzjcnp8ca6fj2rl4azpcveryv5g3r6atp8l79q5war4tgmm2gvnm62l4fm6tmjzdr\
    dl5ytlgk938w2d6cn5h48atv4npxme67ypqly9j27qpp3q6m3";
/// With the payee in a field, and with the wrong one.
pub(crate) const NAMED: &str = "lnbcrt10n1pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurssp5pyysjzgfpyy\
    sjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyys9qrsgqcqpjxqzjcnp4qvjx204vgdzgsqpvcp4mldl3plscny0rt707gvpdh6ndydfacz43chc\
    94v426t7tsqkgg5n9e4xwadepdmgcua8j340qgd5w2w29x0llhycv377rce5ppxc944465frhuyex0k255wh4tydxsty9984sv88qp8fhcsx";
pub(crate) const NAMED_WRONGLY: &str = "lnbcrt10n1pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurssp5pyy\
    sjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyys9qrsgqcqpjxqzjcnp4qflnr679gckplh8pkum7el6j6d7hth4y8ns3caxjt23fw9j\
    l4gsqwgn9gcj9qs7a005ad6yejtmm648hd4vxmau5dq88yyy8tz93wn6zx6pr0lesceuw5fkqtk6cy9ezyu7ysmwcdgt4ajrequlc97q5a0vcqdn70\
    df";

pub(crate) const CHARSET: &str = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// The invoice of these words, with its checksum.
pub(crate) fn with_checksum(prefix: &str, words: &[u8]) -> String {
    let lower = prefix.to_ascii_lowercase();
    let (high, low) = (lower.bytes().map(|byte| byte >> 5), lower.bytes().map(|byte| byte & 31));
    let all = high.chain([0]).chain(low).chain(words.iter().copied()).chain([0; 6]);
    let checksum = all.fold(1_u32, |checksum, word| {
        let generators = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
        let shifted = (checksum & 0x1ff_ffff) << 5 ^ u32::from(word);
        (0..5).filter(|bit| checksum >> (25 + bit) & 1 == 1).fold(shifted, |sum, bit| sum ^ generators[bit])
    }) ^ 1;
    let checksum = (0..6).rev().map(|at| (checksum >> (5 * at) & 31) as u8);
    let data = words.iter().copied().chain(checksum);
    let data = data.map(|word| char::from(CHARSET.as_bytes()[usize::from(word)]));
    format!("{prefix}1{}", data.collect::<String>())
}

/// The words of this text.
pub(crate) fn words(text: &str) -> Vec<u8> {
    text.chars().map(|character| CHARSET.find(character).unwrap() as u8).collect()
}

/// A number in so many words, the highest first.
pub(crate) fn number(number: u64, words: u32) -> Vec<u8> {
    (0..words).rev().map(|at| number.checked_shr(5 * at).unwrap_or(0) as u8 & 31).collect()
}

/// A field: its tag, its length and what is in it.
pub(crate) fn field(tag: char, data: &[u8]) -> Vec<u8> {
    [words(&tag.to_string()), number(data.len() as u64, 2), data.to_vec()].concat()
}
