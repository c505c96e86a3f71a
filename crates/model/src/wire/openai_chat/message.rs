//! What a model says, whole (`message`) or in pieces (`delta`): the two share their fields.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::{TokenLogprob, ToolCall};

#[derive(Deserialize, Default)]
pub(super) struct Said {
    pub content: Option<Text>,
    pub refusal: Option<String>,
    /// DeepSeek, vLLM, llama.cpp.
    reasoning_content: Option<Text>,
    /// OpenRouter, newer vLLM.
    reasoning: Option<Text>,
    pub tool_calls: Option<Vec<Called>>,
    /// What tools were before 2023-11, and still are to some servers. llama-cpp-python says a call in both ways.
    pub function_call: Option<Function>,
}

/// Content as the wire has it: a text, or (Mistral's reasoning models) a list of parts of which some are text.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Text {
    Whole(String),
    Parts(Vec<Part>),
    Other(IgnoredAny),
}

#[derive(Deserialize)]
pub(super) struct Part {
    text: Option<String>,
}

/// A tool call, or a piece of one.
#[derive(Deserialize)]
pub(super) struct Called {
    /// Which of several calls a piece belongs to.
    pub index: Option<u64>,
    pub id: Option<String>,
    pub function: Option<Function>,
}

#[derive(Deserialize)]
pub(super) struct Function {
    name: Option<String>,
    /// A text; some servers send the object itself.
    arguments: Option<Value>,
}

#[derive(Deserialize)]
pub(super) struct Logprobs {
    pub content: Option<Vec<Logprob>>,
}

#[derive(Deserialize)]
pub(super) struct Logprob {
    token: String,
    logprob: f64,
    #[serde(default)]
    top_logprobs: Vec<TopLogprob>,
}

#[derive(Deserialize)]
struct TopLogprob {
    token: String,
    logprob: f64,
}

impl Said {
    /// The call in the old way, unless the new one is there: then it is the same.
    pub fn take_function_call(&mut self) -> Option<Function> {
        let new = self.tool_calls.as_ref().is_some_and(|calls| !calls.is_empty());
        self.function_call.take().filter(|_| !new)
    }

    pub fn take_reasoning(&mut self) -> String {
        let reasoning = self.reasoning_content.take().or_else(|| self.reasoning.take());
        reasoning.map(Text::into_string).unwrap_or_default()
    }
}

impl Text {
    pub fn into_string(self) -> String {
        match self {
            Text::Whole(text) => text,
            Text::Parts(parts) => parts.into_iter().filter_map(|part| part.text).collect(),
            Text::Other(_) => String::new(),
        }
    }
}

impl Called {
    /// Adds this piece to what is known of its call.
    pub fn add_to(self, call: &mut ToolCall) {
        if let Some(id) = self.id.filter(|id| !id.is_empty()) {
            call.id = id;
        }
        if let Some(function) = self.function {
            function.add_to(call);
        }
    }
}

impl Function {
    pub fn add_to(self, call: &mut ToolCall) {
        // llama-cpp-python repeats the name with each piece of the arguments.
        if let Some(name) = self.name.filter(|name| *name != call.name) {
            call.name.push_str(&name);
        }
        match self.arguments {
            Some(Value::String(text)) => call.arguments.push_str(&text),
            None | Some(Value::Null) => {}
            Some(value) => call.arguments.push_str(&value.to_string()),
        }
    }
}

impl From<Logprob> for TokenLogprob {
    fn from(told: Logprob) -> TokenLogprob {
        let top = told.top_logprobs.into_iter().map(|other| (other.token, other.logprob)).collect();
        TokenLogprob { token: told.token, logprob: told.logprob, top }
    }
}

/// Calls without an id get one by their place, so that an answer can refer to it.
pub(super) fn with_ids(calls: impl IntoIterator<Item = ToolCall>) -> Vec<ToolCall> {
    let mut calls: Vec<ToolCall> = calls.into_iter().collect();
    for (place, call) in calls.iter_mut().enumerate().filter(|(_, call)| call.id.is_empty()) {
        call.id = format!("call_{place}");
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_in_the_old_way_is_left_when_the_new_one_is_there() {
        let function = r#"{"name":"paint","arguments":"{}"}"#;
        let old = format!(r#"{{"function_call":{function},"tool_calls":null}}"#);
        let both =
            format!(r#"{{"function_call":{function},"tool_calls":[{{"function":{function}}}]}}"#);
        for (said, taken) in [(old, true), (both, false)] {
            let mut told: Said = serde_json::from_str(&said).expect("a message");
            assert_eq!(told.take_function_call().is_some(), taken, "{said}");
        }
    }

    #[test]
    fn a_name_may_come_in_pieces_or_again_with_each_piece() {
        for (names, whole) in [(["paint", "paint"], "paint"), (["pai", "nt"], "paint")] {
            let mut call = ToolCall::default();
            for name in names {
                Function { name: Some(name.to_owned()), arguments: None }.add_to(&mut call);
            }
            assert_eq!(call.name, whole);
        }
    }
}
