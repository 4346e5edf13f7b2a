//! [`Entropy`]: random bytes for token ids, fetched for several at a time.

use std::sync::{Mutex, PoisonError};

/// So many ids for each call of the system, which takes as long for one as for all of them.
const IDS: usize = 16;

/// Random bytes of the operating system, none of them given out twice.
///
/// What waits here is not secret: every id stands in its token for everybody to read. It has to be unique, and should a
/// process be copied with the bytes in it, two tokens of different payments share an id, and with it a root key
/// that signs them both, differently.
#[derive(Default)]
pub(crate) struct Entropy(Mutex<Pool>);

#[derive(Default)]
struct Pool {
    ids: [[u8; 32]; IDS],
    left: usize,
}

impl Entropy {
    /// The bytes of one id.
    ///
    /// # Errors
    /// The operating system gives none.
    pub(crate) fn take(&self) -> Result<[u8; 32], getrandom::Error> {
        let mut pool = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pool.left == 0 {
            getrandom::fill(pool.ids.as_flattened_mut())?;
            pool.left = IDS;
        }
        pool.left -= 1;
        let left = pool.left;
        Ok(std::mem::take(&mut pool.ids[left]))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_bytes_are_given_out_twice() {
        let entropy = Entropy::default();
        let taken: HashSet<_> = (0..10 * IDS).map(|_| entropy.take().ok()).collect();
        assert!(taken.len() == 10 * IDS && !taken.contains(&None) && !taken.contains(&Some([0; 32])));
    }
}
