//! What a result file says beside its figures: of which model, on which cases.

use std::path::Path;

use serde::Serialize;
use sotto_core::pack::sha256;

use crate::arguments::Common;
use crate::error::EvalError;
use crate::files;
use crate::model::{PackInfo, PackModel};

/// A result file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report<F> {
    command: &'static str,
    /// What was measured: `model` or a baseline.
    engine: &'static str,
    pack: PackInfo,
    cases: CasesInfo,
    seconds: f64,
    #[serde(flatten)]
    figures: F,
}

/// The cases, so that two results can be told to be of the same ones.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CasesInfo {
    name: String,
    sha256: String,
    count: usize,
}

impl<F: Serialize> Report<F> {
    /// Describes a measurement of `count` cases.
    pub(crate) fn new(
        (command, engine): (&'static str, &'static str),
        pack: &PackModel,
        common: &Common,
        count: usize,
        seconds: f64,
        figures: F,
    ) -> Result<Self, EvalError> {
        let bytes = files::read(&common.cases, u64::MAX >> 1)?;
        let name = common.cases.file_name().unwrap_or_default();
        Ok(Self {
            command,
            engine,
            pack: pack.info(),
            cases: CasesInfo {
                name: name.to_string_lossy().into_owned(),
                sha256: sha256(&bytes).to_string(),
                count,
            },
            seconds: (seconds * 10.0).round() / 10.0,
            figures,
        })
    }

    /// Writes it.
    pub(crate) fn write(&self, path: &Path) -> Result<(), EvalError> {
        write_json(path, self)
    }
}

/// Writes `value` as JSON for people, too.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), EvalError> {
    let mut json = serde_json::to_vec_pretty(value).map_err(EvalError::Json)?;
    json.push(b'\n');
    files::write(path, &json)
}

/// `part / whole`; `None` if there is no whole, so that nothing measured is not mistaken for zero.
pub(crate) fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Percent with one digit, or a dash.
pub(crate) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", 100.0 * share))
}
