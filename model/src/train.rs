//! Training and evaluation of the networks.

pub mod evaluate;
