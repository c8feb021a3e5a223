//! Families of networks: what turns a phrase into one of another genre.
//!
//! | module | what it is |
//! |---|---|
//! | [`arranger`] | fills in a phrase in the target's manner around its tune and harmony |
//! | [`cyclegan`] | the paper's generators and discriminators |

pub mod arranger;
pub mod cyclegan;
