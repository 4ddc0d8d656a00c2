//! What the user sees before the question.

use super::plan::Plan;
use crate::models::Terminal;
use crate::models::command::size;

/// Shows name, size, files with their sums, licence, and what the model will be able to do.
pub(super) fn describe(plan: &Plan, terminal: &mut Terminal<'_>) {
    let manifest = &plan.manifest;
    terminal.line(&format!(
        "{}: {} model, about {} million parameters, {} tokens of context, {}",
        manifest.name,
        manifest.architecture,
        manifest.parameters.div_ceil(1_000_000),
        manifest.context_tokens,
        size(plan.bytes()),
    ));
    terminal.line(&format!("licence: {}", manifest.license));
    for blob in &manifest.blobs {
        let name = blob.name.as_deref().map(|name| format!(" {name}"));
        terminal.line(&format!(
            "  {}{}  {}  sha256 {}",
            blob.role,
            name.unwrap_or_default(),
            size(blob.bytes.into()),
            blob.sha256
        ));
    }
    terminal.line(match manifest.assist.is_instruction_tuned {
        true => "chat: yes",
        false => "chat: it has no chat template, so it can only continue a text",
    });
    terminal.line(match manifest.assist.is_abstractive {
        true => "summaries: in its own words",
        false => "summaries: made of the text's own sentences (--abstractive yes overrides)",
    });
    terminal.line(match plan.is_for_npu() {
        true => "runs on: CPU or NPU",
        false => "runs on: CPU",
    });
}
