//! A whole response, as it arrives at once or in the last event of a stream.

use serde::Deserialize;
use serde_json::Value;

use super::usage_of;
use crate::wire::{malformed, non_empty, parse, says_something, truncated};
use crate::{Content, Failure, Finish, TokenLogprob, ToolCall, classify};

#[derive(Deserialize)]
pub(super) struct Response {
    status: Option<String>,
    output: Option<Vec<Value>>,
    error: Option<Value>,
    incomplete_details: Option<Incomplete>,
    usage: Option<Value>,
}

#[derive(Deserialize)]
struct Incomplete {
    reason: Option<String>,
}

/// An item of the output that means something here. The doings of the server's own tools are in the raw reply.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Item {
    Message {
        #[serde(default)]
        content: Vec<Value>,
    },
    FunctionCall {
        #[serde(default)]
        call_id: String,
        #[serde(default)]
        name: String,
        #[serde(default)]
        arguments: String,
    },
    Reasoning {
        #[serde(default)]
        summary: Vec<Thought>,
        #[serde(default)]
        content: Option<Vec<Thought>>,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part {
    OutputText {
        #[serde(default)]
        text: String,
        #[serde(default)]
        logprobs: Option<Vec<Logprob>>,
    },
    Refusal {
        #[serde(default)]
        refusal: String,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Thought {
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
struct Logprob {
    #[serde(default)]
    token: String,
    logprob: f64,
    #[serde(default)]
    top_logprobs: Vec<TopLogprob>,
}

#[derive(Deserialize)]
struct TopLogprob {
    #[serde(default)]
    token: String,
    logprob: f64,
}

/// What the items of a response come to.
#[derive(Default)]
struct Output {
    text: String,
    refusal: String,
    thoughts: Vec<String>,
    calls: Vec<ToolCall>,
    logprobs: Vec<TokenLogprob>,
    items: usize,
}

pub(super) fn decode(raw: &[u8]) -> Result<Content, Failure> {
    let response: Response = parse(raw, "a response")?;
    response.into_content(None)
}

impl Response {
    /// Reads the response. `heard` is the text that was streamed before it, if it was streamed: servers that imitate the
    /// wire may leave it out of the whole.
    pub fn into_content(self, heard: Option<&str>) -> Result<Content, Failure> {
        let status = self.status.as_deref().unwrap_or_default();
        let error = self.error.filter(says_something);
        if status == "failed" || error.is_some() {
            // A response that failed was one: what it had thought and said by then may be charged for. An error object
            // in place of one was none.
            let begun = heard.is_some() || !status.is_empty() || self.usage.is_some();
            return Err(classify::of_reported(&error.unwrap_or_default(), begun));
        }
        let items = self.output.ok_or_else(|| malformed("the reply holds no output"))?;
        let mut output = Output::default();
        for item in items {
            output.add(item)?;
        }
        if output.text.is_empty() {
            heard.unwrap_or_default().clone_into(&mut output.text);
        }
        let reason = self.incomplete_details.and_then(|details| details.reason);
        let finish = match status {
            "completed" if output.is_empty() => return Err(malformed("the reply holds no output")),
            "completed" => output.finish(),
            "incomplete" => incomplete(&reason.unwrap_or_default()),
            _ => return Err(truncated("the reply does not say that it is finished")),
        };
        let usage = self.usage.as_ref().map(usage_of).unwrap_or_default();
        Ok(Content { finish, usage, ..output.into_content() })
    }
}

fn incomplete(reason: &str) -> Finish {
    match reason {
        "max_output_tokens" => Finish::Length,
        "content_filter" => Finish::ContentFilter,
        "" => Finish::Other("incomplete".to_owned()),
        other => Finish::Other(other.to_owned()),
    }
}

impl Output {
    fn add(&mut self, item: Value) -> Result<(), Failure> {
        let odd = |error| malformed(format!("an item of the reply is odd: {error}"));
        self.items += 1;
        match serde_json::from_value(item).map_err(odd)? {
            Item::Message { content } => {
                for part in content {
                    self.add_part(serde_json::from_value(part).map_err(odd)?);
                }
            }
            Item::FunctionCall { call_id, name, arguments } => {
                self.calls.push(ToolCall { id: call_id, name, arguments, signature: None });
            }
            Item::Reasoning { summary, content } => {
                let told = if summary.is_empty() { content.unwrap_or_default() } else { summary };
                self.thoughts.extend(told.into_iter().map(|thought| thought.text));
            }
            Item::Other => {}
        }
        Ok(())
    }

    fn add_part(&mut self, part: Part) {
        match part {
            Part::OutputText { text, logprobs } => {
                self.text.push_str(&text);
                self.logprobs.extend(logprobs.into_iter().flatten().map(TokenLogprob::from));
            }
            Part::Refusal { refusal } => self.refusal.push_str(&refusal),
            Part::Other => {}
        }
    }

    fn is_empty(&self) -> bool {
        self.items == 0 && self.text.is_empty()
    }

    fn refused(&self) -> bool {
        self.text.is_empty() && !self.refusal.is_empty()
    }

    fn finish(&self) -> Finish {
        match () {
            () if !self.calls.is_empty() => Finish::ToolCalls,
            () if self.refused() => Finish::Refusal,
            () => Finish::Stop,
        }
    }

    fn into_content(self) -> Content {
        let refused = self.refused();
        Content {
            text: if refused { self.refusal } else { self.text },
            tool_calls: self.calls,
            logprobs: (!self.logprobs.is_empty()).then_some(self.logprobs),
            reasoning: non_empty(self.thoughts.join("\n\n")),
            ..Content::default()
        }
    }
}

impl From<Logprob> for TokenLogprob {
    fn from(told: Logprob) -> TokenLogprob {
        let top = told.top_logprobs.into_iter().map(|other| (other.token, other.logprob)).collect();
        TokenLogprob { token: told.token, logprob: told.logprob, top }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::FailureKind;

    fn of(response: &Value) -> Result<Content, Failure> {
        decode(response.to_string().as_bytes())
    }

    #[test]
    fn reasoning_calls_and_probabilities_are_told_apart_from_the_text() {
        let content = of(&json!({"status": "completed", "output": [
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]},
            {"type": "message", "content": [{"type": "output_text", "text": "Yes", "annotations": [],
                "logprobs": [{"token": "Yes", "logprob": -0.5, "top_logprobs": [{"token": "No", "logprob": -1.5}]}]}]},
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
            {"type": "web_search_call", "id": "w"},
        ]}));
        let content = content.expect("whole");
        assert_eq!((content.text.as_str(), content.reasoning.as_deref()), ("Yes", Some("hm")));
        assert_eq!(content.finish, Finish::ToolCalls);
        assert_eq!(content.tool_calls.len(), 1);
        let told =
            TokenLogprob { token: "Yes".into(), logprob: -0.5, top: vec![("No".into(), -1.5)] };
        assert_eq!(content.logprobs, Some(vec![told]));
    }

    #[test]
    fn a_status_decides_whether_the_reply_is_whole() {
        let with = |status: &str, reason: &str| {
            of(&json!({"status": status, "incomplete_details": {"reason": reason}, "output": [
                {"type": "message", "content": [{"type": "output_text", "text": "Yes"}]}]}))
        };
        assert_eq!(with("completed", "").expect("whole").finish, Finish::Stop);
        assert_eq!(with("incomplete", "max_output_tokens").expect("whole").finish, Finish::Length);
        assert_eq!(
            with("incomplete", "content_filter").expect("whole").finish,
            Finish::ContentFilter
        );
        for status in ["in_progress", "queued", "cancelled", ""] {
            assert_eq!(with(status, "").expect_err(status).kind, FailureKind::Truncated);
        }
        let failed = with("failed", "").expect_err("failed");
        assert_eq!((failed.kind, failed.maybe_billed), (FailureKind::ServerError, true));
    }

    #[test]
    fn an_error_in_place_of_a_response_was_no_work() {
        let free = of(&json!({"error": {"code": "server_error", "message": "busy"}}));
        assert!(!free.expect_err("an error").maybe_billed);
        let billed = of(&json!({"error": {"code": "server_error"}, "usage": {"output_tokens": 9}}));
        assert!(billed.expect_err("an error").maybe_billed);
    }
}
