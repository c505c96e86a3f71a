//! One answer from start to end: prompt, prefix, sampling, streaming, stopping.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::cache::{Prefixes, Sequence};
use crate::gguf::ModelFile;
use crate::llama::Llama;
use crate::sample::Sampler;
use crate::text::TextStream;
use crate::tokens::Vocabulary;
use crate::{LocalError, MODEL_ID};

/// Tokens of a prompt computed between two chances to cancel.
const CHUNK: usize = 96;

/// The embedded model, loaded.
///
/// Calls may come from several threads. They take turns to compute their prompts,
/// on all cores, so that a prefix they share is computed once; then each computes
/// its answer on its own thread; [`crate::calls_at_once`] says how many are best.
pub struct LocalModel {
    llama: Llama,
    vocabulary: Vocabulary,
    prefixes: Mutex<Prefixes>,
}

impl std::fmt::Debug for LocalModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalModel").field("name", &self.name()).finish_non_exhaustive()
    }
}

/// What to answer, and how.
#[derive(Clone, Copy, Debug)]
pub struct Generation<'a> {
    /// Role and content of every message. Contents are text: what looks like a
    /// control token in them opens and closes nothing.
    pub messages: &'a [(&'a str, &'a str)],
    /// The most tokens the answer may have.
    pub max_tokens: usize,
    /// 0 takes the likeliest token each time; above, tokens are drawn.
    pub temperature: f64,
    /// Draws only from the likeliest tokens that together have this share.
    pub top_p: Option<f64>,
    /// Decides what is drawn.
    pub seed: u64,
    /// Strings that end the answer and are not part of it.
    pub stop: &'a [String],
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// All increments together.
    pub text: String,
    /// Why it ended.
    pub finish: Finish,
    /// Tokens of the prompt with its template.
    pub input_tokens: usize,
    /// Those of them that were known from earlier calls.
    pub reused_tokens: usize,
    /// Tokens computed for the answer, without the one that ended it.
    pub output_tokens: usize,
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// The model ended its message.
    Stop,
    /// The answer reached its most tokens, or the model's context its end.
    Length,
    /// A stop string came up.
    Stopped,
    /// The caller broke off.
    Cancelled,
}

/// A prompt that is computed, ready for its answer.
struct Prompt {
    sequence: Sequence,
    state: Vec<f32>,
    reused: usize,
}

impl LocalModel {
    /// Reads a model file: about 100 MB, kept in memory.
    pub fn load(file: &Path) -> Result<LocalModel, LocalError> {
        let file = ModelFile::read(file)?;
        let (llama, vocabulary) = rayon::join(|| Llama::read(&file), || Vocabulary::read(&file));
        Ok(Self { llama: llama?, vocabulary: vocabulary?, prefixes: Mutex::default() })
    }

    /// Tokens of a text by itself, without any template.
    pub fn count_tokens(&self, text: &str) -> usize {
        self.vocabulary.encode(text).len()
    }

    /// The model's id, [`MODEL_ID`].
    pub fn name(&self) -> &str {
        MODEL_ID
    }

    /// Computes an answer and hands out its text as it comes, in whole characters.
    ///
    /// While the prompt is computed `on_text` gets empty increments, so that it can
    /// break off then too.
    pub fn generate(
        &self,
        generation: &Generation<'_>,
        on_text: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<Generated, LocalError> {
        let tokens = self.vocabulary.encode_chat(generation.messages);
        let limit = self.llama.context();
        if tokens.len() >= limit {
            return Err(LocalError::TooLong { tokens: tokens.len(), limit });
        }
        let mut generated = Generated {
            text: String::new(),
            finish: Finish::Cancelled,
            input_tokens: tokens.len(),
            reused_tokens: 0,
            output_tokens: 0,
        };
        if let ControlFlow::Continue(prompt) = self.compute_prompt(&tokens, on_text) {
            generated.reused_tokens = prompt.reused;
            let room = generation.max_tokens.min(limit - tokens.len());
            self.answer(generation, prompt, room, &mut generated, on_text);
        }
        Ok(generated)
    }

    /// Computes what is not known of a prompt, and keeps it for later calls.
    fn compute_prompt(
        &self,
        tokens: &[u32],
        on_text: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> ControlFlow<(), Prompt> {
        let mut prefixes = self.prefixes();
        let mut sequence = prefixes.longest(tokens, self.llama.page_shape());
        let reused = sequence.len();
        let mut state = Vec::new();
        for chunk in tokens[reused..].chunks(CHUNK) {
            on_text("")?;
            state = self.llama.extend(&mut sequence, chunk);
        }
        prefixes.keep(tokens, &sequence);
        ControlFlow::Continue(Prompt { sequence, state, reused })
    }

    /// Computes token after token until something ends the answer.
    fn answer(
        &self,
        generation: &Generation<'_>,
        prompt: Prompt,
        room: usize,
        generated: &mut Generated,
        on_text: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) {
        let Prompt { mut sequence, mut state, .. } = prompt;
        let mut sampler = Sampler::new(generation.temperature, generation.top_p, generation.seed);
        let mut stream = TextStream::new(generation.stop);
        let mut show = |shown: crate::text::Shown, generated: &mut Generated| {
            generated.text.push_str(&shown.text);
            let cancelled = !shown.text.is_empty() && on_text(&shown.text).is_break();
            match (shown.stopped, cancelled) {
                (true, _) => ControlFlow::Break(Finish::Stopped),
                (false, true) => ControlFlow::Break(Finish::Cancelled),
                (false, false) => ControlFlow::Continue(()),
            }
        };
        let mut ended = Finish::Length;
        while generated.output_tokens < room {
            let token = sampler.choose(&self.llama.logits(&state));
            if self.vocabulary.ends(token) {
                ended = Finish::Stop;
                break;
            }
            generated.output_tokens += 1;
            let shown = stream.push(self.vocabulary.bytes(token));
            if let ControlFlow::Break(finish) = show(shown, generated) {
                generated.finish = finish;
                return;
            }
            if generated.output_tokens < room {
                state = self.llama.extend(&mut sequence, &[token]);
            }
        }
        generated.finish = match show(stream.finish(), generated) {
            ControlFlow::Break(finish) => finish,
            ControlFlow::Continue(()) => ended,
        };
    }

    fn prefixes(&self) -> MutexGuard<'_, Prefixes> {
        // A call that panicked left at worst one prefix fewer.
        self.prefixes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use sha2::{Digest, Sha256};

    use super::*;
    use crate::testing::{fresh_model, model_file, shared_model};
    use crate::{MODEL_FILE, MODEL_SHA256};

    const PREFIX: &str =
        "You sort letters of customers. Answer with one word: praise, complaint or question.";

    fn drawn(seed: u64) -> Generation<'static> {
        Generation {
            messages: &[("system", PREFIX), ("user", "Write a short poem about the sea.")],
            max_tokens: 24,
            temperature: 0.9,
            top_p: Some(0.95),
            seed,
            stop: &[],
        }
    }

    fn likeliest(messages: &'static [(&'static str, &'static str)]) -> Generation<'static> {
        Generation { messages, max_tokens: 24, temperature: 0.0, top_p: None, seed: 0, stop: &[] }
    }

    fn answer(model: &LocalModel, generation: &Generation<'_>) -> Generated {
        model.generate(generation, &mut |_| ControlFlow::Continue(())).expect("an answer")
    }

    #[test]
    fn it_knows_the_capital_of_france_and_ends_its_message() {
        let answer =
            answer(shared_model(), &likeliest(&[("user", "What is the capital of France?")]));
        assert_eq!(answer.text, "The capital of France is Paris.");
        assert_eq!((answer.finish, answer.output_tokens), (Finish::Stop, 7));
    }

    #[test]
    fn the_same_seed_gives_the_same_text_and_another_seed_another() {
        let first = answer(shared_model(), &drawn(1)).text;
        assert_eq!(answer(&fresh_model(), &drawn(1)).text, first);
        assert_ne!(answer(shared_model(), &drawn(2)).text, first);
    }

    #[test]
    fn a_reused_prefix_does_not_change_the_text() {
        let fresh = answer(&fresh_model(), &drawn(3));
        let model = fresh_model();
        answer(&model, &likeliest(&[("system", PREFIX), ("user", "Where is my parcel?")]));
        let reusing = answer(&model, &drawn(3));
        assert_eq!(fresh.reused_tokens, 0);
        assert!(reusing.reused_tokens > 15, "{} reused", reusing.reused_tokens);
        assert_eq!(reusing.text, fresh.text);
        let again = answer(&model, &drawn(3));
        assert_eq!(again.reused_tokens, again.input_tokens - 1);
        assert_eq!(again.text, fresh.text);
    }

    #[test]
    fn calls_at_once_give_the_texts_they_give_alone() {
        let alone = [4, 5, 6].map(|seed| answer(shared_model(), &drawn(seed)).text);
        let model = &fresh_model();
        let together = std::thread::scope(|scope| {
            let calls = [4, 5, 6].map(|seed| scope.spawn(move || answer(model, &drawn(seed)).text));
            calls.map(|call| call.join().expect("no panic"))
        });
        assert_eq!(together, alone);
    }

    #[test]
    fn the_increments_together_are_the_text() {
        let messages = [("user", "Repeat exactly: Grüße aus Zürich, 東京 and \u{1f600}\u{1f680}!")];
        let generation = Generation { messages: &messages, ..drawn(7) };
        let mut streamed = String::new();
        let answer = shared_model().generate(&generation, &mut |text| {
            streamed.push_str(text);
            ControlFlow::Continue(())
        });
        assert_eq!(answer.expect("an answer").text, streamed);
        assert!(!streamed.is_empty());
    }

    #[test]
    fn breaking_off_stops_the_answer() {
        let mut increments = 0;
        let answer = shared_model().generate(&drawn(8), &mut |text| {
            increments += usize::from(!text.is_empty());
            if increments == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let answer = answer.expect("an answer");
        assert_eq!((answer.finish, increments), (Finish::Cancelled, 3));
        assert!(answer.output_tokens < 24 && !answer.text.is_empty());
    }

    #[test]
    fn breaking_off_while_the_prompt_is_computed_gives_no_text() {
        let answer = shared_model().generate(&drawn(9), &mut |_| ControlFlow::Break(()));
        let answer = answer.expect("an answer");
        assert_eq!((answer.finish, answer.output_tokens), (Finish::Cancelled, 0));
    }

    #[test]
    fn a_stop_string_ends_the_answer_before_it() {
        let stop = [" Paris".to_owned()];
        let question = likeliest(&[("user", "What is the capital of France?")]);
        let answer = answer(shared_model(), &Generation { stop: &stop, ..question });
        assert_eq!(
            (answer.text.as_str(), answer.finish),
            ("The capital of France is", Finish::Stopped)
        );
    }

    #[test]
    fn an_answer_has_at_most_the_tokens_asked_for() {
        let generation = Generation { max_tokens: 5, ..drawn(10) };
        let answer = answer(shared_model(), &generation);
        assert_eq!((answer.finish, answer.output_tokens), (Finish::Length, 5));
    }

    #[test]
    fn a_prompt_beyond_the_context_is_refused_with_its_length() {
        let long = "word ".repeat(9000);
        let messages = [("user", long.as_str())];
        let generation = Generation { messages: &messages, ..drawn(0) };
        let error = shared_model().generate(&generation, &mut |_| ControlFlow::Continue(()));
        assert!(
            matches!(error, Err(LocalError::TooLong { tokens: 9000.., limit: 8192 })),
            "{error:?}"
        );
    }

    #[test]
    fn tokens_of_a_text_are_counted_without_a_template() {
        assert_eq!(shared_model().count_tokens(""), 0);
        assert_eq!(shared_model().count_tokens("Hello, world 12"), 6);
    }

    #[test]
    fn a_missing_model_is_told_with_the_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = LocalModel::load(&folder.path().join(MODEL_FILE)).expect_err("there is none");
        assert!(error.to_string().contains(&folder.path().display().to_string()), "{error}");
        assert!(
            matches!(error, LocalError::NotInstalled { looked_in } if looked_in == folder.path())
        );
    }

    fn load_bytes(bytes: &[u8]) -> (PathBuf, LocalError) {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(MODEL_FILE);
        std::fs::write(&file, bytes).expect("written");
        let error = LocalModel::load(&file).expect_err("it is damaged");
        (file, error)
    }

    #[test]
    fn a_damaged_model_is_told_with_its_file() {
        let whole = std::fs::read(model_file()).expect("the model file");
        for part in [&b"no model"[..], &whole[..1000], &whole[..whole.len() / 2]] {
            let (file, error) = load_bytes(part);
            assert!(error.to_string().contains(&file.display().to_string()), "{error}");
            assert!(matches!(error, LocalError::Malformed { .. }), "{error:?}");
        }
    }

    #[test]
    fn the_installed_file_is_the_one_that_is_meant() {
        let digest = Sha256::digest(std::fs::read(model_file()).expect("the model file"));
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, MODEL_SHA256);
    }
}
