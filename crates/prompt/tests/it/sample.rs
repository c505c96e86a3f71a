//! The sample folder and small prompts to test with.

use assay_prompt::{Files, Message, Origin, Prompt, Row, parse_folder, parse_lone};
use serde_json::Value;

/// The files of the sample folder.
pub fn files() -> Files {
    let read = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    macro_rules! sample {
        ($($name:literal)*) => {
            [$(read($name, include_str!(concat!("../data/support-triage/", $name)))),*]
        };
    }
    Files::from(sample!(
        "prompt.yaml" "baseline.prompty" "policy-first.prompty" "inputs.yaml" "outputs.yaml"
        "examples.jsonl" "cases.jsonl" "evals.yaml"
    ))
}

/// The sample folder with one text in one file replaced.
pub fn files_with(file: &str, old: &str, new: &str) -> Files {
    let mut files = files();
    let text = files.get_mut(file).unwrap();
    assert!(text.contains(old), "{file} has {old:?}");
    *text = text.replacen(old, new, 1);
    files
}

pub fn folder() -> Prompt {
    parse_folder("support-triage", &files())
}

/// A lone prompt of these inputs and this body.
pub fn lone(inputs: &str, body: &str) -> Prompt {
    let text = format!("---\ninputs: {inputs}\n---\n{body}");
    parse_lone("p", "p.prompty", &Files::from([("p.prompty".to_owned(), text)]))
}

pub fn case(input: Value) -> Row {
    Row { id: "c".into(), input: input.as_object().unwrap().clone(), ..Row::default() }
}

/// One line per message: the role and its segments, each with the mark of its origin.
pub fn transcript(messages: &[Message]) -> Vec<String> {
    messages.iter().map(line).collect()
}

fn line(message: &Message) -> String {
    let segments: Vec<String> = message
        .segments
        .iter()
        .map(|segment| match &segment.from {
            Origin::Template => format!("{:?}", segment.text),
            Origin::Input(name) => format!("{name}={:?}", segment.text),
            Origin::Example(id) => format!("<{id}>{:?}", segment.text),
        })
        .collect();
    format!("{}: {}", message.role.as_str(), segments.join(" "))
}
