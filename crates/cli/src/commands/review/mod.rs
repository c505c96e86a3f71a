//! `assay review`: proposals listed, shown, decided on and merged.
//!
//! A verdict signs what `assay review show` has shown of the proposal, by its digest, and nothing else: what nobody has
//! read here, or has become another since, is refused.

pub(super) mod document;
pub(super) mod text;

use assay_app::App;
use assay_wire::{
    AnchorView, ApiError, Code, ListProposals, MergeProposal, ProposalDetailView, ReadBranches,
    ReadProposal, ReadShown, Review, ReviewVerdict, Revoke, ShowProposal,
};
use serde_json::json;

use crate::arguments::{Comment, ReviewAction, Reviews, Verdict};
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn execute(app: &App, arguments: &Reviews, output: &Output) -> Result<Exit, ApiError> {
    let Some(action) = &arguments.action else { return list(app, output) };
    match action {
        ReviewAction::Show { proposal, .. } => show(app, proposal, output),
        ReviewAction::Approve(verdict) => {
            say(app, verdict, ReviewVerdict::Approve, Aside::default(), output)
        }
        ReviewAction::RequestChanges(verdict) => {
            say(app, verdict, ReviewVerdict::RequestChanges, Aside::default(), output)
        }
        ReviewAction::Comment(comment) => {
            let about = Aside::of(comment)?;
            say(app, &comment.said, ReviewVerdict::Comment, about, output)
        }
        ReviewAction::Revoke { statement, message, .. } => {
            let (statement, reason) = (statement.clone(), message.clone());
            let view = app.call(Revoke { statement, reason })?;
            output.show(&document::list(&view), || text::list(&view))?;
            Ok(Exit::Done)
        }
        ReviewAction::Merge { proposal, message, .. } => merge(app, proposal, message, output),
    }
}

fn list(app: &App, output: &Output) -> Result<Exit, ApiError> {
    let view = app.call(ListProposals {})?;
    output.show(&document::list(&view), || text::list(&view))?;
    Ok(Exit::Done)
}

fn read(app: &App, proposal: &str) -> Result<ProposalDetailView, ApiError> {
    app.call(ReadProposal { id: proposal.to_owned() })
}

fn show(app: &App, proposal: &str, output: &Output) -> Result<Exit, ApiError> {
    let detail = app.call(ShowProposal { id: proposal.to_owned() })?;
    output.show(&document::detail(&detail), || text::detail(&detail))?;
    Ok(Exit::Done)
}

/// The digest of what was on the screen: as it was given, or of what was shown here last.
fn seen(app: &App, said: &Verdict, detail: &ProposalDetailView) -> Result<String, ApiError> {
    if let Some(digest) = &said.seen {
        return Ok(digest.clone());
    }
    // Of what cannot be merged, or is over, there is nothing to be shown: whoever signs is told that, and why.
    if detail.shown.is_empty() {
        return Ok(String::new());
    }
    let shown = app.call(ReadShown { proposal: detail.proposal.id.clone() })?;
    shown.ok_or_else(|| {
        ApiError::new(Code::BadInput, "the proposal was not shown here, so nothing of it is signed")
            .hint(format!("Read it first: assay review show {}", said.proposal))
    })
}

/// What a comment is about, beside the proposal.
#[derive(Default)]
struct Aside {
    /// A file, and words of it.
    words: Option<(String, String)>,
    thread: Option<String>,
    resolves: bool,
}

impl Aside {
    fn of(comment: &Comment) -> Result<Aside, ApiError> {
        let words = comment.on.clone().zip(comment.words.clone());
        if words.as_ref().is_some_and(|(_, words)| words.is_empty()) {
            return Err(ApiError::new(Code::BadInput, "--words names at least one letter"));
        }
        Ok(Aside { words, thread: comment.thread.clone(), resolves: comment.resolve })
    }
}

fn say(
    app: &App,
    said: &Verdict,
    verdict: ReviewVerdict,
    about: Aside,
    output: &Output,
) -> Result<Exit, ApiError> {
    let detail = read(app, &said.proposal)?;
    let seen = seen(app, said, &detail)?;
    let anchor = about.words.map(|(file, words)| anchor(&detail, file, words)).transpose()?;
    let detail = app.call(Review {
        proposal: detail.proposal.id,
        verdict,
        body: said.message.clone(),
        seen,
        anchor,
        thread: about.thread,
        resolves: about.resolves,
    })?;
    output.show(&document::detail(&detail), || {
        let proposal = text::proposal(&detail.proposal);
        format!("signed: {}\n{proposal}\nassay sync sends it", verdict.as_str())
    })?;
    Ok(Exit::Done)
}

/// The place of words in a file that the proposal changes.
fn anchor(
    detail: &ProposalDetailView,
    file: String,
    content: String,
) -> Result<AnchorView, ApiError> {
    let text = detail.texts.iter().find(|text| text.path == file).map(|text| text.text.as_str());
    let text = text.ok_or_else(|| {
        let known: Vec<&str> = detail.texts.iter().map(|text| text.path.as_str()).collect();
        ApiError::new(Code::NotFound, format!("the proposal changes no text {file}"))
            .hint(format!("It changes {}.", known.join(", ")))
    })?;
    let start = text
        .find(&content)
        .ok_or_else(|| ApiError::new(Code::NotFound, format!("{file} does not say {content:?}")))?;
    let end = start + content.len();
    Ok(AnchorView { file, start: start as u32, end: end as u32, content })
}

fn merge(app: &App, proposal: &str, message: &str, output: &Output) -> Result<Exit, ApiError> {
    let detail = read(app, proposal)?;
    if detail.merged.is_some() && !detail.proposal.gate.open {
        // A closed gate is an answer, told in full, and not a mistake in what was typed.
        output.show(&document::detail(&detail), || text::gate_of(&detail.proposal))?;
        return Ok(Exit::Failed);
    }
    let (id, message) = (detail.proposal.id, message.to_owned());
    let merged = app.call(MergeProposal { id, message })?;
    let document = json!({
        "schema": "assay.review-merge/1",
        "commit": merged.commit,
        "target": merged.target,
        "message": merged.message,
    });
    // Only the branch that is checked out is sent.
    let here = app.call(ReadBranches {})?.current;
    output.show(&document, || {
        let (commit, target) = (super::short(&merged.commit), &merged.target);
        let next = match here.as_ref() == Some(target) {
            true => "it is sent by: assay sync".to_owned(),
            false => format!("it is sent by: assay switch {target}, then assay sync"),
        };
        format!("{target} is at {commit} now:\n\n{}\n\n{next}", merged.message.trim_end())
    })?;
    Ok(Exit::Done)
}
