//! The gate as files for others: JUnit XML for CI, Markdown for a pull request.
//!
//! Each governed item is a test; what keeps the gate closed as a whole is one as well. Names and reasons come from the
//! repository and are escaped here.

use std::path::{Path, PathBuf};

use assay_wire::{ApiError, Code, GateContentView, RefusalView, ReviewGateView};

use crate::arguments::VerifyCommit;
use crate::commands::file_in;
use crate::commands::reports::escaped as in_xml;
use crate::commands::run::{check_writable, unwritable};
use crate::markdown::escaped as in_markdown;
use crate::output::Output;

/// How a gate is written.
type Layout = fn(&ReviewGateView) -> String;

/// The files that were asked for.
pub(super) struct Files(Vec<(PathBuf, Layout)>);

impl Files {
    /// Looks whether each can be written.
    pub fn new(directory: &Path, arguments: &VerifyCommit) -> Result<Files, ApiError> {
        let layouts: [(&Option<PathBuf>, Layout); 2] =
            [(&arguments.junit, junit), (&arguments.markdown, markdown)];
        let asked = layouts
            .into_iter()
            .filter_map(|(file, layout)| Some((file_in(directory, file.as_ref()?), layout)));
        let files = Files(asked.collect());
        let streams = files.0.iter().filter(|(file, _)| is_stream(file)).count();
        if streams + usize::from(arguments.json.json) > 1 {
            let message = "only one of --json, --junit and --markdown can be standard output";
            return Err(ApiError::new(Code::BadInput, message));
        }
        files.0.iter().try_for_each(|(file, _)| check_writable(file))?;
        Ok(files)
    }

    pub fn takes_stdout(&self) -> bool {
        self.0.iter().any(|(file, _)| is_stream(file))
    }

    pub fn write(&self, gate: &ReviewGateView, output: &Output) -> Result<(), ApiError> {
        for (file, layout) in &self.0 {
            match is_stream(file) {
                true => output.copy(&layout(gate))?,
                false => std::fs::write(file, layout(gate)).map_err(|e| unwritable(file, &e))?,
            }
        }
        Ok(())
    }
}

fn is_stream(file: &Path) -> bool {
    file == Path::new("-")
}

fn name(content: &GateContentView) -> String {
    match content.variant.as_str() {
        "" => format!("{} {}", content.role, content.path),
        variant => format!("{} {}/{variant}", content.role, content.path),
    }
}

fn junit(gate: &ReviewGateView) -> String {
    let closed = gate.contents.iter().filter(|content| !content.open).count();
    let failures = closed + usize::from(!gate.reasons.is_empty());
    let counted = format!("tests=\"{}\" failures=\"{failures}\"", gate.contents.len() + 1);
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"assay verify\" {counted}>\n  <testsuite name=\"gate\" {counted} errors=\"0\" skipped=\"0\" time=\"0\">\n"
    );
    text.push_str(&test("statements and rules", &gate.reasons));
    text.extend(gate.contents.iter().map(|content| test(&name(content), &content.reasons)));
    text.push_str("  </testsuite>\n</testsuites>\n");
    text
}

fn test(name: &str, reasons: &[RefusalView]) -> String {
    let name = in_xml(name);
    let Some(first) = reasons.first() else {
        return format!("    <testcase classname=\"gate\" name=\"{name}\" time=\"0\"/>\n");
    };
    let (kind, said) = (in_xml(&first.code), in_xml(&first.message));
    let all: String = reasons
        .iter()
        .map(|reason| in_xml(&format!("{}: {}\n", reason.code, reason.message)))
        .collect();
    format!(
        "    <testcase classname=\"gate\" name=\"{name}\" time=\"0\">\n      <failure type=\"{kind}\" message=\"{said}\">{all}</failure>\n    </testcase>\n"
    )
}

fn markdown(gate: &ReviewGateView) -> String {
    let word = if gate.open { "open" } else { "closed" };
    let mut text = format!("### Gate: {word}\n\n");
    text.extend(gate.reasons.iter().map(|reason| format!("- ✗ {}\n", refusal(reason))));
    if gate.contents.is_empty() {
        text.push_str("Nothing that is governed would go in.\n");
        return text;
    }
    if !gate.reasons.is_empty() {
        text.push('\n');
    }
    text.push_str("| | content | approved by | needed | missing |\n|---|---|---|---|---|\n");
    text.extend(gate.contents.iter().map(row));
    text
}

fn row(content: &GateContentView) -> String {
    let sign = if content.open { "✓" } else { "✗" };
    let people = in_markdown(&content.approvals.join(", "));
    let missing: Vec<String> = content.reasons.iter().map(refusal).collect();
    let missing = missing.join("<br>");
    format!(
        "| {sign} | {} | {people} | {} | {missing} |\n",
        in_markdown(&name(content)),
        content.needed
    )
}

fn refusal(reason: &RefusalView) -> String {
    let hint =
        reason.hint.as_ref().map_or_else(String::new, |hint| format!(": {}", in_markdown(hint)));
    format!("{}{hint}", in_markdown(&reason.message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate() -> ReviewGateView {
        let reason = RefusalView {
            code: "needs-approvals".to_owned(),
            message: "0 of 1 approvals".to_owned(),
            hint: None,
        };
        let content = |path: &str, reasons: Vec<RefusalView>| GateContentView {
            role: "prompt".to_owned(),
            path: path.to_owned(),
            variant: "<plain>".to_owned(),
            content: "sha256:1".to_owned(),
            open: reasons.is_empty(),
            approvals: Vec::new(),
            needed: 1,
            evidence: None,
            reasons,
        };
        ReviewGateView {
            contents: vec![content("prompts/a", vec![reason]), content("prompts/b", Vec::new())],
            ..ReviewGateView::default()
        }
    }

    #[test]
    fn a_refusal_is_a_failed_test_with_its_code() {
        let text = junit(&gate());
        assert!(
            text.contains(r#"<testsuites name="assay verify" tests="3" failures="1">"#),
            "{text}"
        );
        assert!(
            text.contains(r#"<failure type="needs-approvals" message="0 of 1 approvals">"#),
            "{text}"
        );
        assert!(text.contains("prompts/a/&lt;plain&gt;"), "{text}");
    }

    #[test]
    fn the_markdown_has_a_row_for_each_item() {
        let text = markdown(&gate());
        assert!(text.starts_with("### Gate: closed\n"), "{text}");
        assert!(
            text.contains("| ✗ | prompt prompts/a/&lt;plain&gt; |  | 1 | 0 of 1 approvals |"),
            "{text}"
        );
        assert!(text.contains("| ✓ | prompt prompts/b/&lt;plain&gt; |"), "{text}");
    }
}
