//! Syntax colours of a text, line by line, as roles that the window's theme colours.
//!
//! syntect runs here and not in the window: in wasm it takes 300 ms for 200 lines. Prompts have
//! no syntax definition of their own yet: a `.prompty` file is YAML up to its closing `---` and
//! Markdown after it, with role lines and `{{ … }}` marked on top.

use std::sync::LazyLock;

use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};

static SYNTAXES: LazyLock<SyntaxSet> = LazyLock::new(SyntaxSet::load_defaults_newlines);

/// Longer lines stay plain: colouring is a courtesy, and its cost must stay bounded.
const MAX_LINE: usize = 4_000;

/// A coloured text.
pub(crate) struct Highlighted {
    /// Per line: where a piece ends, in bytes, and its role.
    lines: Vec<Vec<(usize, &'static str)>>,
}

impl Highlighted {
    /// Colours a text by the kind of its file.
    pub fn new(path: &str, text: &str) -> Self {
        let lines = if path.ends_with(".prompty") { prompty(text) } else { whole(path, text) };
        Self { lines }
    }

    /// The pieces of a line, by its 1-based number.
    pub fn line(&self, number: usize) -> &[(usize, &'static str)] {
        number.checked_sub(1).and_then(|i| self.lines.get(i)).map_or(&[], Vec::as_slice)
    }
}

fn whole(path: &str, text: &str) -> Vec<Vec<(usize, &'static str)>> {
    let extension = match path.rsplit('.').next() {
        Some("jsonl") => "json",
        Some(other) => other,
        None => "txt",
    };
    coloured(extension, text.split_inclusive('\n'))
}

fn prompty(text: &str) -> Vec<Vec<(usize, &'static str)>> {
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    let closing = lines.iter().skip(1).position(|l| l.trim_end() == "---").map_or(0, |i| i + 2);
    let (front, body) = lines.split_at(closing);
    let mut coloured_lines = coloured("yaml", front.iter().copied());
    let body_colours = coloured("md", body.iter().copied());
    coloured_lines.extend(body.iter().zip(body_colours).map(|(line, pieces)| mark(line, pieces)));
    coloured_lines
}

fn coloured<'a>(
    extension: &str,
    lines: impl Iterator<Item = &'a str>,
) -> Vec<Vec<(usize, &'static str)>> {
    let syntax = SYNTAXES
        .find_syntax_by_extension(extension)
        .unwrap_or_else(|| SYNTAXES.find_syntax_plain_text());
    let mut painter = Painter::new(syntax);
    lines.map(|line| painter.line(line)).collect()
}

struct Painter {
    state: ParseState,
    scopes: ScopeStack,
}

impl Painter {
    fn new(syntax: &SyntaxReference) -> Self {
        Self { state: ParseState::new(syntax), scopes: ScopeStack::new() }
    }

    fn line(&mut self, line: &str) -> Vec<(usize, &'static str)> {
        if line.len() > MAX_LINE {
            return Vec::new();
        }
        let mut pieces = Vec::new();
        // A syntax that fails on a line leaves it plain.
        let Ok(changes) = self.state.parse_line(line, &SYNTAXES) else { return pieces };
        let mut from = 0;
        for (at, change) in changes {
            if at > from {
                pieces.push((at, role(&self.scopes)));
                from = at;
            }
            if self.scopes.apply(&change).is_err() {
                return pieces;
            }
        }
        if line.len() > from {
            pieces.push((line.len(), role(&self.scopes)));
        }
        pieces
    }
}

/// Scope prefixes and the role they are drawn in; the innermost scope that is listed wins.
const ROLES: &[(&str, &str)] = &[
    ("comment", "comment"),
    ("constant.numeric", "number"),
    ("constant.language", "number"),
    ("entity.name.tag", "keyword"),
    ("keyword", "keyword"),
    ("markup.heading", "heading"),
    ("entity.name.section", "heading"),
    ("meta.mapping.key", "keyword"),
    ("string", "string"),
    ("punctuation", "punctuation"),
    ("variable", "variable"),
];

fn role(scopes: &ScopeStack) -> &'static str {
    static TABLE: LazyLock<Vec<(Scope, &'static str)>> = LazyLock::new(|| {
        ROLES.iter().filter_map(|(s, role)| Some((Scope::new(s).ok()?, *role))).collect()
    });
    scopes
        .scopes
        .iter()
        .rev()
        .find_map(|scope| TABLE.iter().find(|(prefix, _)| prefix.is_prefix_of(*scope)))
        .map_or("plain", |(_, role)| role)
}

/// Role lines and `{{ … }}` of a template body, over what Markdown made of it.
fn mark(line: &str, pieces: Vec<(usize, &'static str)>) -> Vec<(usize, &'static str)> {
    if line.len() > MAX_LINE {
        return pieces;
    }
    if is_role_line(line) {
        return vec![(line.len(), "tag")];
    }
    let mut marked = pieces;
    let mut from = 0;
    while let Some(open) = line[from..].find("{{").or_else(|| line[from..].find("{%")) {
        let start = from + open;
        let Some(close) = line[start + 2..].find(['}', '%']).map(|i| start + 2 + i) else { break };
        let end = (close + 2).min(line.len());
        if !line.is_char_boundary(end) {
            break;
        }
        marked = splice(marked, start, end, "variable");
        from = end;
    }
    marked
}

fn is_role_line(line: &str) -> bool {
    let line = line.trim_end();
    let role = line.split(['[', ':']).next().unwrap_or_default();
    line.ends_with(':') && matches!(role, "system" | "user" | "assistant" | "developer")
}

/// Lays one piece over others.
fn splice(
    pieces: Vec<(usize, &'static str)>,
    start: usize,
    end: usize,
    role: &'static str,
) -> Vec<(usize, &'static str)> {
    let mut before: Vec<_> = Vec::new();
    let mut after: Vec<_> = Vec::new();
    let mut from = 0;
    for (to, old) in pieces {
        if from < start {
            before.push((to.min(start), old));
        }
        if to > end {
            after.push((to, old));
        }
        from = to;
    }
    if before.last().is_none_or(|(to, _)| *to < start) && start > 0 {
        before.push((start, "plain"));
    }
    before.push((end, role));
    before.extend(after);
    before
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, line: usize, expected: &[(&str, &str)]) {
        let highlighted = Highlighted::new(path, text);
        let source = text.lines().nth(line - 1).expect("the line is there");
        let mut from = 0;
        let mut found = Vec::new();
        for (to, role) in highlighted.line(line) {
            let to = (*to).min(source.len());
            if to > from {
                found.push((&source[from..to], *role));
            }
            from = to;
        }
        for piece in expected {
            assert!(found.contains(piece), "{piece:?} is not among {found:?}");
        }
    }

    const PROMPT: &str = "---\nname: triage\n---\nsystem:\n# Policy\nRoute {{ ticket }} now.\n";

    #[test]
    fn front_matter_is_coloured_as_yaml() {
        check("a.prompty", PROMPT, 2, &[("name", "keyword"), ("triage", "string")]);
    }

    #[test]
    fn a_role_line_stands_out() {
        check("a.prompty", PROMPT, 4, &[("system:", "tag")]);
    }

    #[test]
    fn a_variable_stands_out_in_prose() {
        check("a.prompty", PROMPT, 6, &[("{{ ticket }}", "variable")]);
    }

    #[test]
    fn a_row_is_coloured_as_json() {
        check("cases.jsonl", "{\"id\": \"c-1\", \"n\": 3}\n", 1, &[("3", "number")]);
    }

    #[test]
    fn an_unknown_kind_of_file_is_plain() {
        check("notes.unknown", "some text\n", 1, &[("some text", "plain")]);
    }
}
