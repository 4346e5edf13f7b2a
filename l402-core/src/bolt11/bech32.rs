//! Bech32 (BIP 173) without its limit of 90 characters: a prefix, words of five bits, a checksum.

use memchr::memrchr;

const CHARSET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const CHECKSUM: usize = 6;

/// The text in its two parts, if the checksum fits and the text is all lower or all upper case. The checksum is left
/// out.
pub(super) fn split(text: &[u8]) -> Option<(&[u8], Words<'_>)> {
    let (prefix, rest) = text.split_at(memrchr(b'1', text)?);
    let data = &rest[1..];
    let words = Words(&data[..data.len().checked_sub(CHECKSUM)?]);
    let (residue, seen) = absorb_data(absorb_prefix(prefix), data);
    let seen = prefix.iter().fold(seen, |seen, byte| seen | case(*byte));
    let is_mixed = seen & (LOWER | UPPER) == LOWER | UPPER;
    (residue == 1 && seen & NO_WORD == 0 && !is_mixed).then_some((prefix, words))
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
        self.0.iter().map(|character| CHARACTERS[usize::from(*character)] & WORD)
    }

    /// The number that the words are, the highest first; `None` if it takes more than 64 bits.
    pub(super) fn number(self) -> Option<u64> {
        self.iter().try_fold(0_u64, |number, word| Some(number.checked_mul(32)? | u64::from(word)))
    }

    /// The bytes that the words are, and no others; bits that do not fill a byte are left out.
    pub(super) fn bytes<const N: usize>(self) -> Option<[u8; N]> {
        if self.0.len() * 5 / 8 != N {
            return None;
        }
        let mut bytes = [0; N];
        // Eight words are five bytes; fewer words stand for eight that end in zeros.
        for (five, eight) in bytes.chunks_mut(5).zip(self.0.chunks(8)) {
            let number = Words(eight).iter().fold(0, |number, word| number << 5 | u64::from(word));
            let [_, _, _, all @ ..] = (number << (5 * (8 - eight.len()))).to_be_bytes();
            five.copy_from_slice(&all[..five.len()]);
        }
        Some(bytes)
    }
}

/// What the checksum of BIP 173 leaves after the prefix; at the end of a text, 1 is right.
fn absorb_prefix(prefix: &[u8]) -> u32 {
    let lower = || prefix.iter().map(u8::to_ascii_lowercase);
    let high = lower().map(|byte| byte >> 5);
    let low = lower().map(|byte| byte & 31);
    high.chain([0]).chain(low).fold(1, |residue, word| step(residue, u32::from(word)))
}

/// Goes on with the data. Returns all flags that its characters have, too.
fn absorb_data(mut residue: u32, data: &[u8]) -> (u32, u8) {
    let mut seen = 0;
    let mut word_of = |character: &u8| {
        let character = CHARACTERS[usize::from(*character)];
        seen |= character;
        u32::from(character & WORD)
    };
    // Six words at once: each step waits for the one before, and so it takes a sixth of the time.
    let (sixes, rest) = data.as_chunks::<6>();
    for six in sixes {
        let words = six.iter().fold(0, |words, character| words << 5 | word_of(character));
        let after = |place: usize| AFTER_SIX[place][(residue >> (5 * place)) as usize & 31];
        residue = words ^ (after(0) ^ after(1)) ^ (after(2) ^ after(3)) ^ (after(4) ^ after(5));
    }
    for character in rest {
        residue = step(residue, word_of(character));
    }
    (residue, seen)
}

/// Takes one word into the residue.
const fn step(residue: u32, word: u32) -> u32 {
    (residue & 0x1ff_ffff) << 5 ^ word ^ AFTER_TOP[(residue >> 25) as usize & 31]
}

/// What the top word of a residue becomes in one step.
const AFTER_TOP: [u32; 32] = {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let mut table = [0; 32];
    let mut top = 0;
    while top < table.len() {
        let mut bit = 0;
        while bit < GENERATOR.len() {
            if top >> bit & 1 == 1 {
                table[top] ^= GENERATOR[bit];
            }
            bit += 1;
        }
        top += 1;
    }
    table
};

/// What each word of a residue becomes in six steps, the lowest of them first. Tables for two words at once would be looked
/// up half as often, but are driven out of the cache by what happens between two invoices.
static AFTER_SIX: [[u32; 32]; 6] = {
    let mut tables = [[0; 32]; 6];
    let mut place = 0;
    while place < tables.len() {
        let mut word = 0;
        while word < 32 {
            let mut residue = (word as u32) << (5 * place);
            let mut steps = 0;
            while steps < 6 {
                residue = step(residue, 0);
                steps += 1;
            }
            tables[place][word] = residue;
            word += 1;
        }
        place += 1;
    }
    tables
};

/// The word that a character is, and flags.
const WORD: u8 = 31;
const LOWER: u8 = 1 << 5;
const UPPER: u8 = 1 << 6;
const NO_WORD: u8 = 1 << 7;

const fn case(character: u8) -> u8 {
    match character {
        b'a'..=b'z' => LOWER,
        b'A'..=b'Z' => UPPER,
        _ => 0,
    }
}

/// What each character is, in either case.
static CHARACTERS: [u8; 256] = {
    let mut table = [NO_WORD; 256];
    let mut word = 0;
    while word < CHARSET.len() {
        let (lower, upper) = (CHARSET[word], CHARSET[word].to_ascii_uppercase());
        table[lower as usize] = word as u8 | case(lower);
        table[upper as usize] = word as u8 | case(upper);
        word += 1;
    }
    table
};
