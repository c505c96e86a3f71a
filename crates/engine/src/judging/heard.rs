//! What the judges of a run were answered: where each reply is, and the replies themselves as somebody needs them.
//!
//! A run may have a million replies, and each may be long. In memory are their places only, some forty bytes for each;
//! the texts are read from the store for as many outputs as are judged together, and let go with them.

use std::collections::HashMap;

use assay_score::judge::{QuestionId, Replies, Reply};
use assay_store::{ChildAnswer, ChildCell, ChildQuestion, RunId, Store, StoreError};

use super::PURPOSE;

/// The places of the replies that a run has.
#[derive(Debug, Default)]
pub(super) struct Heard {
    places: HashMap<u128, ChildCell>,
}

impl Heard {
    /// What the children of a run were answered; with `again`, without those that failed.
    pub fn of_run(store: &Store, run: &RunId, again: bool) -> Result<Heard, StoreError> {
        let mut heard = Heard::default();
        store.child_questions(run, PURPOSE, |question| {
            if !(again && question.failed) {
                heard.put(&question);
            }
        })?;
        Ok(heard)
    }

    /// Adds what one child was answered. Returns how many questions it came to the end with.
    pub fn add(&mut self, store: &Store, child: &RunId) -> Result<u32, StoreError> {
        let mut ended = 0;
        store.run_questions(child, |question| {
            self.put(&question);
            ended += 1;
        })?;
        Ok(ended)
    }

    /// How many questions have a reply.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Reads replies as long as judging asks for some that are there. `step` judges with what has been read, and says
    /// what it still needs.
    pub fn follow(
        &self,
        store: &Store,
        replies: &mut Replies,
        mut step: impl FnMut(&Replies) -> Vec<QuestionId>,
    ) -> Result<(), StoreError> {
        loop {
            let wanted = step(replies);
            if !self.read(store, &wanted, replies)? {
                return Ok(());
            }
        }
    }

    /// Reads the replies to these questions, as far as there are any; says whether there were.
    fn read(
        &self,
        store: &Store,
        wanted: &[QuestionId],
        replies: &mut Replies,
    ) -> Result<bool, StoreError> {
        let places = wanted.iter().filter_map(|id| self.places.get(&key(id.as_str())?));
        let mut places: Vec<ChildCell> = places.copied().collect();
        places.sort_unstable();
        places.dedup();
        let before = replies.len();
        for answer in store.answers_at(&places)? {
            take(replies, answer);
        }
        Ok(replies.len() > before)
    }

    /// A later reply takes the place of an earlier one.
    fn put(&mut self, question: &ChildQuestion) {
        if let Some(key) = key(&question.case_id) {
            self.places.insert(key, question.at);
        }
    }
}

/// The beginning of a question's id, which is a digest: as good as all of it. None for what is no such id.
fn key(id: &str) -> Option<u128> {
    u128::from_str_radix(id.get(..32)?, 16).ok()
}

/// Keeps what a question was answered.
fn take(replies: &mut Replies, answer: ChildAnswer) {
    let reply = match (answer.output, answer.finish.as_deref()) {
        (None, _) => Reply::Failed(answer.error.unwrap_or_else(|| "there is no reply".to_owned())),
        (Some(_), Some("length")) => Reply::CutOff,
        (Some(_), Some("refusal" | "content_filter")) => {
            Reply::Failed("the judge refused".to_owned())
        }
        (Some(output), _) => Reply::Said(output),
    };
    replies.put(QuestionId::read(&answer.case_id), reply);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_known_by_its_digest_and_nothing_else_is_one() {
        let id = "0123456789abcdef".repeat(2) + "01234567";
        assert_eq!(key(&id), Some(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef));
        for other in ["", "case-1", &"é".repeat(40), &"z".repeat(40)] {
            assert_eq!(key(other), None, "{other}");
        }
    }

    #[test]
    fn a_reply_that_is_no_verdict_by_how_it_ended_is_none() {
        let answer = |output: Option<&str>, finish: &str| ChildAnswer {
            case_id: "q".to_owned(),
            output: output.map(str::to_owned),
            finish: Some(finish.to_owned()),
            error: None,
        };
        let read = |answer| {
            let mut replies = Replies::default();
            take(&mut replies, answer);
            replies.get(&QuestionId::read("q")).cloned()
        };
        assert_eq!(read(answer(Some("yes"), "stop")), Some(Reply::Said("yes".to_owned())));
        assert_eq!(read(answer(Some("ye"), "length")), Some(Reply::CutOff));
        for failed in [answer(Some("no"), "refusal"), answer(None, "stop")] {
            assert!(matches!(read(failed), Some(Reply::Failed(_))));
        }
    }
}
