//! Replies that arrive event by event. The last event holds the whole response, so what is kept of the others is the
//! text, for those who watch and for servers that leave it out of the whole.

use serde::Deserialize;
use serde_json::Value;

use super::reply::Response;
use crate::sse::Event;
use crate::wire::{Assembly, malformed, reports_error, truncated};
use crate::{Content, Failure, classify};

#[derive(Deserialize)]
struct Said {
    r#type: Option<String>,
    delta: Option<Value>,
    response: Option<Value>,
}

/// The events that come before anything is generated.
const BEFORE_WORK: [&str; 3] = ["response.created", "response.queued", "response.in_progress"];

/// A streamed reply in the making.
#[derive(Default)]
pub(super) struct Parts {
    text: String,
    /// Whether an item of the output was begun, of whatever kind: thinking and calls cost as text does.
    begun: bool,
    response: Option<Value>,
}

impl Assembly for Parts {
    fn take(&mut self, event: &Event, on_text: &mut dyn FnMut(&str)) -> Result<(), Failure> {
        let said: Said = match serde_json::from_str(&event.data) {
            Ok(said) => said,
            Err(_) if event.name == "error" => return Err(self.reported(&event.data)),
            // What is not known by its name may have any form.
            Err(_) if !event.name.is_empty() && !event.name.starts_with("response.") => {
                return Ok(());
            }
            Err(error) => {
                let message = format!("an event of the stream is not a response's: {error}");
                return Err(malformed(message));
            }
        };
        let name = said.r#type.as_deref().unwrap_or(&event.name);
        match name {
            "response.output_text.delta" => self.say(said.delta.as_ref(), on_text),
            "response.completed" | "response.incomplete" | "response.failed" => {
                self.response = Some(said.response.unwrap_or_default());
            }
            "error" => return Err(self.reported(&event.data)),
            _ if reports_error(&event.data) => return Err(self.reported(&event.data)),
            _ => {}
        }
        self.begun |= name.starts_with("response.") && !BEFORE_WORK.contains(&name);
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.response.is_some()
    }

    fn end(self: Box<Self>) -> Result<Content, Failure> {
        let Some(response) = self.response else {
            return Err(truncated("the stream ended before the response was completed"));
        };
        let response: Response = serde_json::from_value(response)
            .map_err(|error| malformed(format!("the last event holds no response: {error}")))?;
        response.into_content(Some(&self.text))
    }
}

impl Parts {
    fn say(&mut self, delta: Option<&Value>, on_text: &mut dyn FnMut(&str)) {
        let text = delta.and_then(Value::as_str).unwrap_or_default();
        if !text.is_empty() {
            self.text.push_str(text);
            on_text(text);
        }
    }

    fn reported(&self, data: &str) -> Failure {
        let body = serde_json::from_str(data).unwrap_or_else(|_| Value::String(data.to_owned()));
        classify::of_reported(&body, self.begun)
    }
}
