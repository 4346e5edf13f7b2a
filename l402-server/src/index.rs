//! [`Index`]: from the hash of an entry to its place in a list.

/// A hash table of places: open addressing, linear probing, one word of four bytes a place.
///
/// A table of a library keeps what tells places apart, and the places, in two parts of memory. Neither is in the cache
/// when there are many entries, and to wait for the second one takes as long as all the rest of a claim.
#[derive(Default)]
pub(crate) struct Index {
    /// As many as a power of two says. Zero where nothing is, otherwise the place plus one, which has as many bits as
    /// the number of words, below bits of the hash.
    words: Vec<u32>,
    len: usize,
}

/// Where a word is, or could be.
#[derive(Clone, Copy)]
pub(crate) struct Position(usize);

const FEWEST_WORDS: usize = 64;

impl Index {
    /// Whether it has to grow before anything is inserted: at three quarters, beyond which probing takes long.
    pub(crate) const fn is_full(&self) -> bool {
        self.len >= self.words.len() / 4 * 3
    }

    /// Takes twice the room, and asks for the hash of every place so far.
    pub(crate) fn grow(&mut self, hash_of: impl Fn(usize) -> u64) {
        let words = (2 * self.words.len()).max(FEWEST_WORDS);
        let places = std::mem::take(&mut self.len);
        self.words = vec![0; words];
        // In the order of the list: in that of the table, each would have to come from main memory by itself.
        for place in 0..places {
            let hash = hash_of(place);
            if let Err(vacant) = self.find(hash, |_| false) {
                self.insert(vacant, hash, place);
            }
        }
    }

    /// Where the place is that `is_it` recognizes; or otherwise where it belongs.
    pub(crate) fn find(&self, hash: u64, is_it: impl Fn(usize) -> bool) -> Result<Position, Position> {
        let mut at = self.home(hash);
        loop {
            // There are always words that are zero; nothing but an index without any has none at its home.
            let word = self.words.get(at).copied().unwrap_or(0);
            if word == 0 {
                return Err(Position(at));
            }
            if (word ^ tag(hash)) & !self.mask() == 0 && is_it(self.place(word)) {
                return Ok(Position(at));
            }
            at = self.next(at);
        }
    }

    pub(crate) fn get(&self, at: Position) -> usize {
        self.place(self.words[at.0])
    }

    /// Puts a place where `find` did not find it. Not into an index that is full.
    pub(crate) fn insert(&mut self, at: Position, hash: u64, place: usize) {
        self.set(at, hash, place);
        self.len += 1;
    }

    /// Forgets a place, which the last one of the list takes, as in `Vec::swap_remove`. To be called before that.
    pub(crate) fn swap_remove(&mut self, place: usize, last: usize, hash_of: impl Fn(usize) -> u64) {
        if let Ok(forgotten) = self.find(hash_of(place), |other| other == place) {
            self.remove(forgotten, &hash_of);
        }
        if let Ok(moved) = self.find(hash_of(last), |other| other == last) {
            self.set(moved, hash_of(last), place);
        }
    }

    fn set(&mut self, at: Position, hash: u64, place: usize) {
        self.words[at.0] = (tag(hash) & !self.mask()) | (place as u32 + 1);
    }

    /// Takes a place out, and moves those up behind it that could not be at their home because of it.
    fn remove(&mut self, at: Position, hash_of: impl Fn(usize) -> u64) {
        let (mut hole, mut at) = (at.0, at.0);
        loop {
            at = self.next(at);
            let word = self.words[at];
            if word == 0 {
                break;
            }
            let home = self.home(hash_of(self.place(word)));
            if self.distance(home, at) >= self.distance(hole, at) {
                self.words[hole] = word;
                hole = at;
            }
        }
        self.words[hole] = 0;
        self.len -= 1;
    }

    fn home(&self, hash: u64) -> usize {
        (hash as u32 & self.mask()) as usize
    }

    const fn next(&self, at: usize) -> usize {
        (at + 1) & self.mask() as usize
    }

    const fn distance(&self, from: usize, to: usize) -> usize {
        to.wrapping_sub(from) & self.mask() as usize
    }

    const fn place(&self, word: u32) -> usize {
        (word & self.mask()) as usize - 1
    }

    const fn mask(&self) -> u32 {
        (self.words.len() as u32).wrapping_sub(1)
    }
}

/// Other bits of the hash than those which pick the home.
const fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}
