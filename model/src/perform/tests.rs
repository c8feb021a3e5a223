//! Laws of the performer.
