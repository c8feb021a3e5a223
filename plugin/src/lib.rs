//! Plugin.

pub mod link;
pub mod rt;
