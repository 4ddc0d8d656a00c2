//! A panic is a bug. It says where it was, and never why: the message might quote what a user typed.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console)]
    fn error(text: &str);
}

/// From now on a panic prints its place to the console. The instance traps after it, which ends the worker's call with
/// a `RuntimeError`.
pub(crate) fn install() {
    std::panic::set_hook(Box::new(|info| {
        let place = info
            .location()
            .map(|place| format!("{}:{}", file_name(place.file()), place.line()));
        error(&format!(
            "Sotto's engine stopped at {}",
            place.as_deref().unwrap_or("an unknown place")
        ));
    }));
}

/// Without the folders of the machine that built it.
fn file_name(path: &str) -> &str {
    path.rsplit_once(['/', '\\']).map_or(path, |(_, name)| name)
}
