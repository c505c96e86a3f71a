//! One automaton that finds every form at once, in as many bytes as there are.

use std::io::{self, Read};
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::forms::{Form, forms};

struct Search {
    forms: Vec<Form>,
    automaton: AhoCorasick,
}

static SEARCH: LazyLock<Search> = LazyLock::new(|| {
    let forms = forms();
    let automaton = AhoCorasick::builder()
        // Each test is a process of its own, and most have little to search: a DFA takes longer to build than it saves.
        .kind(Some(AhoCorasickKind::ContiguousNFA))
        .build(forms.iter().map(|form| &form.bytes))
        .expect("a hundred short texts fit");
    Search { forms, automaton }
});

/// What is found first, as the rest of a sentence.
pub(super) fn in_bytes(bytes: &[u8]) -> Option<String> {
    SEARCH.automaton.find(bytes).map(|found| said(&found))
}

/// [`in_bytes`] for what is too large to hold.
pub(super) fn in_stream(stream: impl Read) -> io::Result<Option<String>> {
    let first = SEARCH.automaton.stream_find_iter(stream).next().transpose()?;
    Ok(first.map(|found| said(&found)))
}

fn said(found: &aho_corasick::Match) -> String {
    let form = SEARCH.forms[found.pattern().as_usize()].name;
    format!("holds the canary key, {form}, at byte {}", found.start())
}
