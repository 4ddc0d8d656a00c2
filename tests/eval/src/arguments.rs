//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Measures the quality of a model pack through the code that ships.
#[derive(Debug, Parser)]
#[command(name = "sotto-eval")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Bits per byte and next-word recall of a text.
    Language(LanguageOptions),
    /// The same of a 5-gram model, trained on token files.
    Ngram(NgramOptions),
    /// Suggestions: precision, coverage, silence where nothing should be shown, keystrokes saved.
    Autocomplete(AutocompleteOptions),
    /// Summaries: ROUGE beside lead-3 and the extractive summary.
    Summarize(SummarizeOptions),
    /// Answers: token F1 and bits per byte of the references.
    Chat(ChatOptions),
    /// Chooses the suggestion thresholds for a stated precision.
    Calibrate(CalibrateOptions),
    /// Planted secrets and words that must never be shown.
    Canaries(CanariesOptions),
    /// Adapters: what training on the first part of an author's text does for the last part.
    Personal(PersonalOptions),
    /// Redaction: recall and precision of each kind of personal data.
    Redact(RedactOptions),
    /// Makes cases from a prose file or from records.
    Cases(CasesOptions),
    /// Puts the results of a folder into one JSON file and one table.
    Table(TableOptions),
}

/// What every measurement needs.
#[derive(Debug, Clone, Args)]
pub(crate) struct Common {
    /// Folder of the pack.
    #[arg(long)]
    pub(crate) pack: PathBuf,
    /// JSON lines.
    #[arg(long)]
    pub(crate) cases: PathBuf,
    /// Where the figures go.
    #[arg(long)]
    pub(crate) json: PathBuf,
    /// Use the first cases only.
    #[arg(long)]
    pub(crate) limit: Option<usize>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct LanguageOptions {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Tokens by which windows advance; at most the context, which is the strictest.
    #[arg(long, default_value_t = 128)]
    pub(crate) stride: usize,
}

/// Where the n-gram model and the word frequencies come from.
#[derive(Debug, Clone, Args)]
pub(crate) struct TokenOptions {
    /// Folder with the token files (`*.npy`) of `models/recipe/encode.py`.
    #[arg(long)]
    pub(crate) tokens: PathBuf,
    /// The tokenizer that made them, if it is not the pack's.
    #[arg(long)]
    pub(crate) tokenizer: Option<PathBuf>,
    /// Most tokens to train on: the same share of each file is taken from its beginning.
    #[arg(long, default_value_t = 80_000_000)]
    pub(crate) max_tokens: usize,
    /// Length of the n-grams.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(2..=5))]
    pub(crate) order: u8,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct NgramOptions {
    #[command(flatten)]
    pub(crate) language: LanguageOptions,
    #[command(flatten)]
    pub(crate) training: TokenOptions,
}

/// What makes the suggestions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// The pack's model.
    Model,
    /// A 5-gram model, through the same completer and rules.
    Ngram,
    /// The most frequent word with the typed beginning, through the same rules.
    Frequency,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct AutocompleteOptions {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Suggestion settings instead of the pack's: a JSON object as `calibrate` writes it.
    #[arg(long)]
    pub(crate) suggestion: Option<PathBuf>,
    /// What makes the suggestions; the baselines need `--tokens`.
    #[arg(long, value_enum, default_value_t = Engine::Model)]
    pub(crate) engine: Engine,
    /// Token files for the baselines.
    #[arg(long, required_if_eq_any([("engine", "ngram"), ("engine", "frequency")]))]
    pub(crate) tokens: Option<PathBuf>,
    /// The tokenizer that made them, if it is not the pack's.
    #[arg(long)]
    pub(crate) tokenizer: Option<PathBuf>,
    /// Keystrokes that a wrong suggestion costs in the typing simulation.
    #[arg(long, default_value_t = 1.0)]
    pub(crate) wrong_cost: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Length {
    Short,
    Medium,
    Long,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct SummarizeOptions {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Length to ask for.
    #[arg(long, value_enum, default_value_t = Length::Medium)]
    pub(crate) length: Length,
    /// Summaries as the product gives them with this pack: extractive, unless the manifest trusts the model with them.
    /// Otherwise the model writes them, whatever the manifest says.
    #[arg(long)]
    pub(crate) as_shipped: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ChatOptions {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Write no answers, only measure the references.
    #[arg(long)]
    pub(crate) references_only: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct CalibrateOptions {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Share of shown suggestions that must be right.
    #[arg(long, default_value_t = 0.62)]
    pub(crate) target: f64,
    /// Most wrong suggestions among the insert cases.
    #[arg(long, default_value_t = 0.15)]
    pub(crate) max_wrong: f64,
    /// Where the settings go, for `sotto-pack make --suggestion`.
    #[arg(long)]
    pub(crate) settings: Option<PathBuf>,
    /// Where the drawing of the reliability curve goes.
    #[arg(long)]
    pub(crate) svg: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct CanariesOptions {
    /// Folder of the pack.
    #[arg(long)]
    pub(crate) pack: PathBuf,
    /// Where the figures go.
    #[arg(long)]
    pub(crate) json: PathBuf,
    /// Suggestion settings instead of the pack's.
    #[arg(long)]
    pub(crate) suggestion: Option<PathBuf>,
    /// Writes the canaries as a prose file that can be planted in training text, and measures nothing.
    #[arg(long)]
    pub(crate) plant: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct PersonalOptions {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Tokens of an author's beginning that are what the user wrote: most is learned from, the last tenth decides.
    #[arg(long, default_value_t = 20_000)]
    pub(crate) train_tokens: usize,
    /// Tokens behind those that are measured.
    #[arg(long, default_value_t = 8_000)]
    pub(crate) test_tokens: usize,
    /// Characters of the measured part that are typed; 0 leaves typing out.
    #[arg(long, default_value_t = 6_000)]
    pub(crate) typed_characters: usize,
    /// Times that planted secrets are written into what is learned; asks for them afterwards.
    #[arg(long, default_value_t = 0)]
    pub(crate) canaries: usize,
    #[command(flatten)]
    pub(crate) training: TrainingOptions,
}

/// Settings of the training other than the defaults.
#[derive(Debug, Clone, Args)]
pub(crate) struct TrainingOptions {
    #[arg(long)]
    pub(crate) rank: Option<usize>,
    #[arg(long)]
    pub(crate) alpha: Option<f32>,
    /// Products that learn: qkv, attention_out, gate_up, down, head.
    #[arg(long, value_delimiter = ',')]
    pub(crate) targets: Vec<String>,
    #[arg(long)]
    pub(crate) learning_rate: Option<f32>,
    #[arg(long)]
    pub(crate) epochs: Option<usize>,
    #[arg(long)]
    pub(crate) window_tokens: Option<usize>,
    #[arg(long)]
    pub(crate) batch_windows: Option<usize>,
    #[arg(long)]
    pub(crate) threads: Option<usize>,
    /// Differential privacy with this ε for one window.
    #[arg(long)]
    pub(crate) epsilon: Option<f64>,
    /// Longest gradient of a window, with privacy.
    #[arg(long, default_value_t = 0.5)]
    pub(crate) clip_norm: f32,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct RedactOptions {
    /// JSON lines: `{"id", "text", "spans": [{"start", "end", "kind"}], "ignore": [...]}`, offsets in Unicode characters.
    #[arg(long)]
    pub(crate) cases: PathBuf,
    /// Where the figures go.
    #[arg(long)]
    pub(crate) json: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RecordKind {
    Summarize,
    Chat,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct CasesOptions {
    /// Prose file, plain or xz: documents are separated by lines `<|doc|>`.
    #[arg(long, required_unless_present = "records")]
    pub(crate) text: Option<PathBuf>,
    /// File of records (JSON lines, plain or xz) to make summary or chat cases of instead.
    #[arg(long, requires = "kind", conflicts_with = "text")]
    pub(crate) records: Option<PathBuf>,
    /// What to make of the records.
    #[arg(long, value_enum)]
    pub(crate) kind: Option<RecordKind>,
    /// Only records of this source; may be given several times.
    #[arg(long)]
    pub(crate) source: Vec<String>,
    /// Folder that receives the files.
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Beginning of the files' names and of the cases' ids.
    #[arg(long)]
    pub(crate) name: String,
    /// Insert cases.
    #[arg(long, default_value_t = 4_000)]
    pub(crate) insert: usize,
    /// Suppress cases.
    #[arg(long, default_value_t = 1_600)]
    pub(crate) suppress: usize,
    /// Passages for the typing simulation.
    #[arg(long, default_value_t = 60)]
    pub(crate) passages: usize,
    /// Most records.
    #[arg(long, default_value_t = 200)]
    pub(crate) count: usize,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct TableOptions {
    /// Folder with the JSON files of the commands.
    #[arg(long)]
    pub(crate) results: PathBuf,
    /// Where everything goes.
    #[arg(long)]
    pub(crate) json: PathBuf,
    /// Where the table goes.
    #[arg(long)]
    pub(crate) markdown: PathBuf,
}
