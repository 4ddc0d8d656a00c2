//! The language model in burn.
