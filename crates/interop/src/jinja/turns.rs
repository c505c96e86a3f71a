//! Role lines as others write them, and loops that print the turns of a conversation.
//!
//! Elsewhere a role line may have any case, a `#` before it, or be built from a value. Here it is
//! one exact line of template text. A loop that does nothing but print turns becomes a thread, so
//! that no value decides who speaks; every other loop with fixed roles works as it is.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use assay_prompt::Role;
use regex::Regex;
use serde_json::{Value, json};

use super::blocks::end_of;
use super::{Piece, pieces, source};
use crate::Notes;
use crate::body::role_of;

/// A loop that prints turns and nothing else has no more text and tags than this.
const MAX_PIECES: usize = 40;

/// What became a thread, and how its data has to change.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Thread {
    /// The input.
    pub name: String,
    turns: Turns,
}

/// Where the turns of one item are.
#[derive(Debug, Clone, PartialEq)]
enum Turns {
    /// The item is a turn; its text is in this field.
    Item(String),
    /// The item holds one turn for each role, in fields of its own.
    Fixed(Vec<(Role, Vec<String>)>),
}

/// A body whose role lines are ours.
pub(crate) struct Converted {
    /// The body.
    pub text: String,
    /// Inputs that are threads now.
    pub threads: Vec<Thread>,
}

/// Where notes say that something stands.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The file.
    pub file: &'a str,
    /// The line of the file on which the body begins, from 1.
    pub first_line: usize,
}

impl Place<'_> {
    /// `file:line` of a line of the body, from 0.
    pub fn line(&self, line: usize) -> String {
        format!("{}:{}", self.file, self.first_line + line)
    }
}

/// Makes role lines canonical and loops over turns threads. `flow` also knows the roles `function`
/// and `tool`, which only the older formats have.
pub(crate) fn convert(body: &str, place: Place, flow: bool, notes: &mut Notes) -> Converted {
    let body = without_values_in_attributes(body, place, notes);
    let (text, mut threads) = thread_loops(&body, place, notes);
    let text = thread_marks(&text, place, &mut threads, notes);
    let text = role_lines(&text, place, notes);
    report_values_as_roles(&text, place, notes);
    report_other_roles(&text, place, flow, notes);
    Converted { text, threads }
}

fn thread_loops(body: &str, place: Place, notes: &mut Notes) -> (String, Vec<Thread>) {
    let all = pieces(body);
    let mut out = Vec::with_capacity(all.len());
    let mut threads: Vec<Thread> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut at = 0;
    while at < all.len() {
        let found = thread_at(&all, at)
            .filter(|(_, new)| known.get(&new.name).is_none_or(|at| threads[*at] == *new));
        let Some((end, thread)) = found else {
            out.push(all[at].clone());
            at += 1;
            continue;
        };
        let line = if let Piece::Tag(tag) = &all[at] { tag.line } else { 0 };
        let why = format!("the thread input `{}` holds the turns", thread.name);
        notes.translated(&place.line(line), "a loop over the turns of a conversation", why);
        let alone = if ends_line(&out) { "" } else { "\n" };
        out.extend([Piece::Text(alone.to_owned()), Piece::print(&thread.name)]);
        if !known.contains_key(&thread.name) {
            known.insert(thread.name.clone(), threads.len());
            threads.push(thread);
        }
        at = end + 1;
    }
    (source(&out), threads)
}

/// `![thread]` was where v2, before it was released, put the turns of a conversation.
fn thread_marks(body: &str, place: Place, threads: &mut Vec<Thread>, notes: &mut Notes) -> String {
    let thread = Thread { name: "thread".to_owned(), turns: Turns::Item("content".to_owned()) };
    map_text_lines(body, |number, line| {
        if line.trim() != "![thread]" {
            return None;
        }
        notes.translated(&place.line(number), "`![thread]`", "the thread input `thread`");
        if !threads.contains(&thread) {
            threads.push(thread.clone());
        }
        Some("{{ thread }}".to_owned())
    })
}

/// `user[name="{{ x }}"]:` opens a message there, so it does here, without the attributes.
fn without_values_in_attributes(body: &str, place: Place, notes: &mut Notes) -> String {
    static LINE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?im)^[ \t]*#?[ \t]*(system|user|assistant|developer)[ \t]*\[([^\]\n]*\{\{[^\]\n]*)\][ \t]*:[ \t]*$",
        )
    });
    for found in LINE.captures_iter(body).take(20) {
        let Some(whole) = found.get(0) else { continue };
        let line = body[..whole.start()].matches('\n').count();
        let what = format!("the attributes `{}` of a role line", &found[2]);
        notes.left_out(&place.line(line), what, "attributes are not sent to models");
    }
    LINE.replace_all(body, |found: &regex::Captures| format!("{}:", found[1].to_lowercase()))
        .into_owned()
}

fn ends_line(before: &[Piece]) -> bool {
    match before.last() {
        None => true,
        Some(Piece::Text(text)) => text.trim_end_matches([' ', '\t']).ends_with('\n'),
        Some(_) => false,
    }
}

/// The end of the loop that begins at `at`, and what it prints, when it prints turns only.
fn thread_at(all: &[Piece], at: usize) -> Option<(usize, Thread)> {
    static HEAD: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^([A-Za-z_]\w*)\s+in\s+([A-Za-z_]\w*)$"));
    let Piece::Tag(tag) = &all[at] else { return None };
    if tag.word() != "for" {
        return None;
    }
    let head = HEAD.captures(tag.rest())?;
    let end = end_of(&all[..all.len().min(at + MAX_PIECES)], at)?;
    let turns = turns_of(&source(&all[at + 1..end]), &head[1])?;
    Some((end, Thread { name: head[2].to_owned(), turns }))
}

/// Reads `# {{x.role}}:\n{{x.content}}` and `user:\n{{x.question}}\nassistant:\n{{x.answer}}`.
fn turns_of(body: &str, item: &str) -> Option<Turns> {
    static MESSAGE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"^\s*#?\s*\{\{-?\s*(\w+)(?:\.role|\[\s*['\x22]role['\x22]\s*\])\s*(?:\|\s*(?:lower|trim)\s*)*-?\}\}",
            r"\s*:\s*\n\s*\{\{-?\s*(\w+)(?:\.(\w+)|\[\s*['\x22](\w+)['\x22]\s*\])\s*(?:\|\s*trim\s*)?-?\}\}\s*$",
        ))
    });
    if body.len() > 4_000 {
        return None;
    }
    if let Some(found) = MESSAGE.captures(body) {
        let field = found.get(3).or(found.get(4))?.as_str();
        return (&found[1] == item && &found[2] == item).then(|| Turns::Item(field.to_owned()));
    }
    fixed_turns(body, item).map(Turns::Fixed)
}

fn fixed_turns(body: &str, item: &str) -> Option<Vec<(Role, Vec<String>)>> {
    static PRINT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"^\{\{-?\s*(\w+)((?:\.\w+|\[\s*['\x22]\w+['\x22]\s*\])+)\s*-?\}\}$")
    });
    static FIELD: LazyLock<Regex> = LazyLock::new(|| pattern(r"\w+"));
    let lines: Vec<&str> = body.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() || !lines.len().is_multiple_of(2) {
        return None;
    }
    lines
        .chunks(2)
        .map(|pair| {
            let role = role_of(pair[0]).filter(|r| matches!(r, Role::User | Role::Assistant))?;
            let print = PRINT.captures(pair[1]).filter(|found| &found[1] == item)?;
            let path = FIELD.find_iter(&print[2]).map(|field| field.as_str().to_owned());
            Some((role, path.collect()))
        })
        .collect()
}

impl Thread {
    /// Items of this conversation as turns of a thread. Nothing when they have another shape.
    pub fn turns(&self, value: &Value) -> Option<Value> {
        let items = match value {
            Value::Array(items) => items.as_slice(),
            Value::Null => &[],
            Value::Object(fields) if fields.is_empty() => &[],
            Value::String(text) if text.trim().is_empty() || text.trim() == "[]" => &[],
            _ => return None,
        };
        let turns: Option<Vec<Vec<Value>>> = items.iter().map(|item| self.of_item(item)).collect();
        Some(Value::Array(turns?.into_iter().flatten().collect()))
    }

    fn of_item(&self, item: &Value) -> Option<Vec<Value>> {
        match &self.turns {
            Turns::Item(field) => {
                let role = item.get("role")?.as_str()?.to_ascii_lowercase();
                let known = ["user", "assistant", "tool"].contains(&role.as_str());
                let text = item.get(field)?.as_str()?;
                known.then(|| vec![json!({"role": role, "content": text})])
            }
            Turns::Fixed(fields) => fields
                .iter()
                .map(|(role, path)| {
                    let found = path.iter().try_fold(item, |at, key| at.get(key))?;
                    let text = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
                    Some(json!({"role": role.as_str(), "content": text}))
                })
                .collect(),
        }
    }
}

/// Every line of plain text that is loosely a role line, exactly as ours are.
fn role_lines(body: &str, place: Place, notes: &mut Notes) -> String {
    let mut changed = 0;
    let mut first = 0;
    let text = map_text_lines(body, |number, line| {
        let role = role_of(line)?;
        let attributes = attributes_of(line).unwrap_or_default();
        let canonical = format!("{}{attributes}:", role.as_str());
        if canonical == line {
            return None;
        }
        changed += 1;
        first = if changed == 1 { number } else { first };
        Some(canonical)
    });
    if changed > 0 {
        let why = format!("{changed} role lines are written exactly, as `user:`");
        notes.translated(&place.line(first), "role lines", why);
    }
    text
}

/// `[name="Ann"]` of a role line, when our own reader can read it.
fn attributes_of(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once('[')?;
    let (inner, _) = rest.rsplit_once(']')?;
    let start = line.len() - rest.len() - 1;
    (!inner.contains([']', '{'])).then(|| &line[start..start + inner.len() + 2])
}

/// Changes lines that stand wholly in plain text: no tag begins, ends or goes on in them.
fn map_text_lines(body: &str, mut map: impl FnMut(usize, &str) -> Option<String>) -> String {
    let all = pieces(body);
    let mut out = String::with_capacity(body.len());
    let mut number = 0;
    for (at, piece) in all.iter().enumerate() {
        let Piece::Text(text) = piece else {
            let text = source(std::slice::from_ref(piece));
            number += text.matches('\n').count();
            out.push_str(&text);
            continue;
        };
        let raw = text.contains("{%") || text.contains("{{");
        let last = at + 1 == all.len();
        for line in text.split_inclusive('\n') {
            let bare = line.trim_end_matches('\n');
            let whole =
                (out.is_empty() || out.ends_with('\n')) && (bare.len() < line.len() || last);
            match (whole && !raw).then(|| map(number, bare)).flatten() {
                Some(new) => out.push_str(&(new + &line[bare.len()..])),
                None => out.push_str(line),
            }
            number += usize::from(bare.len() < line.len());
        }
    }
    out
}

/// `{{item.role}}:` alone on a line: elsewhere a value decides who speaks, here it never can.
fn report_values_as_roles(body: &str, place: Place, notes: &mut Notes) {
    static LINE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?im)^[ \t]*#?[ \t]*\{\{[^{}\n]*\brole\b[^{}\n]*\}\}[ \t]*:[ \t]*$")
    });
    for found in LINE.find_iter(body).take(20) {
        let line = body[..found.start()].matches('\n').count();
        let why = "a value cannot open a message here: use a `kind: thread` input for the turns";
        let what = format!("the interpolated role `{}`", found.as_str().trim());
        notes.left_out(&place.line(line), what, why);
    }
}

/// With attributes nobody means text by such a line.
fn report_other_roles(body: &str, place: Place, flow: bool, notes: &mut Notes) {
    static LINE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?im)^[ \t]*#?[ \t]*(function|tool)[ \t]*(\[[^\]\n]*\])?[ \t]*:[ \t]*$")
    });
    for found in LINE.captures_iter(body).filter(|f| flow || f.get(2).is_some()).take(20) {
        let Some(whole) = found.get(0) else { continue };
        let line = body[..whole.start()].matches('\n').count();
        let what = format!("the role `{}`", found[1].to_ascii_lowercase());
        let why = "templates hold no tool results: its line is text of the message before it";
        notes.left_out(&place.line(line), what, why);
    }
}

/// A pattern of this crate's own.
pub(crate) fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern that is written in the source compiles")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn converted(body: &str) -> (Converted, Vec<String>) {
        let mut notes = Notes::default();
        let place = Place { file: "x", first_line: 1 };
        let converted = convert(body, place, true, &mut notes);
        (converted, notes.list().iter().map(|n| format!("{} {}", n.place, n.what)).collect())
    }

    #[test]
    fn every_spelling_of_a_role_line_becomes_ours() {
        let (it, _) = converted(
            "# System:\na\n  USER :\nb\nuser[name=\"A\"]: \nc\nThe user: x\n{{ y }}user:\n",
        );
        assert_eq!(
            it.text,
            "system:\na\nuser:\nb\nuser[name=\"A\"]:\nc\nThe user: x\n{{ y }}user:\n"
        );
    }

    #[test]
    fn loops_over_turns_become_threads_in_every_spelling() {
        for body in [
            "{% for m in h %}\n{{m.role}}:\n{{m.content}}\n{% endfor %}",
            "{%- for item in h -%}\n# {{ item['role'] }}:\n{{ item[\"content\"] }}\n{% endfor -%}",
            "{% for m in h %}{{ m.role | lower }}:\n{{ m.content | trim }}{% endfor %}",
        ] {
            let (it, notes) = converted(&format!("system:\nx\n{body}\nuser:\n{{{{ q }}}}"));
            assert_eq!(it.text, "system:\nx\n{{ h }}\nuser:\n{{ q }}", "{body}");
            assert_eq!(it.threads.len(), 1);
            assert_eq!(notes.len(), 1);
        }
    }

    #[test]
    fn the_data_of_a_loop_becomes_turns() {
        let body = "{% for i in h %}\n# user:\n{{i.inputs.question}}\n# assistant:\n{{i.outputs['answer']}}\n{% endfor %}";
        let (it, _) = converted(body);
        assert_eq!(it.text, "{{ h }}");
        let data = json!([{"inputs": {"question": "q"}, "outputs": {"answer": 3}}]);
        let turns =
            json!([{"role": "user", "content": "q"}, {"role": "assistant", "content": "3"}]);
        assert_eq!(it.threads[0].turns(&data), Some(turns));
        assert_eq!(it.threads[0].turns(&json!([{"a": 1}])), None);
        assert_eq!(it.threads[0].turns(&json!({})), Some(json!([])));
    }

    #[test]
    fn marks_of_threads_and_attributes_from_values_are_understood() {
        let (it, notes) = converted("system:\na\nuser[name=\"{{ n }}\"]:\nb\n![thread]\n");
        assert_eq!(it.text, "system:\na\nuser:\nb\n{{ thread }}\n");
        assert_eq!(it.threads[0].name, "thread");
        assert_eq!(
            notes,
            ["x:3 the attributes `name=\"{{ n }}\"` of a role line", "x:5 `![thread]`"]
        );
    }

    #[test]
    fn other_loops_keep_their_fixed_roles_and_roles_from_values_are_named() {
        let (it, _) =
            converted("{% for i in h %}\n# user:\n{{ i.a }} and {{ i.b }}\n{% endfor %}\n");
        assert_eq!(it.text, "{% for i in h %}\nuser:\n{{ i.a }} and {{ i.b }}\n{% endfor %}\n");
        let (_, notes) = converted(
            "{% for i in h %}\n{{ i.role }}:\n{{ i.a }}!\n{% endfor %}\n# function:\ntool[id=1]:\n",
        );
        assert_eq!(
            notes,
            [
                "x:2 the interpolated role `{{ i.role }}:`",
                "x:5 the role `function`",
                "x:6 the role `tool`"
            ]
        );
    }
}
