//! Replies. A piece of a stream has the form of a whole reply, so one reader serves both.

use serde::Deserialize;
use serde_json::Value;

use super::{finish_of, usage_of};
use crate::sse::Event;
use crate::wire::{
    Assembly, ModelPage, malformed, non_empty, parse, reason, reports_error, says_something,
    truncated,
};
use crate::{Content, Failure, Finish, TokenLogprob, ToolCall, Usage, classify};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    candidates: Option<Vec<Candidate>>,
    prompt_feedback: Option<PromptFeedback>,
    usage_metadata: Option<Value>,
    error: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PromptFeedback {
    block_reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    #[serde(default)]
    index: u64,
    content: Option<Said>,
    finish_reason: Option<String>,
    logprobs_result: Option<LogprobsResult>,
}

#[derive(Deserialize)]
struct Said {
    parts: Option<Vec<Part>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    text: Option<String>,
    #[serde(default)]
    thought: bool,
    function_call: Option<FunctionCall>,
    #[serde(default)]
    thought_signature: Value,
}

#[derive(Deserialize)]
struct FunctionCall {
    id: Option<String>,
    #[serde(default)]
    name: String,
    args: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogprobsResult {
    #[serde(default)]
    chosen_candidates: Vec<Logprob>,
    #[serde(default)]
    top_candidates: Vec<TopLogprobs>,
}

#[derive(Deserialize)]
struct TopLogprobs {
    #[serde(default)]
    candidates: Vec<Logprob>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Logprob {
    #[serde(default)]
    token: String,
    log_probability: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Models {
    /// AI Studio's list, and Vertex AI's.
    #[serde(alias = "publisherModels")]
    models: Option<Vec<Model>>,
    #[serde(default)]
    next_page_token: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Model {
    name: String,
    supported_generation_methods: Option<Vec<String>>,
}

/// A reply in the making.
#[derive(Default)]
pub(super) struct Parts {
    text: String,
    thoughts: String,
    calls: Vec<ToolCall>,
    logprobs: Option<Vec<TokenLogprob>>,
    finish: Option<String>,
    blocked: bool,
    usage: Usage,
    candidates: usize,
}

pub(super) fn decode(raw: &[u8]) -> Result<Content, Failure> {
    let answer = parse(raw, "a generated content")?;
    let mut parts = Parts::default();
    parts.add(answer, &mut |_| {})?;
    Box::new(parts).end()
}

pub(super) fn decode_models(raw: &[u8]) -> Result<ModelPage, Failure> {
    let models: Models = parse(raw, "a list of models")?;
    let generates = |model: &Model| {
        let methods = model.supported_generation_methods.as_ref();
        methods.is_none_or(|methods| methods.iter().any(|method| method == "generateContent"))
    };
    let named = models.models.into_iter().flatten().filter(generates);
    let name = |model: Model| model.name.rsplit('/').next().unwrap_or_default().to_owned();
    let token = models.next_page_token.as_str().filter(|token| !token.is_empty());
    Ok(ModelPage {
        names: named.map(name).collect(),
        next: token.map(|token| ("pageToken", token.to_owned())),
    })
}

impl Assembly for Parts {
    fn take(&mut self, event: &Event, on_text: &mut dyn FnMut(&str)) -> Result<(), Failure> {
        match serde_json::from_str::<Answer>(&event.data) {
            Ok(answer) => self.add(answer, on_text),
            Err(_) if event.name == "error" || reports_error(&event.data) => {
                let body = serde_json::from_str(&event.data).unwrap_or(Value::Null);
                Err(self.reported(&body))
            }
            // Named events are extensions; this wire's own have no name.
            Err(_) if !event.name.is_empty() => Ok(()),
            Err(error) => {
                Err(malformed(format!("an event of the stream is no generated content: {error}")))
            }
        }
    }

    /// The end of the body is the only mark there is.
    fn is_done(&self) -> bool {
        false
    }

    fn end(self: Box<Self>) -> Result<Content, Failure> {
        let has_calls = !self.calls.is_empty();
        let finish = match self.finish {
            Some(reason) => finish_of(&reason, has_calls),
            None if self.blocked && self.candidates == 0 => Finish::ContentFilter,
            None if self.candidates == 0 => return Err(malformed("the reply holds no candidate")),
            None => return Err(truncated("the reply ended without a finish reason")),
        };
        Ok(Content {
            text: self.text,
            finish,
            usage: self.usage,
            tool_calls: self.calls,
            logprobs: self.logprobs,
            reasoning: non_empty(self.thoughts),
        })
    }
}

impl Parts {
    fn add(&mut self, answer: Answer, on_text: &mut dyn FnMut(&str)) -> Result<(), Failure> {
        if let Some(usage) = &answer.usage_metadata {
            self.usage = usage_of(usage).or(self.usage);
        }
        if let Some(error) = answer.error.filter(says_something) {
            return Err(self.reported(&error));
        }
        self.blocked |= answer.prompt_feedback.is_some_and(|told| told.block_reason.is_some());
        let candidates = answer.candidates.into_iter().flatten();
        for candidate in candidates.filter(|candidate| candidate.index == 0) {
            self.candidates += 1;
            for part in candidate.content.and_then(|said| said.parts).into_iter().flatten() {
                self.say(part, on_text);
            }
            if let Some(told) = candidate.logprobs_result {
                self.logprobs.get_or_insert_default().extend(told.into_logprobs());
            }
            self.finish = reason(candidate.finish_reason).or(self.finish.take());
        }
        Ok(())
    }

    fn say(&mut self, part: Part, on_text: &mut dyn FnMut(&str)) {
        match part.text {
            Some(text) if part.thought => self.thoughts.push_str(&text),
            Some(text) if !text.is_empty() => {
                self.text.push_str(&text);
                on_text(&text);
            }
            _ => {}
        }
        if let Some(call) = part.function_call {
            let id = call.id.filter(|id| !id.is_empty());
            self.calls.push(ToolCall {
                id: id.unwrap_or_else(|| format!("call_{}", self.calls.len())),
                name: call.name,
                arguments: call
                    .args
                    .filter(|args| !args.is_null())
                    .map_or("{}".to_owned(), |args| args.to_string()),
                signature: part.thought_signature.as_str().map(str::to_owned),
            });
        }
    }

    /// A candidate is begun by what was generated of it, if only thoughts or a call.
    fn reported(&self, error: &Value) -> Failure {
        classify::of_reported(error, self.candidates > 0 || self.usage.is_told())
    }
}

impl LogprobsResult {
    fn into_logprobs(self) -> impl Iterator<Item = TokenLogprob> {
        let mut top = self.top_candidates.into_iter();
        self.chosen_candidates.into_iter().map(move |chosen| {
            let others = top.next().into_iter().flat_map(|others| others.candidates);
            TokenLogprob {
                token: chosen.token,
                logprob: chosen.log_probability,
                top: others.map(|other| (other.token, other.log_probability)).collect(),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::FailureKind;

    #[test]
    fn a_blocked_prompt_is_a_whole_reply_without_text() {
        let blocked = json!({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 4}});
        let content = decode(blocked.to_string().as_bytes()).expect("whole");
        assert_eq!((content.text.as_str(), content.finish), ("", Finish::ContentFilter));
        assert_eq!(content.usage.input, Some(4));
    }

    #[test]
    fn no_candidate_and_no_reason_is_no_reply() {
        let failure = decode(b"{}").expect_err("nothing");
        assert_eq!(failure.kind, FailureKind::Malformed);
        let cut = json!({"candidates": [{"content": {"parts": [{"text": "a"}]}}]});
        assert_eq!(
            decode(cut.to_string().as_bytes()).expect_err("cut").kind,
            FailureKind::Truncated
        );
    }

    #[test]
    fn thoughts_calls_and_probabilities_are_told_apart_from_the_text() {
        let answer = json!({"candidates": [{
            "content": {"role": "model", "parts": [
                {"text": "hm", "thought": true}, {"text": "Yes"},
                {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "c2ln"},
                {"functionCall": {"id": "x", "name": "g"}},
            ]},
            "finishReason": "STOP",
            "logprobsResult": {"chosenCandidates": [{"token": "Yes", "logProbability": -0.5}],
                "topCandidates": [{"candidates": [{"token": "No", "logProbability": -1.5}]}]},
        }]});
        let content = decode(answer.to_string().as_bytes()).expect("whole");
        assert_eq!((content.text.as_str(), content.reasoning.as_deref()), ("Yes", Some("hm")));
        assert_eq!(content.finish, Finish::ToolCalls);
        let call = |id: &str, name: &str, arguments: &str| ToolCall {
            id: id.into(),
            name: name.into(),
            arguments: arguments.into(),
            signature: None,
        };
        let signed =
            ToolCall { signature: Some("c2ln".into()), ..call("call_0", "f", r#"{"a":1}"#) };
        assert_eq!(content.tool_calls, [signed, call("x", "g", "{}")]);
        let told =
            TokenLogprob { token: "Yes".into(), logprob: -0.5, top: vec![("No".into(), -1.5)] };
        assert_eq!(content.logprobs, Some(vec![told]));
    }

    #[test]
    fn models_of_both_lists_go_by_their_last_name() {
        let studio = json!({"models": [
            {"name": "models/gemini-b", "supportedGenerationMethods": ["generateContent"]},
            {"name": "models/embed", "supportedGenerationMethods": ["embedContent"]},
        ]});
        let read =
            |list: serde_json::Value| decode_models(list.to_string().as_bytes()).expect("a list");
        assert_eq!(read(studio), ModelPage { names: vec!["gemini-b".to_owned()], next: None });
        let vertex = json!({
            "publisherModels": [{"name": "publishers/google/models/gemini-a"}],
            "nextPageToken": "t/2",
        });
        let page = read(vertex);
        assert_eq!(page.names, ["gemini-a"]);
        assert_eq!(page.next, Some(("pageToken", "t/2".to_owned())));
    }
}
