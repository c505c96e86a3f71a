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
/// its answer on its own thread. As many calls at a time as there are cores is best.
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
