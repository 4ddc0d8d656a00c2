//! Browser surface.
