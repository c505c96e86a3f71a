//! Whatever bytes a file holds, an import ends with prompts or a refusal.

use assay_interop::{Format, MemorySource, export, import};
use assay_prompt::parse_folder;
use proptest::prelude::*;

use crate::support::import_text;

/// The formats this file tries, each with a name its files have.
const TRIED: [(Format, &str); 8] = [
    (Format::GithubModels, "a.prompt.yml"),
    (Format::MessagesJsonl, "a.jsonl"),
    (Format::OpenaiEvals, "a.jsonl"),
    (Format::OpenaiEvals, "a.yaml"),
    (Format::Langchain, "a.json"),
    (Format::Langchain, "a.yaml"),
    (Format::Langfuse, "a.json"),
    (Format::Mlflow, "a.json"),
];

/// Imports, and exports what came over to every format that is written.
fn survive(bytes: &[u8]) {
    for (format, file) in TRIED {
        let source = MemorySource([(file.to_owned(), bytes.to_vec())].into());
        let Ok(import) = import(format, file, &source, &mut || "01J8".to_owned()) else {
            continue;
        };
        assert!(import.prompts.iter().all(|prompt| !prompt.variants.is_empty()), "{format:?}");
        for draft in &import.prompts {
            let files = draft.files(&Default::default());
            let prompt = parse_folder(&draft.name, &files);
            for to in [Format::GithubModels, Format::MessagesJsonl] {
                let _ = export(to, &prompt, &files);
            }
        }
    }
}

/// Pieces that are likely to mean something to one of the formats.
fn words() -> impl Strategy<Value = String> {
    let words = vec![
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "\n",
        " ",
        "{{",
        "}}",
        "{%",
        "%}",
        "{{x}}",
        "- ",
        "  ",
        "messages",
        "\"messages\"",
        "role",
        "\"role\":\"user\"",
        "content",
        "\"content\":\"a\"",
        "\"input\"",
        "\"ideal\"",
        "\"prompt\"",
        "\"name\":\"n\"",
        "template: ",
        "\"template\":",
        "\"lc\":1",
        "\"type\":\"constructor\"",
        "\"id\":[\"ChatPromptTemplate\"]",
        "\"kwargs\":",
        "_type: few_shot",
        "examples: ",
        "testData: ",
        "evaluators: ",
        "jsonSchema: ",
        "é",
        "\\ud83d",
        "user:",
        "system:",
        "1e999",
        "null",
        "\u{2028}",
        "\u{0}",
        "&a ",
        "*a",
        "<<: ",
        "!!binary ",
    ];
    prop::collection::vec(prop::sample::select(words), 0..60).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        survive(&bytes);
    }

    #[test]
    fn any_words_of_the_formats_are_survived(text in words()) {
        survive(text.as_bytes());
    }

    /// Text in the places where text belongs.
    #[test]
    fn any_text_of_a_message_comes_back_as_it_was(text in "[a-zA-Z{}%#\"\\\\: \n._-]{1,40}") {
        let quoted = serde_json::Value::String(text.clone()).to_string();
        let file = format!("{{\"messages\": [{{\"role\": \"user\", \"content\": {quoted}}}, {{\"role\": \"assistant\", \"content\": \"z\"}}]}}");
        survive(file.as_bytes());
        let first = import_text(Format::GithubModels, "a.prompt.yml", &file).unwrap();
        let files = first.prompts[0].files(&Default::default());
        let written = export(Format::GithubModels, &parse_folder("a", &files), &files).unwrap();
        let yaml = &written.files["a.prompt.yml"];
        let second = import_text(Format::GithubModels, "a.prompt.yml", yaml).unwrap();
        prop_assert_eq!(first.files(), second.files(), "{}", yaml);
    }
}

#[test]
fn large_files_of_nothing_but_openings_end() {
    let many = |text: &str| text.repeat(5_000);
    let message = |text: &str| {
        format!(
            "{{\"name\":\"a\",\"prompt\":\"{text}\",\"template\":\"{text}\",\"messages\":[{{\"role\":\"user\",\"content\":\"{text}\"}}],\"ideal\":1}}"
        )
    };
    for text in ["{{", "}}", "{", "{a", "{{a", "{{{", "{%", "{# ", "{{a}}", "{!", "{a!r:", "{{/"] {
        survive(message(&many(text)).as_bytes());
    }
    for text in ["[", "{\"a\":", "- ", "a: &a [*a", "{\"a\":1},", "a: {b: "] {
        survive(many(text).as_bytes());
    }
}

const TURNS: &str = "{% for x in xs %}{{x.role}}:\n{{x.content}}\n{% endfor %}\n";

/// A loop that looked ahead from every place again would need minutes for these, or gigabytes.
#[test]
fn what_repeats_ten_thousand_times_is_read_in_one_go() {
    let config = "prompts: [file://p.txt]\nproviders: [echo]\n";
    let texts = [
        format!("{}}}}}", "{{".repeat(10_000)),
        "{{\\\"}}\n".repeat(4_000),
        format!("{{% raw %}}{}%}}", "{%".repeat(10_000)),
        "{% raw %}{%}".to_owned(),
    ];
    for text in &texts {
        let files = [("promptfooconfig.yaml", config), ("p.txt", text.as_str())];
        let source = MemorySource::from(files);
        let ids = &mut || "01J8".to_owned();
        let _ = import(Format::Promptfoo, "promptfooconfig.yaml", &source, ids);
    }
    let alone = [
        (Format::Dotprompt, "a.prompt", format!("{{{{{}}}}}", "a.".repeat(10_000))),
        (Format::Dotprompt, "a.prompt", format!("{{{{{}}}}}", "1.".repeat(10_000))),
        (Format::Prompty, "a.prompty", format!("user:\n{{% raw %}}{}%}}", "{%".repeat(10_000))),
        (Format::Prompty, "a.prompty", "user:\n{% raw %}{%}".to_owned()),
        (Format::Prompty, "a.prompty", format!("---\nsample: {{}}\n---\n{}", TURNS.repeat(1_000))),
    ];
    for (format, file, text) in &alone {
        let _ = import_text(*format, file, text);
    }
    let long = format!("? \"{}\"\n: [{}1]\n", "k".repeat(100_000), "1,".repeat(50_000));
    survive(long.as_bytes());
}
