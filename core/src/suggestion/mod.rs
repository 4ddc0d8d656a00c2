//! From a raw continuation to what may be shown. **A wrong suggestion costs more than none.**

mod settings;

pub use settings::SuggestionSettings;
