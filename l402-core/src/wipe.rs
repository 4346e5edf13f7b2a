//! Forgetting secrets.

/// Overwrites the named fields when a value is dropped, in whole words.
///
/// `zeroize`'s own wiping writes every byte by itself, which for short-lived values is as dear as a third of the
/// hashing that they are for. The barrier is what keeps the compiler from leaving the writes out.
macro_rules! wipe_on_drop {
    ($type:ident { $($field:tt = $zero:expr),+ }) => {
        impl Drop for $type {
            fn drop(&mut self) {
                $(self.$field = $zero;)+
                zeroize::optimization_barrier(self);
            }
        }

        impl zeroize::ZeroizeOnDrop for $type {}
    };
}
pub(crate) use wipe_on_drop;
