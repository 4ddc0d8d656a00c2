//! What was found.

use std::io::Write;

use serde::Serialize;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// As it should be.
    Ok,
    /// Worth knowing.
    Note,
    /// Less than it could be.
    Warning,
    /// Does not work.
    Broken,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What it is about: `program`, `browser`, `runtime`, `model`, `settings`, `compiled`, `memory`, `sandbox`,
    /// `answer`.
    pub area: &'static str,
    /// How bad it is.
    pub status: Status,
    /// What was found.
    pub what: String,
    /// What to do; empty if there is nothing to be done.
    pub advice: String,
}

/// Everything that was found, in the order in which it was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The findings.
    pub findings: Vec<Finding>,
}

impl Report {
    /// The worst of the findings.
    pub fn status(&self) -> Status {
        let statuses = self.findings.iter().map(|finding| finding.status);
        statuses.max().unwrap_or(Status::Ok)
    }

    /// Whether something does not work.
    pub fn is_broken(&self) -> bool {
        self.status() == Status::Broken
    }

    pub(super) fn good(&mut self, area: &'static str, what: String) {
        self.push(area, Status::Ok, what, "");
    }

    pub(super) fn note(&mut self, area: &'static str, what: String) {
        self.push(area, Status::Note, what, "");
    }

    pub(super) fn warn(&mut self, area: &'static str, what: String, advice: &str) {
        self.push(area, Status::Warning, what, advice);
    }

    pub(super) fn broken(&mut self, area: &'static str, what: String, advice: &str) {
        self.push(area, Status::Broken, what, advice);
    }

    fn push(&mut self, area: &'static str, status: Status, what: String, advice: &str) {
        self.findings.push(Finding {
            area,
            status,
            what,
            advice: advice.into(),
        });
    }

    /// Writes it for people, or as JSON for programs: `{"status", "findings": [{"area", "status", "what", "advice"}]}`.
    ///
    /// # Errors
    /// The writer's.
    pub fn write(&self, out: &mut dyn Write, as_json: bool) -> std::io::Result<()> {
        if as_json {
            let json = serde_json::json!({ "status": self.status(), "findings": self.findings });
            return writeln!(out, "{json:#}");
        }
        for finding in &self.findings {
            let sign = match finding.status {
                Status::Ok => "ok     ",
                Status::Note => "note   ",
                Status::Warning => "warning",
                Status::Broken => "BROKEN ",
            };
            writeln!(out, "{sign} {}: {}", finding.area, finding.what)?;
            if !finding.advice.is_empty() {
                writeln!(out, "        -> {}", finding.advice)?;
            }
        }
        writeln!(
            out,
            "{}",
            match self.status() {
                Status::Broken => "something does not work",
                Status::Warning => "works, with warnings",
                Status::Ok | Status::Note => "all is well",
            }
        )
    }
}
