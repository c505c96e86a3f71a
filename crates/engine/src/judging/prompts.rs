//! The judge prompts that come with the program.
//!
//! Each is a prompt as people write them, in `templates/judges/`. A repository may keep a copy, change it and name it
//! in a scorer's `prompt`; the text that judged is part of the run either way.

use crate::media::MediaFiles;
use crate::spec::PromptSource;

/// The variant's file of every built-in judge prompt.
const FILE: &str = "judge.prompty";

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        /// The names of the built-in judge prompts.
        pub const BUILT_IN_JUDGES: &[&str] = &[$($name),*];

        fn texts(name: &str) -> Option<(&'static str, &'static str)> {
            match name {
                $($name => Some((
                    include_str!(concat!("../../../../templates/judges/", $name, "/prompt.yaml")),
                    include_str!(concat!("../../../../templates/judges/", $name, "/judge.prompty")),
                )),)*
                _ => None,
            }
        }
    };
}

built_in![
    "answer-relevance",
    "claims",
    "closed-qa",
    "context-precision",
    "context-recall",
    "factuality",
    "faithfulness",
    "g-eval",
    "g-eval-steps",
    "llm-rubric",
    "pairwise",
];

/// A built-in judge prompt, with its files.
#[must_use]
pub fn built_in_judge(name: &str) -> Option<PromptSource> {
    let (manifest, judge) = texts(name)?;
    let files = [("prompt.yaml", manifest), (FILE, judge)];
    Some(PromptSource {
        key: format!("judges/{name}"),
        name: name.to_owned(),
        lone: None,
        files: files.into_iter().map(|(file, text)| (file.to_owned(), text.to_owned())).collect(),
        media: MediaFiles::new(),
        questions: None,
        judged_by: None,
    })
}

#[cfg(test)]
mod tests {
    use assay_prompt::{Row, render};
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn every_built_in_judge_prompt_is_sound_and_shows_all_that_it_is_given() {
        for name in BUILT_IN_JUDGES {
            let prompt = built_in_judge(name).expect("it is built in").parse();
            assert_eq!(prompt.diagnostics, Vec::new(), "{name}");
            let variant = &prompt.variants[0];
            let given = |input: &assay_prompt::Property| {
                (input.name.clone(), json!(format!("[{} of the question]", input.name)))
            };
            let input: serde_json::Map<String, Value> = variant.inputs.iter().map(given).collect();
            let rendered =
                render(&prompt, variant, &Row { input: input.clone(), ..Row::default() });
            let messages = rendered.expect("it renders").messages;
            let text: String = messages.iter().map(|message| message.text()).collect();
            for (input, shown) in &input {
                assert!(text.contains(shown.as_str().expect("a text")), "{name} hides {input}");
            }
            assert!(!variant.outputs.is_empty(), "{name} declares what it answers");
        }
    }
}
