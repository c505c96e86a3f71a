//! What the grid of examples shows and does to the file: pure, over the file's text.

use assay_prompt::{Kind, Prompt, Row, insert_row, move_row, remove_row, replace_row};
use serde_json::Value;

use super::model::{value_of, value_text};

/// A column of the grid.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Field {
    /// The row's id.
    Id,
    /// The value of the input of this name.
    Input(String),
    /// What the model should answer.
    Output,
}

impl Field {
    /// Its heading.
    pub fn title(&self) -> &str {
        match self {
            Field::Id => "id",
            Field::Input(name) => name,
            Field::Output => "output",
        }
    }
}

/// The columns: the id, every input an example gives or the declared ones, and the output.
pub fn fields(prompt: &Prompt) -> Vec<Field> {
    let mut inputs: Vec<&String> = Vec::new();
    for name in prompt.examples.rows.iter().flat_map(|row| row.input.keys()) {
        if !inputs.contains(&name) {
            inputs.push(name);
        }
    }
    if inputs.is_empty() {
        inputs = declared(prompt);
    }
    let inputs = inputs.into_iter().map(|name| Field::Input(name.clone()));
    std::iter::once(Field::Id).chain(inputs).chain([Field::Output]).collect()
}

fn declared(prompt: &Prompt) -> Vec<&String> {
    let inputs =
        prompt.variants.first().map(|variant| variant.inputs.as_slice()).unwrap_or_default();
    inputs
        .iter()
        .filter(|p| p.kind != Kind::Thread && p.default.is_none())
        .map(|p| &p.name)
        .collect()
}

/// A cell as people read and edit it.
pub fn cell_text(row: &Row, field: &Field) -> String {
    match field {
        Field::Id => row.id.clone(),
        Field::Input(name) => row.input.get(name).map(value_text).unwrap_or_default(),
        Field::Output => row.output.as_ref().map(value_text).unwrap_or_default(),
    }
}

/// Estimated tokens of a row's inputs and output.
pub fn tokens(row: &Row) -> usize {
    let inputs = row.input.values().map(value_text);
    let output = row.output.as_ref().map(value_text);
    inputs.chain(output).map(|text| assay_prompt::estimate_tokens(&text)).sum()
}

/// Why a change was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// An id is needed.
    #[error("an example needs an id")]
    NoId,
    /// Ids name rows, so each is there once.
    #[error("another example is called {0}")]
    TakenId(String),
    /// What was typed is no value of the kind the cell had.
    #[error("this is not JSON; it was before")]
    NotJson,
    /// What was typed is no value of the input's kind.
    #[error("{name} must be {kind}")]
    WrongKind {
        /// The input.
        name: String,
        /// What it holds.
        kind: &'static str,
    },
    /// The file changed meanwhile and has no such row any more.
    #[error("the file has no example called {0} any more")]
    Gone(String),
}

/// The file's text after a cell got a new text.
///
/// # Errors
/// When what was typed does not fit the cell.
pub fn edited(
    text: &str,
    prompt: &Prompt,
    id: &str,
    field: &Field,
    typed: &str,
) -> Result<String, RowError> {
    let rows = &prompt.examples.rows;
    let mut row = find(rows, id)?.clone();
    match field {
        Field::Id => row.id = free_to_take(rows, id, typed)?,
        Field::Input(name) => set_input(prompt, &mut row, name, typed)?,
        Field::Output => row.output = output_of(row.output.as_ref(), typed)?,
    }
    replace_row(text, id, &row).ok_or_else(|| RowError::Gone(id.to_owned()))
}

fn find<'a>(rows: &'a [Row], id: &str) -> Result<&'a Row, RowError> {
    rows.iter().find(|row| row.id == id).ok_or_else(|| RowError::Gone(id.to_owned()))
}

fn free_to_take(rows: &[Row], old: &str, typed: &str) -> Result<String, RowError> {
    let new = typed.trim();
    if new.is_empty() {
        return Err(RowError::NoId);
    }
    if new != old && rows.iter().any(|row| row.id == new) {
        return Err(RowError::TakenId(new.to_owned()));
    }
    Ok(new.to_owned())
}

fn set_input(prompt: &Prompt, row: &mut Row, name: &str, typed: &str) -> Result<(), RowError> {
    let declared =
        prompt.variants.iter().flat_map(|variant| &variant.inputs).find(|p| p.name == name);
    let kind = declared.map_or(Kind::String, |property| property.kind);
    if typed.is_empty() && kind != Kind::String {
        row.input.remove(name);
        return Ok(());
    }
    let wrong = || RowError::WrongKind { name: name.to_owned(), kind: kind.as_str() };
    let value = value_of(kind, typed).ok_or_else(wrong)?;
    row.input.insert(name.to_owned(), value);
    Ok(())
}

/// What was typed as an output. One that was JSON stays JSON; a new one is JSON where it reads as an object or list.
fn output_of(before: Option<&Value>, typed: &str) -> Result<Option<Value>, RowError> {
    let json: Option<Value> = serde_json::from_str(typed.trim()).ok();
    match before {
        _ if typed.trim().is_empty() => Ok(None),
        Some(Value::String(_)) => Ok(Some(typed.into())),
        Some(_) => json.ok_or(RowError::NotJson).map(Some),
        None => Ok(Some(
            json.filter(|value| value.is_object() || value.is_array())
                .unwrap_or_else(|| typed.into()),
        )),
    }
}

/// The file's text with a new, empty example at its end, and the example's id.
pub fn added(text: &str, prompt: &Prompt) -> (String, String) {
    let rows = &prompt.examples.rows;
    let id = free_id(rows, "ex-new");
    let inputs = fields(prompt).into_iter().filter_map(|field| match field {
        Field::Input(name) => Some((name, Value::String(String::new()))),
        Field::Id | Field::Output => None,
    });
    let row = Row {
        id: id.clone(),
        input: inputs.collect(),
        output: empty_output(rows),
        ..Row::default()
    };
    (insert_row(text, rows.len(), &row), id)
}

/// An output with the keys the others have, so that only values need typing.
fn empty_output(rows: &[Row]) -> Option<Value> {
    match rows.last().and_then(|row| row.output.as_ref()) {
        Some(Value::Object(fields)) => Some(Value::Object(
            fields.iter().map(|(key, value)| (key.clone(), emptied(value))).collect(),
        )),
        _ => Some(Value::String(String::new())),
    }
}

fn emptied(value: &Value) -> Value {
    match value {
        Value::Bool(_) => false.into(),
        Value::Number(_) => 0.into(),
        Value::Array(_) => Value::Array(Vec::new()),
        Value::Object(_) => Value::Object(serde_json::Map::new()),
        Value::String(_) | Value::Null => "".into(),
    }
}

/// The file's text with a copy of an example after it, and the copy's id.
///
/// # Errors
/// When there is no such example.
pub fn duplicated(text: &str, prompt: &Prompt, id: &str) -> Result<(String, String), RowError> {
    let rows = &prompt.examples.rows;
    let at =
        rows.iter().position(|row| row.id == id).ok_or_else(|| RowError::Gone(id.to_owned()))?;
    let copy = Row { id: free_id(rows, &format!("{id}-copy")), ..rows[at].clone() };
    Ok((insert_row(text, at + 1, &copy), copy.id))
}

/// The file's text without an example.
///
/// # Errors
/// When there is no such example.
pub fn removed(text: &str, id: &str) -> Result<String, RowError> {
    remove_row(text, id).ok_or_else(|| RowError::Gone(id.to_owned()))
}

/// The file's text with a removed example back in its place. `before` is the text it was removed from, `after` the
/// one without it: while nothing else changed, every byte comes back as it was.
pub fn restored(now: &str, before: &str, after: &str, at: usize, row: &Row) -> String {
    if now == after { before.to_owned() } else { insert_row(now, at, row) }
}

/// The file's text with an example moved by one place, or `None` at the end of the way.
pub fn moved(text: &str, prompt: &Prompt, id: &str, down: bool) -> Option<String> {
    let rows = &prompt.examples.rows;
    let at = rows.iter().position(|row| row.id == id)?;
    let to =
        if down { at.checked_add(1).filter(|to| *to < rows.len()) } else { at.checked_sub(1) }?;
    move_row(text, id, to)
}

/// `wanted`, or the first of `wanted-2`, `wanted-3`, … that no row has.
fn free_id(rows: &[Row], wanted: &str) -> String {
    let taken = |id: &str| rows.iter().any(|row| row.id == id);
    let numbered = (2..).map(|n| format!("{wanted}-{n}"));
    std::iter::once(wanted.to_owned()).chain(numbered).find(|id| !taken(id)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use assay_prompt::{Files, parse_folder};

    use super::*;

    const ROWS: &str = "{\"id\":\"ex-1\",  \"input\":{\"ticket\":\"One\"},\"output\":{\"category\":\"a\",\"urgent\":true}}\n\
                        {\"id\":\"ex-2\",\"input\":{\"ticket\":\"Two\"},\"output\":{\"category\":\"b\",\"urgent\":false}}\n";

    fn prompt(rows: &str) -> Prompt {
        let files = [
            (
                "prompt.yaml",
                "format: assay/1\nid: 01J8ZZZZZZZZZZZZZZZZZZZZZZ\nvariants:\n  - {id: a, file: a.prompty}\nfewShot:\n  input: examples\n  file: examples.jsonl\n  select: all\n  user: \"{{ ticket }}\"\n  assistant: output\n",
            ),
            (
                "a.prompty",
                "---\nname: a\ninputs:\n  - {name: ticket, kind: string}\n  - {name: examples, kind: thread}\n---\n{{ examples }}\n\nuser:\n{{ ticket }}\n",
            ),
            ("examples.jsonl", rows),
        ];
        let files: Files =
            files.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        parse_folder("p", &files)
    }

    fn lines(text: &str) -> Vec<&str> {
        text.lines().collect()
    }

    #[test]
    fn columns_are_the_id_the_inputs_and_the_output() {
        let titles: Vec<_> = fields(&prompt(ROWS)).iter().map(|f| f.title().to_owned()).collect();
        assert_eq!(titles, ["id", "ticket", "output"]);
        let titles: Vec<_> = fields(&prompt("")).iter().map(|f| f.title().to_owned()).collect();
        assert_eq!(
            titles,
            ["id", "ticket", "output"],
            "without rows the declared inputs are the columns"
        );
    }

    #[test]
    fn editing_a_cell_touches_its_line_only() {
        let text = edited(ROWS, &prompt(ROWS), "ex-2", &Field::Input("ticket".into()), "Zwei „2“")
            .expect("fits");
        assert_eq!(lines(&text)[0], lines(ROWS)[0], "the odd spaces of the other row stay");
        assert!(lines(&text)[1].contains("Zwei „2“"));
    }

    #[test]
    fn an_output_that_was_json_stays_json() {
        let refused = edited(ROWS, &prompt(ROWS), "ex-1", &Field::Output, "{\"category\":");
        assert_eq!(refused, Err(RowError::NotJson));
        let text = edited(ROWS, &prompt(ROWS), "ex-1", &Field::Output, "{\"category\":\"z\"}")
            .expect("fits");
        assert!(lines(&text)[0].contains("\"output\":{\"category\":\"z\"}"));
    }

    #[test]
    fn an_id_is_needed_and_unique() {
        let rename = |typed| edited(ROWS, &prompt(ROWS), "ex-1", &Field::Id, typed);
        assert_eq!(rename("  "), Err(RowError::NoId));
        assert_eq!(rename("ex-2"), Err(RowError::TakenId("ex-2".into())));
        assert!(rename("ex-1").is_ok());
    }

    #[test]
    fn a_new_example_has_the_others_keys() {
        let (text, id) = added(ROWS, &prompt(ROWS));
        let prompt = prompt(&text);
        let row = prompt.examples.rows.last().expect("a third row");
        assert_eq!((row.id.as_str(), id.as_str()), ("ex-new", "ex-new"));
        assert_eq!(cell_text(row, &Field::Output), "{\"category\":\"\",\"urgent\":false}");
    }

    #[test]
    fn a_copy_stands_after_its_original_under_a_name_of_its_own() {
        let (text, id) = duplicated(ROWS, &prompt(ROWS), "ex-1").expect("is there");
        let ids: Vec<_> = prompt(&text).examples.rows.iter().map(|row| row.id.clone()).collect();
        assert_eq!(ids, ["ex-1", "ex-1-copy", "ex-2"]);
        assert_eq!(id, "ex-1-copy");
    }

    #[test]
    fn undoing_a_removal_brings_every_byte_back() {
        let prompt = prompt(ROWS);
        let after = removed(ROWS, "ex-1").expect("is there");
        assert_eq!(restored(&after, ROWS, &after, 0, &prompt.examples.rows[0]), ROWS);
        let later =
            edited(&after, &self::prompt(&after), "ex-2", &Field::Id, "other").expect("fits");
        let back = restored(&later, ROWS, &after, 0, &prompt.examples.rows[0]);
        let ids: Vec<_> =
            self::prompt(&back).examples.rows.iter().map(|row| row.id.clone()).collect();
        assert_eq!(ids, ["ex-1", "other"], "what was done since stays");
    }

    #[test]
    fn rows_move_by_one_and_stop_at_the_ends() {
        let prompt = prompt(ROWS);
        let text = moved(ROWS, &prompt, "ex-1", true).expect("there is room");
        assert_eq!(lines(&text), [lines(ROWS)[1], lines(ROWS)[0]]);
        assert_eq!(moved(ROWS, &prompt, "ex-1", false), None);
        assert_eq!(moved(ROWS, &prompt, "ex-2", true), None);
    }
}
