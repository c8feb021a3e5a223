//! Classifiers of phrases, and what is made of their predictions.
//!
//! | module | what it is |
//! |---|---|
//! | [`judge`] | the paper's genre classifier |
//! | [`stranger`] | are outputs told from real music by who has never seen the network? |
//! | [`style`] | the paper's S and its ceiling |

pub mod judge;
pub mod stranger;
pub mod style;
