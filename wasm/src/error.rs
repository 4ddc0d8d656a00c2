//! Errors as JavaScript sees them.

use serde::Serialize;
use sotto_core::protocol::{Coded, ErrorCode, WireError};
use wasm_bindgen::prelude::*;

/// What a function throws: becomes an `Error` with `code`, `message` and `retryable`.
#[derive(Debug)]
pub struct Thrown(WireError);

impl<E: Coded> From<E> for Thrown {
    fn from(error: E) -> Self {
        Self(WireError::new(&error))
    }
}

impl From<Thrown> for JsValue {
    fn from(Thrown(error): Thrown) -> Self {
        let thrown = js_sys::Error::new(&error.message);
        // The code's name on the wire; it is an enum without fields, so that it cannot fail to serialise.
        let code = serde_json::to_value(error.code).unwrap_or_default();
        let properties = [
            ("code", Self::from_str(code.as_str().unwrap_or("internal"))),
            ("retryable", error.retryable.into()),
        ];
        for (name, value) in properties {
            // Setting a property of a fresh object does not fail.
            let _ = js_sys::Reflect::set(&thrown, &name.into(), &value);
        }
        thrown.into()
    }
}

impl Thrown {
    /// An error of this crate's own.
    pub(crate) fn new(code: ErrorCode, message: &str) -> Self {
        Self(wire_error(code, message))
    }
}

/// An error of this crate's own, as data.
pub(crate) fn wire_error(code: ErrorCode, message: &str) -> WireError {
    WireError {
        code,
        message: message.to_owned(),
        retryable: code.retryable(),
    }
}

/// The caller sent something that is not of the protocol.
pub(crate) fn bad_request(message: &str) -> Thrown {
    Thrown::new(ErrorCode::BadRequest, message)
}

/// Plain data as JSON.
pub(crate) fn to_json(value: &impl Serialize) -> Result<String, Thrown> {
    serde_json::to_string(value)
        .map_err(|_| Thrown::new(ErrorCode::Internal, "An answer could not be written."))
}
