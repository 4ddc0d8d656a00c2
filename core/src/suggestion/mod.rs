//! From a raw continuation to what may be shown. **A wrong suggestion costs more than none**: every rule here takes
//! away, none adds (but for the space that joins a suggestion to the word behind it), and each names its reason.

mod decide;
mod never;
mod overlap;
mod phrase;
mod secret;
mod sensitive;
mod settings;
mod thresholds;
mod type_through;
mod word;

pub use decide::{Candidate, decide, suppressed_early};
pub use never::{is_loaded_before, never_start};
pub use overlap::repeats_what_follows;
pub use phrase::judge_phrase;
pub use sensitive::{is_sensitive_before, sensitive_start};
pub use settings::SuggestionSettings;
pub use thresholds::Thresholds;
pub use type_through::advance;
pub use word::is_word;
