//! A jazz trio.
