//! Bech32 (BIP 173) without its limit of 90 characters: a prefix, words of five bits, a checksum.

use memchr::memrchr;

const CHARSET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const CHECKSUM: usize = 6;

/// The text in its two parts, if the checksum fits and the text is all lower or all upper case. The checksum is left
/// out.
pub(super) fn split(text: &[u8]) -> Option<(&[u8], Words<'_>)> {
    let (prefix, rest) = text.split_at(memrchr(b'1', text)?);
    let data = &rest[1..];
    let is_mixed = text.iter().any(u8::is_ascii_lowercase) && text.iter().any(u8::is_ascii_uppercase);
    if is_mixed {
        return None;
    }
    let words = Words(&data[..data.len().checked_sub(CHECKSUM)?]);
    (residue(prefix, data)? == 1).then_some((prefix, words))
}

/// Words of five bits, as characters that were found to be words.
#[derive(Clone, Copy)]
pub(super) struct Words<'a>(&'a [u8]);

impl<'a> Words<'a> {
    pub(super) const fn len(self) -> usize {
        self.0.len()
    }

    /// So many words, and the rest; `None` if there are not so many.
    pub(super) fn split_at(self, count: usize) -> Option<(Self, Self)> {
        self.0.split_at_checked(count).map(|(first, rest)| (Self(first), Self(rest)))
    }

    pub(super) fn iter(self) -> impl Iterator<Item = u8> + use<'a> {
        self.0.iter().map(|character| WORDS[usize::from(*character)])
    }

    /// The number that the words are, the highest first; `None` if it takes more than 64 bits.
    pub(super) fn number(self) -> Option<u64> {
        self.iter().try_fold(0_u64, |number, word| Some(number.checked_mul(32)? | u64::from(word)))
    }

    /// The bytes that the words are, and no others; bits that do not fill a byte are left out.
    pub(super) fn bytes<const N: usize>(self) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        let (mut filled, mut bits, mut count) = (0, 0_u32, 0);
        for word in self.iter() {
            bits = bits << 5 | u32::from(word);
            count += 5;
            if count >= 8 {
                count -= 8;
                *bytes.get_mut(filled)? = (bits >> count) as u8;
                filled += 1;
            }
        }
        (filled == N).then_some(bytes)
    }
}

/// What the checksum of BIP 173 leaves; 1 if it is right. `None` if the data has a character that is no word.
fn residue(prefix: &[u8], data: &[u8]) -> Option<u32> {
    let lower = || prefix.iter().map(u8::to_ascii_lowercase);
    let high = lower().map(|byte| byte >> 5);
    let low = lower().map(|byte| byte & 31);
    let mut residue = high.chain([0]).chain(low).fold(1, |residue, word| step(residue, u32::from(word)));

    // Two words at once: each step waits for the one before, and so it takes half as long.
    let mut any = 0;
    let (pairs, last) = data.as_chunks();
    for [first, second] in pairs {
        let [first, second] = [first, second].map(|character| WORDS[usize::from(*character)]);
        any |= first | second;
        let words = u32::from(first) << 5 ^ u32::from(second);
        residue = (residue & 0xf_ffff) << 10 ^ words ^ TWO_STEPS[(residue >> 20) as usize & 1023];
    }
    for character in last {
        let word = WORDS[usize::from(*character)];
        any |= word;
        residue = step(residue, u32::from(word));
    }
    (any != NO_WORD).then_some(residue)
}

/// Takes one word into the residue.
const fn step(residue: u32, word: u32) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let top = residue >> 25;
    let mut next = (residue & 0x1ff_ffff) << 5 ^ word;
    let mut bit = 0;
    while bit < GENERATOR.len() {
        if top >> bit & 1 == 1 {
            next ^= GENERATOR[bit];
        }
        bit += 1;
    }
    next
}

/// What the ten highest bits of a residue become in two steps.
static TWO_STEPS: [u32; 1024] = {
    let mut table = [0; 1024];
    let mut top = 0;
    while top < table.len() {
        table[top] = step(step((top as u32) << 20, 0), 0);
        top += 1;
    }
    table
};

/// Has a bit that no word has.
const NO_WORD: u8 = 0xff;

/// The word that a character is, in either case.
static WORDS: [u8; 256] = {
    let mut table = [NO_WORD; 256];
    let mut word = 0;
    while word < CHARSET.len() {
        table[CHARSET[word] as usize] = word as u8;
        table[CHARSET[word].to_ascii_uppercase() as usize] = word as u8;
        word += 1;
    }
    table
};
