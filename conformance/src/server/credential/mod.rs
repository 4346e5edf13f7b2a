//! How a paid credential may be written.

pub(super) mod places;
pub(super) mod spelling;
