//! What somebody is about to say or do about the proposal on screen: written beside it, then signed and kept.
//!
//! An errand remembers what was on the screen when it began ([`Writing::seen`]). When that is another by the time it is to
//! be signed, nothing is: the person looks again first.

use assay_wire::{
    AnchorView, ApiError, Code, MergeProposal, ProposalDetailView, Propose, Review, ReviewVerdict,
    Revoke,
};
use leptos::{prelude::*, task::spawn_local};

use super::{focus, lines, model, reviews::Reviews};
use crate::{components::focus_on, ipc};

/// Something to say or do about a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Errand {
    /// Its content may go in.
    Approve,
    /// It may not, as it is.
    RequestChanges,
    /// A comment, on words of a file or on all of it.
    Comment(Option<AnchorView>),
    /// An answer in a conversation.
    Answer {
        /// The conversation.
        thread: String,
        /// Whether it is settled with it.
        settles: bool,
    },
    /// Takes something back that was signed here.
    Revoke {
        /// The statement.
        statement: String,
        /// What that is, in words.
        what: String,
    },
    /// Merges it.
    Merge,
}

impl Errand {
    /// What is done, as a heading.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Approve => "Approve",
            Self::RequestChanges => "Ask for changes",
            Self::Comment(_) => "Comment",
            Self::Answer { settles: true, .. } => "Settle the conversation",
            Self::Answer { settles: false, .. } => "Answer",
            Self::Revoke { .. } => "Take back",
            Self::Merge => "Merge",
        }
    }

    /// On the button that does it.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Approve => "Sign and approve",
            Self::RequestChanges => "Sign and ask",
            Self::Comment(_) | Self::Answer { settles: false, .. } => "Sign and say",
            Self::Answer { settles: true, .. } => "Sign and settle",
            Self::Revoke { .. } => "Sign and take back",
            Self::Merge => "Merge",
        }
    }

    /// What the field for words is for.
    pub fn words_label(&self) -> &'static str {
        match self {
            Self::Approve => "Words beside the approval (optional)",
            Self::RequestChanges => "What should change, and why",
            Self::Comment(_) => "Comment",
            Self::Answer { settles: true, .. } => "Last words (optional)",
            Self::Answer { settles: false, .. } => "Answer",
            Self::Revoke { .. } => "Why",
            Self::Merge => "Message of the merge (optional)",
        }
    }

    /// What a toast says when it is done.
    fn confirmation(&self) -> &'static str {
        match self {
            Self::Approve => "Approved and signed. Others see it after the next sync.",
            Self::RequestChanges => "Changes asked for. Others see it after the next sync.",
            Self::Comment(_) | Self::Answer { settles: false, .. } => {
                "Said and signed. Others see it after the next sync."
            }
            Self::Answer { settles: true, .. } => {
                "Conversation settled. Others see it after the next sync."
            }
            Self::Revoke { .. } => "Taken back. Others see it after the next sync.",
            Self::Merge => "Merged. Others have it after the next sync.",
        }
    }
}

/// An errand that is being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writing {
    /// What is to be said or done.
    pub errand: Errand,
    /// Names what was on the screen when it began.
    pub seen: String,
}

impl Reviews {
    /// Begins to write one. Words that were written for another stay in the field.
    pub fn begin(self, errand: Errand) {
        let Some(detail) = self.on_screen() else { return };
        self.trouble.set(None);
        self.only.set(String::new());
        let place = focus::place();
        self.back.set_value(place.clone());
        self.writing.set(Some(Writing { errand, seen: detail.shown.clone() }));
        request_animation_frame(move || {
            // The same errand again is already on screen.
            focus_on(focus::WORDS);
            // What it is about stays in sight beside it.
            if let Some(place) = &place {
                focus::show(place);
            }
        });
    }

    /// What is being written.
    pub fn writing(self) -> Signal<Option<Writing>> {
        self.writing.into()
    }

    /// Leaves what is being written. Its words wait for the next time.
    pub fn leave(self) {
        self.writing.set(None);
        self.trouble.set(None);
        self.give_keyboard_back();
    }

    /// Writes nothing any more; the words are forgotten.
    pub fn put_away(self) {
        self.writing.set(None);
        self.words.set(String::new());
        self.trouble.set(None);
    }

    /// What stands between the person and what is being written.
    pub fn obstacle(self) -> Option<&'static str> {
        let writing = self.writing.get()?;
        let detail = self.detail_now()?;
        let signer = self.signer();
        if self.only.with(|only| narrowed(&writing.errand, only)).is_none() {
            return Some("These words do not stand there");
        }
        self.words.with(|words| {
            model::obstacle(&writing.errand, words, signer.as_ref(), &detail.proposal.gate)
        })
    }

    /// Signs and keeps what is being written.
    pub fn submit(self) {
        let Some(Writing { errand, seen }) = self.writing.get_untracked() else { return };
        let Some(detail) = self.on_screen() else { return };
        if untrack(|| self.obstacle().is_some() || self.is_busy()) {
            return;
        }
        if detail.shown != seen {
            // From here on what is on the screen now is what is signed.
            self.writing.set(Some(Writing { errand, seen: detail.shown.clone() }));
            return self.trouble.set(Some(changed_under_the_pen()));
        }
        let Some(errand) = self.only.with_untracked(|only| narrowed(&errand, only)) else { return };
        let words = self.words.get_untracked();
        self.busy.set(true);
        self.trouble.set(None);
        spawn_local(async move {
            let done = self.carry_out(&errand, words, &detail).await;
            self.busy.set(false);
            match done {
                Ok(()) => self.carried_out(&errand),
                Err(error) => self.refused(error),
            }
        });
    }

    async fn carry_out(
        self,
        errand: &Errand,
        words: String,
        detail: &ProposalDetailView,
    ) -> Result<(), ApiError> {
        match errand {
            Errand::Merge => {
                let id = detail.proposal.id.clone();
                ipc::call(MergeProposal { id, message: words }).await.map(|_| ())
            }
            Errand::Revoke { statement, .. } => {
                let revoke = Revoke { statement: statement.clone(), reason: words };
                ipc::call(revoke).await.map(|_| ())
            }
            said => {
                let review = statement(said, words, detail);
                let now = ipc::call(review).await?;
                self.show_now(now);
                Ok(())
            }
        }
    }

    fn carried_out(self, errand: &Errand) {
        self.put_away();
        self.toasts.say(errand.confirmation());
        match errand {
            Errand::Merge => {
                self.session.refresh();
                self.take_as_it_is();
            }
            _ => self.refresh(),
        }
        self.give_keyboard_back();
    }

    /// A refusal may mean that the proposal is another by now, so it is read again; what is written stays.
    fn refused(self, error: ApiError) {
        let is_stale = error.code == Code::Conflict;
        self.trouble.set(Some(error));
        if is_stale {
            self.refresh();
        }
    }

    /// Proposes again what the branch has now, after a change of it.
    pub fn propose_again(self) {
        let Some(detail) = self.on_screen() else { return };
        let proposal = &detail.proposal;
        let propose = Propose {
            target: proposal.target.clone(),
            branch: Some(proposal.branch.clone()),
            title: proposal.title.clone(),
            body: proposal.body.clone(),
            prompts: Vec::new(),
        };
        let proposed =
            async move { ipc::call(propose).await.map(|_| "Proposed as the branch is now") };
        self.work(proposed, Self::take_as_it_is);
    }
}

/// The errand with only the words that are meant of those it is about; `None` when they do not stand there.
fn narrowed(errand: &Errand, only: &str) -> Option<Errand> {
    match errand {
        Errand::Comment(Some(anchor)) => {
            lines::narrowed(anchor, only).map(|anchor| Errand::Comment(Some(anchor)))
        }
        other => Some(other.clone()),
    }
}

/// What a review says, as it is sent.
fn statement(errand: &Errand, words: String, detail: &ProposalDetailView) -> Review {
    let review = Review {
        proposal: detail.proposal.id.clone(),
        verdict: ReviewVerdict::Comment,
        body: words.trim().to_owned(),
        seen: detail.shown.clone(),
        anchor: None,
        thread: None,
        resolves: false,
    };
    match errand {
        Errand::Approve => Review { verdict: ReviewVerdict::Approve, ..review },
        Errand::RequestChanges => Review { verdict: ReviewVerdict::RequestChanges, ..review },
        Errand::Comment(anchor) => Review { anchor: anchor.clone(), ..review },
        Errand::Answer { thread, settles } => {
            Review { thread: Some(thread.clone()), resolves: *settles, ..review }
        }
        Errand::Revoke { .. } | Errand::Merge => review,
    }
}

fn changed_under_the_pen() -> ApiError {
    ApiError {
        code: Code::Conflict,
        message: "what is on the screen changed while you wrote, so nothing was signed".to_owned(),
        hints: vec!["Look at it again, then sign.".to_owned()],
    }
}
