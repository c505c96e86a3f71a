//! The formats there are, how a file shows which it is, and the one door out.

use std::path::Path;

use assay_prompt::{Files, Prompt};

use crate::{Export, Refusal, dotprompt, github_models, messages_jsonl, promptfoo, prompty};

/// A format of prompts that others use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Prompty, v1 and v2: `.prompty`.
    Prompty,
    /// dotprompt: `.prompt`.
    Dotprompt,
    /// A promptfoo configuration with the files it names.
    Promptfoo,
    /// GitHub Models: `.prompt.yml`.
    GithubModels,
    /// Conversations, one a line, as fine-tuning takes them.
    MessagesJsonl,
    /// OpenAI Evals' samples: `input` and `ideal`, one a line.
    OpenaiEvals,
    /// LangChain's prompt files, JSON or YAML.
    Langchain,
    /// A Prompt flow `flow.dag.yaml` with its templates and variants.
    Promptflow,
    /// A prompt as Langfuse's interface gives it out.
    Langfuse,
    /// A prompt of MLflow's registry.
    Mlflow,
}

impl Format {
    /// All, in the order of the command line's help.
    pub const ALL: [Format; 10] = [
        Format::Prompty,
        Format::Dotprompt,
        Format::Promptfoo,
        Format::GithubModels,
        Format::MessagesJsonl,
        Format::OpenaiEvals,
        Format::Langchain,
        Format::Promptflow,
        Format::Langfuse,
        Format::Mlflow,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Prompty => "prompty",
            Format::Dotprompt => "dotprompt",
            Format::Promptfoo => "promptfoo",
            Format::GithubModels => "github-models",
            Format::MessagesJsonl => "messages-jsonl",
            Format::OpenaiEvals => "openai-evals",
            Format::Langchain => "langchain",
            Format::Promptflow => "promptflow",
            Format::Langfuse => "langfuse",
            Format::Mlflow => "mlflow",
        }
    }

    /// The name people know it by.
    pub fn title(self) -> &'static str {
        match self {
            Format::Prompty => "Prompty",
            Format::Dotprompt => "dotprompt",
            Format::Promptfoo => "promptfoo",
            Format::GithubModels => "GitHub Models",
            Format::MessagesJsonl => "Messages (JSONL)",
            Format::OpenaiEvals => "OpenAI Evals",
            Format::Langchain => "LangChain",
            Format::Promptflow => "Prompt flow",
            Format::Langfuse => "Langfuse",
            Format::Mlflow => "MLflow",
        }
    }

    /// The format of that name.
    pub fn named(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Whether [`export`] knows it.
    pub fn exports(self) -> bool {
        matches!(
            self,
            Format::Prompty
                | Format::Dotprompt
                | Format::Promptfoo
                | Format::GithubModels
                | Format::MessagesJsonl
        )
    }

    /// Whether its importer knows what the files of a folder have to do with each other.
    pub(crate) fn reads_folders(self) -> bool {
        matches!(self, Format::Prompty | Format::Dotprompt | Format::Promptflow)
    }

    /// What a file most likely is, from its name and, where names say too little, from what stands
    /// in it. `None` when several would do: then a person has to say.
    pub fn detect(file: &str, bytes: &[u8]) -> Option<Format> {
        Format::of_name(file).or_else(|| {
            let name = base(file);
            let text = || String::from_utf8_lossy(&bytes[..bytes.len().min(1 << 16)]);
            Format::is_told_inside(file).then(|| detect_content(&name, &text()))?
        })
    }

    /// The format whose files alone are called so.
    fn of_name(file: &str) -> Option<Format> {
        let name = base(file);
        if name.ends_with(".prompt.yml") || name.ends_with(".prompt.yaml") {
            return Some(Format::GithubModels);
        }
        match extension(&name) {
            "prompty" => Some(Format::Prompty),
            "prompt" => Some(Format::Dotprompt),
            "jinja2" | "jinja" | "j2" => Some(Format::Promptflow),
            _ => None,
        }
    }

    /// Whether files of that name are told apart by what stands in them.
    pub(crate) fn is_told_inside(file: &str) -> bool {
        let name = base(file);
        Format::of_name(file).is_none()
            && matches!(extension(&name), "yaml" | "yml" | "json" | "jsonl")
    }
}

/// A path's last name in lower case.
fn base(file: &str) -> String {
    file.rsplit('/').next().unwrap_or(file).to_lowercase()
}

fn extension(name: &str) -> &str {
    Path::new(name).extension().and_then(|end| end.to_str()).unwrap_or_default()
}

/// Guesses from the words of a structured file, most telling ones first.
fn detect_content(name: &str, text: &str) -> Option<Format> {
    let has = |words: &[&str]| words.iter().all(|word| text.contains(word));
    let line = |key: &str| text.lines().any(|l| l.starts_with(key));
    if name.ends_with(".jsonl") {
        let first = text.lines().find(|l| !l.trim().is_empty()).unwrap_or_default();
        let evals = first.contains("\"input\"") && first.contains("\"ideal\"");
        return Some(if evals { Format::OpenaiEvals } else { Format::MessagesJsonl });
    }
    if name.contains("promptfoo") || (line("prompts:") && (line("providers:") || line("tests:"))) {
        return Some(Format::Promptfoo);
    }
    if name == "flow.dag.yaml" || (line("nodes:") && line("inputs:")) {
        return Some(Format::Promptflow);
    }
    if line("messages:") && (line("model:") || line("testData:") || line("modelParameters:")) {
        return Some(Format::GithubModels);
    }
    if has(&["samples_jsonl", "class:"]) {
        return Some(Format::OpenaiEvals);
    }
    if has(&["mlflow.prompt."]) || has(&["_mlflow_prompt"]) {
        return Some(Format::Mlflow);
    }
    if has(&["\"prompt\"", "\"labels\""]) {
        return Some(Format::Langfuse);
    }
    if has(&["input_variables"])
        || line("_type:")
        || has(&["\"lc\"", "\"constructor\""])
        || has(&["\"_type\"", "\"template"])
    {
        return Some(Format::Langchain);
    }
    if name.ends_with(".json") && has(&["\"prompts\"", "\"providers\""]) {
        return Some(Format::Promptfoo);
    }
    None
}

/// Writes `prompt`, whose files are `files`, in another format.
///
/// # Errors
/// [`Refusal`] when the format has no word for a construct that decides what the model gets.
pub fn export(format: Format, prompt: &Prompt, files: &Files) -> Result<Export, Refusal> {
    match format {
        Format::Prompty => prompty::export(prompt, files),
        Format::Dotprompt => dotprompt::export(prompt, files),
        Format::Promptfoo => promptfoo::export(prompt),
        Format::GithubModels => github_models::export(prompt, files),
        Format::MessagesJsonl => messages_jsonl::export(prompt),
        other => Err(Refusal::new(
            &prompt.name,
            format!("export to {}", other.title()),
            "prompts can be exported as prompty, dotprompt, promptfoo, github-models and messages-jsonl",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_found_by_its_name() {
        for format in Format::ALL {
            assert_eq!(Format::named(format.name()), Some(format));
        }
        assert_eq!(Format::named("docx"), None);
    }

    #[test]
    fn files_are_told_apart_by_name_and_content() {
        let cases: [(&str, &str, Option<Format>); 14] = [
            ("a/b.prompty", "", Some(Format::Prompty)),
            ("greet.variant.prompt", "", Some(Format::Dotprompt)),
            ("sum.prompt.yml", "", Some(Format::GithubModels)),
            ("promptfooconfig.yaml", "", Some(Format::Promptfoo)),
            ("c.yaml", "prompts: [a]\nproviders: [b]\n", Some(Format::Promptfoo)),
            ("flow.dag.yaml", "", Some(Format::Promptflow)),
            ("t.jsonl", "{\"input\":[],\"ideal\":\"x\"}\n", Some(Format::OpenaiEvals)),
            ("t.jsonl", "{\"messages\":[]}\n", Some(Format::MessagesJsonl)),
            ("notes.yaml", "a: 1\n", None),
            ("e.yaml", "x:\n  class: a:B\n  args: {samples_jsonl: s}\n", Some(Format::OpenaiEvals)),
            ("v.json", "{\"key\": \"mlflow.prompt.text\"}", Some(Format::Mlflow)),
            ("l.json", "{\"prompt\": \"a\", \"labels\": []}", Some(Format::Langfuse)),
            ("c.json", "{\"_type\": \"prompt\", \"template\": \"a\"}", Some(Format::Langchain)),
            ("c.yaml", "_type: few_shot\n", Some(Format::Langchain)),
        ];
        for (name, text, expected) in cases {
            assert_eq!(Format::detect(name, text.as_bytes()), expected, "{name}");
        }
    }
}
