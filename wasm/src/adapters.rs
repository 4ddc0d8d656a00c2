//! Personal adapters in the browser's engine: read and checked once, switched between suggestions.

use std::collections::BTreeMap;
use std::sync::Arc;

use sotto_lm::{Adapter, AdapterError};
use wasm_bindgen::prelude::*;

use crate::Engine;
use crate::engine::busy;
use crate::error::Thrown;

/// Adapters by name.
pub(crate) type Adapters = BTreeMap<String, Arc<Adapter>>;

#[wasm_bindgen]
impl Engine {
    /// Reads an adapter and keeps it under a name, in the place of an older one. Changes nothing that is in use.
    ///
    /// # Errors
    /// `adapterInvalid`, `adapterOtherModel` or `tooLarge`; `notReady` while a suggestion or an answer is made.
    #[wasm_bindgen(js_name = putAdapter)]
    pub fn put_adapter(&self, name: String, bytes: &[u8]) -> Result<(), Thrown> {
        let base = self.shared.base.ok_or(AdapterError::OtherModel)?;
        let completer = self.shared.take().ok_or_else(busy)?;
        let adapter = Adapter::from_bytes(bytes, completer.decoder().config(), &base);
        self.shared.put_back(completer);
        let adapter = Arc::new(adapter?);
        self.shared.adapters.borrow_mut().insert(name, adapter);
        Ok(())
    }

    /// Uses an adapter from now on; none for `undefined` and for a name that is not there. Costs the KV cache where it changes
    /// anything, and nothing otherwise.
    ///
    /// # Errors
    /// `backendUnavailable` on WebGPU, which takes none: nothing changes then. `notReady` while a suggestion or an answer is
    /// made.
    #[wasm_bindgen(js_name = useAdapter)]
    pub fn use_adapter(&self, name: Option<String>) -> Result<(), Thrown> {
        let adapters = self.shared.adapters.borrow();
        let wanted = name.and_then(|name| adapters.get(&name).cloned());
        let mut completer = self.shared.take().ok_or_else(busy)?;
        let is_same = match (completer.decoder().adapter(), &wanted) {
            (Some(used), Some(wanted)) => Arc::ptr_eq(used, wanted),
            (None, None) => true,
            _ => false,
        };
        let changed = match is_same {
            true => Ok(()),
            false => completer.decoder_mut().set_adapter(wanted),
        };
        self.shared.put_back(completer);
        Ok(changed?)
    }

    /// Uses none and forgets all.
    ///
    /// # Errors
    /// As [`Self::use_adapter`].
    #[wasm_bindgen(js_name = dropAdapters)]
    pub fn drop_adapters(&self) -> Result<(), Thrown> {
        self.use_adapter(None)?;
        self.shared.adapters.borrow_mut().clear();
        Ok(())
    }
}
