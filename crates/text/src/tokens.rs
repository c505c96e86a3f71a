//! The words that merges and moves look at: each with the blanks behind it, and each `{{ tag }}` of
//! a template whole.

use similar::DiffableStr;

/// How the tags of a template begin and end.
const TAGS: [(&str, &str); 3] = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")];

/// The words of a text; joined they are the text.
pub(crate) fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut tags = Tags { text, at: 0, open: [true; TAGS.len()] };
    let mut at = 0;
    while let Some((start, end)) = tags.next() {
        push_words(&text[at..start], &mut found);
        found.push(&text[start..end]);
        at = end;
    }
    push_words(&text[at..], &mut found);
    found
}

/// Words of Unicode (UAX 29), each with the blanks behind it. Blanks at the beginning are a token.
fn push_words<'t>(text: &'t str, found: &mut Vec<&'t str>) {
    let mut start = 0;
    let mut at = 0;
    for word in text.tokenize_unicode_words() {
        let blank = word.chars().all(char::is_whitespace);
        if !blank && at > start {
            found.push(&text[start..at]);
            start = at;
        }
        at += word.len();
    }
    if at > start {
        found.push(&text[start..at]);
    }
}

/// Finds the tags of a template from left to right.
struct Tags<'t> {
    text: &'t str,
    at: usize,
    /// Whether a tag of each kind may still be closed further on; looked for once only, so that a
    /// text of nothing but opening marks is walked once a kind.
    open: [bool; TAGS.len()],
}

impl Tags<'_> {
    /// The bytes of the next tag.
    fn next(&mut self) -> Option<(usize, usize)> {
        loop {
            let start = self.at + self.text[self.at..].find('{')?;
            self.at = start + 1;
            let kind = TAGS.iter().position(|(open, _)| self.text[start..].starts_with(open));
            let Some(kind) = kind.filter(|kind| self.open[*kind]) else {
                continue;
            };
            let Some(length) = self.text[start + 2..].find(TAGS[kind].1) else {
                self.open[kind] = false;
                continue;
            };
            self.at = start + 2 + length + 2;
            return Some((start, self.at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_the_blanks_behind_them_and_tags_are_whole() {
        assert_eq!(
            tokens("  Be kind, {{ a | b }}!\n{% if x %}y"),
            ["  ", "Be ", "kind", ", ", "{{ a | b }}", "!\n", "{% if x %}", "y"]
        );
        assert_eq!(tokens(""), Vec::<&str>::new());
    }

    #[test]
    fn a_tag_that_is_never_closed_is_words() {
        assert_eq!(tokens("{{ a").concat(), "{{ a");
        assert!(tokens("{{ a").len() > 1);
        assert_eq!(tokens(&"{{{%{#".repeat(10_000)).concat(), "{{{%{#".repeat(10_000));
    }
}
