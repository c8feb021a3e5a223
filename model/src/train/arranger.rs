//! Training of the arranger.
//!
//! | module | what it is |
//! |---|---|
//! | [`loss`] | what the network's logits say wrongly of hidden cells |

pub mod loss;
