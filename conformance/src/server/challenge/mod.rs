//! What an unpaid request is answered.

pub(super) mod bypass;
pub(super) mod form;
pub(super) mod invoice;
pub(super) mod manners;
pub(super) mod token;
