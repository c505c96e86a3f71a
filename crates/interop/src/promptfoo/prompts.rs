//! The prompts of a configuration: inline texts, and files of every kind promptfoo reads.

use serde_json::{Map, Value};

use super::context::{Context, FileRef, extension, parse};
use super::table;
use crate::Refusal;

/// More prompts than anybody compares; beyond it stands a mistake or an attack.
const MAX_PROMPTS: usize = 500;

/// What a file's name may end with to make a text a path.
const FILE_ENDS: [&str; 14] = [
    ".cjs", ".cts", ".j2", ".js", ".json", ".jsonl", ".md", ".mjs", ".mts", ".py", ".ts", ".txt",
    ".yml", ".yaml",
];

/// One prompt.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PromptText {
    /// The text before rendering; nothing for a prompt that code makes.
    pub raw: Option<String>,
    /// A short name for its variant.
    pub name: String,
    /// What filters compare: the label promptfoo gives it.
    pub label: String,
    /// `id` of its entry.
    pub id: Option<String>,
    /// The label a person gave it.
    pub title: Option<String>,
    /// Options laid over a provider's.
    pub config: Map<String, Value>,
    /// `file:line` of its entry.
    pub place: String,
}

/// An entry of `prompts`.
#[derive(Debug, Clone, Default)]
struct Entry {
    raw: String,
    id: Option<String>,
    label: Option<String>,
    config: Map<String, Value>,
    place: String,
}

/// Reads `prompts`; `place` says where the value at a JSON Pointer stands.
///
/// # Errors
/// A refusal when there are more prompts than can be compared.
pub(super) fn read(
    value: &Value,
    context: &mut Context,
    place: &dyn Fn(&str) -> String,
) -> Result<Vec<PromptText>, Refusal> {
    let mut prompts = Vec::new();
    for entry in entries(value, context, place) {
        let found = of_entry(&entry, context, true);
        if found.is_empty() {
            context.notes.left_out(&entry.place, entry.raw.clone(), "no prompt was found there");
        }
        prompts.extend(found);
        if prompts.len() > MAX_PROMPTS {
            let why = format!("there are more than {MAX_PROMPTS}");
            return Err(Refusal::new(&entry.place, "prompts", why));
        }
    }
    Ok(prompts)
}

fn entries(value: &Value, context: &mut Context, place: &dyn Fn(&str) -> String) -> Vec<Entry> {
    let plain = |raw: &str, place: String| Entry { raw: raw.to_owned(), place, ..Entry::default() };
    match value {
        Value::String(raw) => vec![plain(raw, place("/prompts"))],
        Value::Array(items) => items
            .iter()
            .enumerate()
            .filter_map(|(at, item)| entry(item, place(&format!("/prompts/{at}")), context))
            .collect(),
        Value::Object(labels) => labels
            .iter()
            .map(|(raw, label)| Entry {
                label: label.as_str().map(str::to_owned),
                ..plain(raw, place("/prompts"))
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn entry(item: &Value, place: String, context: &mut Context) -> Option<Entry> {
    let text = |key: &str| item.get(key).and_then(Value::as_str).map(str::to_owned);
    let raw = item.as_str().map(str::to_owned).or_else(|| text("raw")).or_else(|| text("id"));
    let Some(raw) = raw else {
        context.notes.left_out(&place, "prompt", "an entry needs a text, a `raw` or an `id`");
        return None;
    };
    let config = super::context::map(item.get("config"));
    Some(Entry { raw, id: text("id"), label: text("label"), config, place })
}

/// promptfoo's rule for what is a path, whatever it was meant to be.
fn may_be_path(text: &str) -> bool {
    if ["\n", "portkey://", "langfuse://", "helicone://"].iter().any(|part| text.contains(part)) {
        return false;
    }
    let mut tokens = text.rsplit(':');
    let (last, before) = (tokens.next().unwrap_or_default(), tokens.next().unwrap_or_default());
    let ends = FILE_ENDS.iter().any(|end| last.ends_with(end) || before.ends_with(end));
    let dot = |back: usize| text.chars().rev().nth(back - 1) == Some('.');
    text.starts_with("file://") || ends || dot(3) || dot(4) || text.contains(['*', '/', '\\'])
}

fn of_entry(entry: &Entry, context: &mut Context, globs: bool) -> Vec<PromptText> {
    if let Some(command) = entry.raw.strip_prefix("exec:") {
        return vec![script(entry, command, context)];
    }
    for service in ["portkey://", "langfuse://", "helicone://"] {
        if entry.raw.starts_with(service) {
            return vec![script(entry, &entry.raw, context)];
        }
    }
    if !may_be_path(&entry.raw) {
        return vec![inline(entry)];
    }
    let file = FileRef::parse(&entry.raw);
    if file.is_script() {
        return vec![script(entry, &entry.raw, context)];
    }
    if globs && file.path.contains(['*', '?', '{', '[']) {
        return globbed(entry, file.path, context);
    }
    of_file(entry, file.path, context)
}

/// A pattern that finds nothing is a text after all.
fn globbed(entry: &Entry, pattern: &str, context: &mut Context) -> Vec<PromptText> {
    let found = context.glob(pattern);
    if found.is_empty() {
        return vec![inline(entry)];
    }
    let files = found.into_iter().take(MAX_PROMPTS + 1);
    files
        .flat_map(|path| {
            let one = Entry { raw: path, place: entry.place.clone(), ..Entry::default() };
            of_entry(&one, context, false)
        })
        .collect()
}

fn of_file(entry: &Entry, path: &str, context: &mut Context) -> Vec<PromptText> {
    if !readable(path) && !entry.raw.starts_with("file://") {
        return vec![inline(entry)];
    }
    let Some(text) = context.text(path, &entry.place) else {
        return Vec::new();
    };
    match extension(path).as_str() {
        "txt" => several(entry, path, split_text(&text)),
        "jsonl" => {
            let lines = text.split('\n').map(|line| line.trim_end_matches('\r').to_owned());
            several(entry, path, lines.filter(|line| !line.is_empty()).collect())
        }
        "csv" => csv_prompts(entry, path, &text),
        "yaml" | "yml" | "json" => vec![data_prompt(entry, path, &text, context)],
        "md" | "j2" => vec![of_text(entry, path, text)],
        _ => Vec::new(),
    }
}

fn readable(path: &str) -> bool {
    let end = extension(path);
    matches!(end.as_str(), "txt" | "jsonl" | "csv" | "yaml" | "yml" | "json" | "md" | "j2")
}

/// The parts between lines that are `---`, without white space around them.
fn split_text(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for line in text.split('\n').map(|line| line.trim_end_matches('\r')) {
        match line.trim() == "---" {
            true => parts.push(String::new()),
            false => {
                let last = parts.len() - 1;
                parts[last].push_str(line);
                parts[last].push('\n');
            }
        }
    }
    parts.iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

fn csv_prompts(entry: &Entry, path: &str, text: &str) -> Vec<PromptText> {
    let rows = table::rows(text);
    let Some(header) = rows.first().map(|row| &row.cells).filter(|_| text.contains(',')) else {
        let mut lines: Vec<String> =
            text.lines().map(str::to_owned).filter(|line| !line.trim().is_empty()).collect();
        let headed = lines.first().is_some_and(|line| line.trim().eq_ignore_ascii_case("prompt"));
        lines.drain(..usize::from(headed));
        return several(entry, path, lines);
    };
    let column = |name: &str| header.iter().position(|cell| cell.trim() == name);
    let (raw, label) = (column("prompt"), column("label"));
    let cell = |row: &[String], at: Option<usize>| {
        at.and_then(|at| row.get(at)).map(|cell| cell.trim().to_owned()).filter(|c| !c.is_empty())
    };
    let prompts = rows[1..]
        .iter()
        .map(|row| &row.cells)
        .filter_map(|row| Some((cell(row, raw)?, cell(row, label))));
    prompts
        .enumerate()
        .map(|(at, (raw, label))| {
            let mut prompt = of_text(entry, path, raw);
            prompt.name = label.clone().unwrap_or_else(|| format!("{}-{}", stem(path), at + 1));
            prompt.label = label.clone().unwrap_or(prompt.label);
            prompt.title = label.or(prompt.title);
            prompt
        })
        .collect()
}

/// YAML becomes the JSON that promptfoo makes of it; files named inside are read.
fn data_prompt(entry: &Entry, path: &str, text: &str, context: &mut Context) -> PromptText {
    let raw = match parse(path, text) {
        Ok(document) if !document.value.is_string() => {
            with_files(&document.value, context, &entry.place, 0).to_string()
        }
        _ => text.to_owned(),
    };
    of_text(entry, path, raw)
}

/// `value` with every text `file://…` replaced by what stands in that file.
fn with_files(value: &Value, context: &mut Context, place: &str, depth: usize) -> Value {
    match value {
        Value::String(text) if text.starts_with("file://") && depth < 32 => {
            let file = FileRef::parse(text);
            if file.is_script() {
                context.notes.not_run(place, text.clone(), "code is not run");
                return value.clone();
            }
            let structured = matches!(file.extension().as_str(), "json" | "yaml" | "yml");
            let found = match structured {
                true => context.data(file.path, place),
                false => context.text(file.path, place).map(Value::from),
            };
            found.unwrap_or_else(|| value.clone())
        }
        Value::Array(items) => {
            items.iter().map(|item| with_files(item, context, place, depth + 1)).collect()
        }
        Value::Object(entries) => entries
            .iter()
            .map(|(key, item)| (key.clone(), with_files(item, context, place, depth + 1)))
            .collect(),
        scalar => scalar.clone(),
    }
}

fn several(entry: &Entry, path: &str, texts: Vec<String>) -> Vec<PromptText> {
    let one = texts.len() == 1;
    let name = |at: usize| {
        let stem = entry.label.clone().unwrap_or_else(|| stem(path));
        if one { stem } else { format!("{stem}-{}", at + 1) }
    };
    let texts = texts.into_iter().enumerate();
    texts
        .map(|(at, raw)| {
            let label = match &entry.label {
                Some(label) => format!("{label}: {path}: {raw}"),
                None => format!("{path}: {raw}"),
            };
            PromptText { name: name(at), label, ..of_text(entry, path, raw) }
        })
        .collect()
}

fn of_text(entry: &Entry, path: &str, raw: String) -> PromptText {
    PromptText {
        name: entry.label.clone().unwrap_or_else(|| stem(path)),
        label: entry.label.clone().unwrap_or_else(|| format!("{path}: {raw}")),
        raw: Some(raw),
        id: entry.id.clone(),
        title: entry.label.clone(),
        config: entry.config.clone(),
        place: entry.place.clone(),
    }
}

fn inline(entry: &Entry) -> PromptText {
    let named = entry.id.clone().filter(|id| *id != entry.raw);
    PromptText {
        raw: Some(entry.raw.clone()),
        name: entry.label.clone().or(named).unwrap_or_else(|| "prompt".to_owned()),
        label: entry.label.clone().unwrap_or_else(|| entry.raw.clone()),
        id: entry.id.clone(),
        title: entry.label.clone(),
        config: entry.config.clone(),
        place: entry.place.clone(),
    }
}

/// A prompt that code or a service makes: it is there by name, and cannot be rendered.
fn script(entry: &Entry, named: &str, context: &mut Context) -> PromptText {
    let why =
        "promptfoo asks code for this prompt's text; its variant is empty until one is written";
    context.notes.not_run(&entry.place, format!("prompt {named}"), why);
    let path = FileRef::parse(named).path;
    let name = entry.label.clone().unwrap_or_else(|| stem(path));
    PromptText { raw: None, name, ..inline(entry) }
}

fn stem(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned()
}

impl PromptText {
    /// Whether a filter lets it through: the whole label or id, the part before `:`, or `prefix*`.
    pub fn fits(&self, filter: &str) -> bool {
        let names = [Some(self.label.as_str()), self.id.as_deref()];
        let prefix = filter.strip_suffix('*');
        names.into_iter().flatten().any(|name| {
            name == filter
                || prefix.is_some_and(|prefix| name.starts_with(prefix))
                || name.strip_prefix(filter).is_some_and(|rest| rest.starts_with(':'))
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::MemorySource;
    use serde_json::json;

    fn prompts(value: Value, source: &MemorySource) -> Vec<(String, Option<String>)> {
        let mut context = Context::new("c.yaml", source);
        let read = read(&value, &mut context, &|_| "c.yaml".to_owned()).unwrap();
        read.into_iter().map(|prompt| (prompt.name, prompt.raw)).collect()
    }

    #[test]
    fn files_give_prompts_by_their_kind() {
        let source = MemorySource::from([
            ("p/a.txt", "one\n---\n\ntwo\n--- \n"),
            ("p/b.md", "# md\n---\nstill\n"),
            ("c.jsonl", "[1]\n[2]\n"),
            ("d.yaml", "- role: user\n  content: hi\n"),
            ("e.csv", "prompt,label\n\"x, y\",L\nz,\n"),
        ]);
        let value = json!(["file://p/*.*", "c.jsonl", "d.yaml", "e.csv", "g/*.txt"]);
        let text = |name: &str, raw: &str| (name.to_owned(), Some(raw.to_owned()));
        assert_eq!(
            prompts(value, &source),
            [
                text("a-1", "one"),
                text("a-2", "two"),
                text("b", "# md\n---\nstill\n"),
                text("c-1", "[1]"),
                text("c-2", "[2]"),
                text("d", "[{\"role\":\"user\",\"content\":\"hi\"}]"),
                text("L", "x, y"),
                text("e-2", "z"),
                text("prompt", "g/*.txt"),
            ]
        );
    }

    #[test]
    fn texts_that_look_like_paths_are_texts_after_all() {
        let source = MemorySource::default();
        for text in ["Is it 1/2?", "Say a.b", "Hi {{x}}", "a\nb.txt"] {
            assert_eq!(prompts(json!(text), &source), [("prompt".into(), Some(text.into()))]);
        }
    }

    #[test]
    fn what_code_makes_is_there_by_name() {
        let source = MemorySource::default();
        let value =
            json!(["file://p.py:make", "exec:./run.sh", {"id": "langfuse://x:1", "label": "L"}]);
        let names: Vec<_> = prompts(value, &source);
        assert_eq!(names, [("p".into(), None), ("run".into(), None), ("L".into(), None)]);
    }

    #[test]
    fn filters_know_labels_ids_and_prefixes() {
        let source = MemorySource::from([("a.txt", "x\n---\ny")]);
        let mut context = Context::new("c.yaml", &source);
        let value = json!([{"id": "file://a.txt", "label": "First"}]);
        let read = read(&value, &mut context, &|_| String::new()).unwrap();
        assert_eq!(read[1].label, "First: a.txt: y");
        for (filter, expected) in [("First", true), ("Fir", false), ("Fir*", true), ("y", false)] {
            assert_eq!(read[0].fits(filter), expected, "{filter}");
        }
    }
}
