//! Runs the module's static constructors, once.
//!
//! CubeCL's intermediate representation registers its operations in constructors. A linker that sees constructors and
//! nobody who calls them wraps *every* exported function in a call of all of them, the ones that hand over a JavaScript
//! object included: a token on WebGPU then spent nine tenths of its time there. Naming the function is what stops that.
#![allow(unsafe_code, reason = "the linker's function; see the SAFETY comment")]

unsafe extern "C" {
    /// Made by the linker.
    fn __wasm_call_ctors();
}

/// Called first thing when the module starts.
pub(crate) fn run() {
    // SAFETY: the linker defines it with this signature; it only runs registrations, which take no locks, and this
    // is the one call, before anything else in the module.
    unsafe { __wasm_call_ctors() }
}
