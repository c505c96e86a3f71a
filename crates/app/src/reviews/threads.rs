//! Conversations about a proposal, and where the words they are about stand now.
//!
//! An anchor names the prompt by its permanent id and the file below the prompt's folder, so a conversation stays with
//! its words when the prompt is renamed; people see paths below the repository.

use std::collections::BTreeMap;

use assay_repo::review::{Anchor, Body, Content, Place, Review, Role, Signed, threads};
use assay_repo::{MAX_FILE, PromptKey, Revision};
use assay_wire::*;

use super::hearing::{Hearing, Target};
use super::judged::verdict_view;
use super::proposal::Proposed;
use crate::error::Explain;
use crate::prompts::{folder, join};

/// Where the prompts of a revision stand, by their permanent ids.
pub(super) struct Homes {
    keys: Vec<(PromptKey, String)>,
    revision: Revision,
}

impl Homes {
    pub fn of(revision: &Revision, content: &Content) -> Result<Self, ApiError> {
        let ids: BTreeMap<&str, &str> = content
            .items
            .iter()
            .filter(|item| item.subject.role == Role::Suite)
            .map(|item| (item.path.as_str(), item.subject.prompt.as_str()))
            .collect();
        let keys = revision.prompts().map_err(|e| e.explain())?;
        let named = keys.into_iter().filter_map(|key| {
            let id = (*ids.get(key.key.as_str())?).to_owned();
            Some((key, id))
        });
        Ok(Self { keys: named.collect(), revision: revision.clone() })
    }

    /// The prompt's id and the file below its folder; of any other file an empty id and the whole path.
    fn name<'p>(&self, path: &'p str) -> (&str, &'p str) {
        let within = self.keys.iter().find_map(|(key, id)| Some((id.as_str(), below(key, path)?)));
        within.unwrap_or(("", path))
    }

    /// The file of an anchor, below the repository; none when its prompt is gone.
    fn path(&self, anchor: &Anchor) -> Option<String> {
        if anchor.prompt.is_empty() {
            return Some(anchor.file.clone());
        }
        let (key, _) = self.keys.iter().find(|(_, id)| *id == anchor.prompt)?;
        Some(join(&folder(key), &anchor.file))
    }

    fn text(&self, path: &str) -> Option<String> {
        String::from_utf8(self.revision.read_bytes(path, MAX_FILE).ok()?).ok()
    }

    /// The anchor of the words that were chosen, which must be there as they were shown.
    pub fn anchor(&self, chosen: &AnchorView) -> Result<Anchor, ApiError> {
        let (start, end) = (chosen.start as usize, chosen.end as usize);
        let text = self.text(&chosen.file).ok_or_else(|| {
            ApiError::new(Code::NotFound, format!("the proposal has no text {}", chosen.file))
        })?;
        if text.get(start..end) != Some(chosen.content.as_str()) {
            let message = format!("{} does not have these words there", chosen.file);
            return Err(ApiError::new(Code::Conflict, message)
                .hint("Read the proposal again, then comment."));
        }
        let (prompt, file) = self.name(&chosen.file);
        Anchor::new(prompt, file, &text, start..end)
            .ok_or_else(|| ApiError::new(Code::BadInput, "an anchor begins before it ends"))
    }

    fn anchor_view(&self, anchor: &Anchor) -> ThreadAnchorView {
        let path = self.path(anchor);
        let text = path.as_deref().and_then(|path| self.text(path)).unwrap_or_default();
        let (place, range) = match anchor.locate(&text) {
            Place::Same(range) => (AnchorPlace::Same, Some(range)),
            Place::Moved(range) => (AnchorPlace::Moved, Some(range)),
            Place::Edited(range) => (AnchorPlace::Edited, Some(range)),
            Place::Gone => (AnchorPlace::Gone, None),
        };
        let line = |range: &std::ops::Range<usize>| {
            let before = text.get(..range.start).unwrap_or_default();
            before.bytes().filter(|byte| *byte == b'\n').count() as u32 + 1
        };
        ThreadAnchorView {
            file: path.unwrap_or_else(|| anchor.file.clone()),
            quote: anchor.quote.clone(),
            place,
            line: range.as_ref().map(line),
            start: range.as_ref().map(|range| range.start as u32),
            end: range.as_ref().map(|range| range.end as u32),
        }
    }
}

/// The path below a prompt's folder, where it lies in it. A lone file has no folder to itself.
fn below<'p>(key: &PromptKey, path: &'p str) -> Option<&'p str> {
    if key.lone {
        return (path == key.key).then(|| path.rsplit('/').next().unwrap_or(path));
    }
    match folder(key).as_str() {
        "" => Some(path),
        folder => path.strip_prefix(folder)?.strip_prefix('/'),
    }
}

/// The reviews of a proposal: of anything it was ever about, so that a conversation outlives a change.
pub(super) fn reviews(hearing: &Hearing, proposed: &Proposed<'_>) -> Vec<Signed> {
    let is_review = |signed: &&Signed| matches!(signed.statement.body, Body::Review(_));
    let is_about = |signed: &Signed| {
        signed.statement.subjects.iter().any(|subject| proposed.subjects.contains(subject))
    };
    let all: Vec<&Signed> = hearing.signed.iter().filter(is_review).collect();
    let mut answers: BTreeMap<&str, Vec<&Signed>> = BTreeMap::new();
    for signed in &all {
        if let Body::Review(Review { answers: Some(answered), .. }) = &signed.statement.body {
            answers.entry(answered).or_default().push(signed);
        }
    }
    let mut next: Vec<&Signed> = all.into_iter().filter(|signed| is_about(signed)).collect();
    let mut known: BTreeMap<&str, &Signed> = BTreeMap::new();
    // What answers one of them belongs to it, whatever it is about.
    while let Some(signed) = next.pop() {
        if known.insert(&signed.id, signed).is_none() {
            next.extend(answers.get(signed.id.as_str()).into_iter().flatten());
        }
    }
    known.into_values().cloned().collect()
}

/// How many conversations are not settled.
pub(super) fn open_threads(hearing: &Hearing, proposed: &Proposed<'_>) -> u32 {
    let reviews = reviews(hearing, proposed);
    threads(&reviews).iter().filter(|thread| !thread.is_resolved).count() as u32
}

/// The conversations about a proposal, oldest first.
pub(super) fn views(
    hearing: &Hearing,
    proposed: &Proposed<'_>,
    target: &Target,
    homes: Option<&Homes>,
) -> Vec<ThreadView> {
    let reviews = reviews(hearing, proposed);
    let comment = |signed: &Signed| comment_view(hearing, target, signed);
    threads(&reviews)
        .into_iter()
        .map(|thread| ThreadView {
            id: thread.first.id.clone(),
            anchor: anchor_of(thread.first).and_then(|anchor| Some(homes?.anchor_view(anchor))),
            comments: std::iter::once(thread.first)
                .chain(thread.answers.iter().copied())
                .filter_map(&comment)
                .collect(),
            resolved: thread.is_resolved,
        })
        .collect()
}

fn anchor_of(signed: &Signed) -> Option<&Anchor> {
    match &signed.statement.body {
        Body::Review(review) => review.anchor.as_ref(),
        _ => None,
    }
}

fn comment_view(hearing: &Hearing, target: &Target, signed: &Signed) -> Option<CommentView> {
    let Body::Review(review) = &signed.statement.body else { return None };
    Some(CommentView {
        statement: signed.id.clone(),
        person: target.name_of(signed),
        time_s: hearing.time_of(signed),
        verdict: verdict_view(review.verdict),
        text: review.text.clone(),
        resolves: review.resolves,
        own: hearing.is_own(signed),
        revoked: target.taken_back.contains(&signed.id),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(key: &str, lone: bool) -> PromptKey {
        let name = key.rsplit('/').next().unwrap_or(key).to_owned();
        PromptKey { key: key.to_owned(), name, lone }
    }

    #[test]
    fn a_file_belongs_to_the_prompt_whose_folder_it_lies_in() {
        let triage = key("prompts/triage", false);
        assert_eq!(below(&triage, "prompts/triage/a/b.md"), Some("a/b.md"));
        assert_eq!(below(&triage, "prompts/triage-two/b.md"), None);
        let lone = key("prompts/hello.prompty", true);
        assert_eq!(below(&lone, "prompts/hello.prompty"), Some("hello.prompty"));
        assert_eq!(below(&lone, "prompts/other.prompty"), None);
    }
}
