//! Rhai scripts of scorers: which texts they are, and where they stand. Whether one can be read is for those to say who
//! know the language.

use serde_json::Value;

use super::evals::in_evals;
use super::{MOST_FINDINGS, Subject};
use crate::diagnostic::Diagnostic;
use crate::files::resolve;
use crate::{Files, Prompt, Span, codes};

/// A script of a scorer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RhaiScript {
    /// The scorer's id.
    pub scorer: String,
    /// The script.
    pub text: String,
    /// The file that it stands in, relative to the folder of the scorer's prompt.
    pub file: String,
    /// Where its value stands in the evals file; none when the file is the script.
    pub value: Option<Span>,
}

impl RhaiScript {
    /// What is wrong when it cannot be read; `at` is a line and a column of the script, counted from 1.
    #[must_use]
    pub fn broken(&self, message: &str, at: Option<(usize, usize)>) -> Diagnostic {
        let span = self.value.unwrap_or_else(|| character_at(&self.text, at.unwrap_or((1, 1))));
        let line = at.filter(|_| self.value.is_some() && self.text.trim_end().contains('\n'));
        let place = line.map_or_else(String::new, |(line, _)| format!(", in its line {line}"));
        let message =
            format!("the script of the scorer `{}` cannot be read{place}: {message}", self.scorer);
        Diagnostic::error(codes::BROKEN_SCRIPT, &self.file, span, message)
            .with_hint("until it can be read it judges nothing; see https://rhai.rs/book/")
    }
}

/// The Rhai scripts among a prompt's scorers. A file that is missing has no script.
pub fn rhai_scripts(prompt: &Prompt, files: &Files) -> Vec<RhaiScript> {
    let Some(at) = &prompt.evals.file else { return Vec::new() };
    let scorers = prompt.evals.scorers.iter().enumerate();
    let scripts: Vec<_> =
        scorers.filter(|(_, scorer)| scorer.kind == "rhai").take(MOST_FINDINGS).collect();
    if scripts.is_empty() {
        return Vec::new();
    }
    let subject = Subject::of(prompt, files);
    let script = |(index, scorer): (usize, &crate::ScorerSpec)| {
        let named = scorer.extra.get("script").and_then(Value::as_str);
        let (file, text, value) = match (&scorer.value, named) {
            (Some(Value::String(text)), None) => {
                let span = in_evals(&subject, "scorers", index, "value").unwrap_or(scorer.span);
                (at.clone(), text.clone(), Some(span))
            }
            (None, Some(path)) => {
                let file = resolve(at, path)?;
                let text = files.get(&file)?.clone();
                (file, text, None)
            }
            _ => return None,
        };
        Some(RhaiScript { scorer: scorer.id.clone(), text, file, value })
    };
    scripts.into_iter().filter_map(script).collect()
}

/// The character at a line and a column; the end of the text for a place behind it.
fn character_at(text: &str, (line, column): (usize, usize)) -> Span {
    let start_of_line: usize =
        text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = &text[start_of_line..];
    let mut characters = rest.char_indices().skip(column.saturating_sub(1));
    match characters.next() {
        Some((at, character)) => {
            let start = start_of_line + at;
            Span { start, end: start + character.len_utf8() }
        }
        None => Span { start: text.len(), end: text.len() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_folder;

    fn folder(scorer: &str) -> Files {
        let files = [
            (
                "prompt.yaml",
                "format: assay/1\nid: 01J8ZZZZZZZZZZZZZZZZZZZZZZ\nvariants: [{id: a, file: a.prompty}]\nevals: [evals.yaml]\n"
                    .to_owned(),
            ),
            ("a.prompty", "---\nname: a\n---\nuser:\nHello\n".to_owned()),
            ("tone.rhai", "let é = 1;\nlet b = ;\n".to_owned()),
            ("evals.yaml", format!("scorers:\n  - {{id: s, {scorer}}}\n")),
        ];
        files.into_iter().map(|(name, text)| (name.to_owned(), text)).collect()
    }

    fn only(scorer: &str) -> Option<RhaiScript> {
        let files = folder(scorer);
        rhai_scripts(&parse_folder("p", &files), &files).pop()
    }

    #[test]
    fn a_script_is_found_in_the_evals_file_or_beside_it() {
        let inline = only("type: rhai, value: 1 +");
        assert_eq!(
            inline.map(|script| (script.text, script.file)),
            Some(("1 +".into(), "evals.yaml".into()))
        );
        let beside = only("type: rhai, script: tone.rhai");
        assert_eq!(
            beside.map(|script| (script.file, script.value)),
            Some(("tone.rhai".into(), None))
        );
        for none in [
            "type: rhai, script: gone.rhai",
            "type: rhai, script: ../tone.rhai",
            "type: rhai, value: 3",
            "type: python, value: 1 +",
        ] {
            assert_eq!(only(none), None, "{none}");
        }
    }

    #[test]
    fn what_is_wrong_stands_where_it_is() {
        let files = folder("type: rhai, script: tone.rhai");
        let Some(script) = only("type: rhai, script: tone.rhai") else { panic!("there is one") };
        let found = script.broken("expecting a value", Some((2, 9)));
        assert_eq!(&files["tone.rhai"][found.span.start..found.span.end], ";");
        let behind = script.broken("it ends too early", Some((9, 9)));
        assert_eq!(behind.span.start, files["tone.rhai"].len());
        let Some(inline) = only("type: rhai, value: \"1\\n+\"") else { panic!("there is one") };
        let found = inline.broken("it ends too early", Some((2, 2)));
        assert!(found.message.contains("in its line 2"), "{}", found.message);
        assert_eq!(found.file, "evals.yaml");
    }
}
