//! Fine-tuning rows: each example as the conversation a model would see, with its answer.
//!
//! What is written keeps the rules of the validator that OpenAI's cookbook publishes: roles it
//! knows, no empty message, an assistant's message in every row.

use std::collections::BTreeMap;

use assay_prompt::{FewShot, Message, Prompt, Role, Row, Select, Variant, render};
use serde_json::{Map, Value, json};

use crate::report::Names;
use crate::{Export, Notes, Refusal};

/// A conversation to be written as a row of fine-tuning data.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Conversation {
    /// Who says what, in order; the last assistant's message is what is learned.
    pub messages: Vec<(Role, String)>,
    /// 0 leaves the last answer out of the training, 1 says that it counts; nothing else is written.
    pub weight: Option<f64>,
    /// Written beside the messages as `metadata`, when there is any.
    pub metadata: Map<String, Value>,
}

/// Rows of fine-tuning data, one a line.
///
/// A conversation that trainers would refuse is left out: without an answer, or with the result of a
/// tool, whose call is not known here. So lines and conversations may differ in number. Messages
/// without text are not written; a developer's message is written as the system's.
pub fn conversations_to_jsonl(rows: &[Conversation]) -> String {
    rows.iter().filter_map(line).map(|line| line + "\n").collect()
}

fn line(row: &Conversation) -> Option<String> {
    let mut messages = Vec::new();
    for (role, text) in row.messages.iter().filter(|(_, text)| !text.is_empty()) {
        let role = match role {
            Role::System | Role::Developer => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::Tool => return None,
        };
        messages.push(json!({"role": role, "content": text}));
    }
    let answer = messages.iter_mut().rfind(|message| message["role"] == "assistant")?;
    if let Some(weight) = row.weight.filter(|weight| [0.0, 1.0].contains(weight)) {
        answer["weight"] = json!(weight as u8);
    }
    let mut fields = Map::new();
    fields.insert("messages".to_owned(), Value::Array(messages));
    if !row.metadata.is_empty() {
        fields.insert("metadata".to_owned(), Value::Object(row.metadata.clone()));
    }
    Some(Value::Object(fields).to_string())
}

/// Writes the examples of a prompt, a file for each variant.
pub(crate) fn export(prompt: &Prompt) -> Result<Export, Refusal> {
    let few_shot = prompt.few_shot.as_ref().filter(|_| !prompt.examples.rows.is_empty());
    let Some(few_shot) = few_shot else {
        let why = "fine-tuning rows are made from examples, and the prompt has none";
        return Err(Refusal::new(&prompt.name, "examples", why));
    };
    let mut bare = prompt.clone();
    for variant in &mut bare.variants {
        variant.select = Select::None;
    }
    let mut notes = Notes::default();
    let mut files = BTreeMap::new();
    let mut names = Names::default();
    for variant in &bare.variants {
        let stem = match bare.variants.len() {
            1 => prompt.name.clone(),
            _ => format!("{}.{}", prompt.name, variant.id),
        };
        let name = names.file(&stem, ".jsonl", &variant.file, &mut notes);
        files.insert(name, rows_of(&bare, variant, few_shot, &mut notes));
    }
    Ok(Export { files, notes: notes.list().to_vec() })
}

fn rows_of(prompt: &Prompt, variant: &Variant, few_shot: &FewShot, notes: &mut Notes) -> String {
    let file = prompt.examples.file.as_deref().unwrap_or(&prompt.name);
    let mut text = String::new();
    for row in &prompt.examples.rows {
        let written = conversation(prompt, variant, few_shot, row)
            .and_then(|row| line(&row).ok_or_else(|| "trainers refuse tool results".to_owned()));
        match written {
            Ok(line) => text.push_str(&(line + "\n")),
            Err(why) => {
                notes.left_out(file, format!("example `{}` ({})", row.id, variant.id), why);
            }
        }
    }
    text
}

/// The example as if it were a case, followed by its answer.
fn conversation(
    prompt: &Prompt,
    variant: &Variant,
    few_shot: &FewShot,
    row: &Row,
) -> Result<Conversation, String> {
    let answer = match few_shot.assistant.as_str() {
        "output" => row.output.as_ref(),
        "expected" => row.expected.as_ref(),
        other => row.extra.get(other),
    };
    let answer = match answer {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => return Err(format!("it has no `{}`", few_shot.assistant)),
        Some(other) => other.to_string(),
    };
    if answer.is_empty() {
        return Err("its answer is empty".to_owned());
    }
    let rendered = render(prompt, variant, row).map_err(|found| found.message.clone())?;
    if rendered.messages.iter().any(Message::shows_media) {
        return Err("it shows a picture or file, which is not written into rows".to_owned());
    }
    let mut messages: Vec<(Role, String)> =
        rendered.messages.iter().map(|message| (message.role, message.text())).collect();
    messages.push((Role::Assistant, answer));
    Ok(Conversation { messages, weight: row.weight, metadata: Map::new() })
}
