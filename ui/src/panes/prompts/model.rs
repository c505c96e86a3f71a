//! What the list shows.

use assay_wire::PromptSummary;

/// Prompts whose name, path, variant or description has every word of `filter` in it.
pub fn matching(prompts: &[PromptSummary], filter: &str) -> Vec<PromptSummary> {
    let words: Vec<String> = filter.split_whitespace().map(str::to_lowercase).collect();
    prompts
        .iter()
        .filter(|prompt| words.iter().all(|word| mentions(prompt, word)))
        .cloned()
        .collect()
}

fn mentions(prompt: &PromptSummary, word: &str) -> bool {
    let texts = [Some(&prompt.key), prompt.description.as_ref()];
    texts
        .into_iter()
        .flatten()
        .chain(&prompt.variants)
        .any(|text| text.to_lowercase().contains(word))
}

/// How much is in a prompt.
pub fn about(prompt: &PromptSummary) -> String {
    let parts = [
        counted(prompt.variants.len(), "variant"),
        counted(prompt.cases as usize, "case"),
        counted(prompt.examples as usize, "example"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn counted(n: usize, what: &str) -> Option<String> {
    match n {
        0 => None,
        1 => Some(format!("1 {what}")),
        n => Some(format!("{n} {what}s")),
    }
}

/// How much is wrong with a prompt, or nothing.
pub fn trouble(prompt: &PromptSummary) -> String {
    let parts =
        [counted(prompt.errors as usize, "error"), counted(prompt.warnings as usize, "warning")];
    parts.into_iter().flatten().next().unwrap_or_default()
}

/// What a place's button is called.
pub fn place_label(name: &str, count: u32) -> String {
    match count {
        0 => name.to_owned(),
        1 => format!("{name}, 1 change"),
        n => format!("{name}, {n} changes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(key: &str, variants: &[&str]) -> PromptSummary {
        PromptSummary {
            key: key.into(),
            name: key.into(),
            description: Some("Route one ticket".into()),
            variants: variants.iter().map(ToString::to_string).collect(),
            cases: 44,
            examples: 1,
            errors: 0,
            warnings: 2,
        }
    }

    #[test]
    fn every_word_must_be_found_but_anywhere() {
        let all = [prompt("prompts/triage", &["baseline"]), prompt("prompts/extract", &["strict"])];
        let names = |filter| matching(&all, filter).into_iter().map(|p| p.key).collect::<Vec<_>>();
        assert_eq!(names("BASE ticket"), ["prompts/triage"]);
        assert_eq!(names(""), ["prompts/triage", "prompts/extract"]);
        assert!(names("triage strict").is_empty());
    }

    #[test]
    fn counts_read_as_words() {
        assert_eq!(about(&prompt("p", &["a", "b"])), "2 variants · 44 cases · 1 example");
        assert_eq!(trouble(&prompt("p", &[])), "2 warnings");
        assert_eq!(place_label("Git", 1), "Git, 1 change");
    }
}
