//! The Gemini `generateContent` wire, streamed and plain.
//!
//! Source: Gemini API reference, "Generating content" (v1beta), "Troubleshooting"; Vertex AI reference, "Generate content
//! with the Gemini API". For AI Studio the base URL is `https://generativelanguage.googleapis.com/v1beta` and the key
//! goes as `x-goog-api-key`; for Vertex AI it is `https://aiplatform.googleapis.com/v1/projects/P/locations/L/publishers/google`
//! and a token goes as `Bearer`. What comes below the two is the same.
//!
//! The model's name stands in the path, so it is checked and then encoded as one segment, whatever it holds.
//!
//! No mark closes a stream: a streamed reply is complete when its body ended in good order and a `finishReason` was
//! seen; a plain one when it is whole JSON with one. A prompt that the server's filter blocked
//! (`promptFeedback.blockReason`, no candidate) is a whole reply without text and with [`Finish::ContentFilter`], and
//! not a failure: it is the answer, the same question gets it again, and the server counted the prompt's tokens.
//!
//! A call of a function comes with a `thoughtSignature`, which stands for the thoughts before it; sent back with the call,
//! it goes beside it as it came ("Thought signatures").
//!
//! Instructions stand apart from the conversation here, so they must come first in it. Names of speakers cannot be
//! said.
//!
//! | `finishReason` | [`Finish`] |
//! |---|---|
//! | `STOP` | [`Finish::ToolCalls`] when there are calls, else [`Finish::Stop`] |
//! | `MAX_TOKENS` | [`Finish::Length`] |
//! | `SAFETY`, `RECITATION`, `BLOCKLIST`, `PROHIBITED_CONTENT`, `SPII`, `IMAGE_SAFETY` | [`Finish::ContentFilter`] |
//! | others (`LANGUAGE`, `MALFORMED_FUNCTION_CALL`) | [`Finish::Other`], in lower case |
//!
//! | [`Usage`] | from `usageMetadata` |
//! |---|---|
//! | input | `promptTokenCount`, which holds the cached ones, + `toolUsePromptTokenCount` |
//! | output | `candidatesTokenCount` + `thoughtsTokenCount`: the first does not hold the other |
//! | cached | `cachedContentTokenCount` |
//! | reasoning | `thoughtsTokenCount` |

mod body;
mod reply;

use assay_net::Url;
use serde_json::Value;

use super::{Address, Assembly, ModelPage, Wire, sum};
use crate::{Content, Failure, Finish, Request, Setting, Unsupported, Usage};

pub(super) const NAME: &str = "gemini";

/// What it has no word for.
const LACKS: [Setting; 1] = [Setting::ParallelToolCalls];

/// The longest name of a model.
const LONGEST_MODEL: usize = 128;

/// The protocol.
#[derive(Debug, Clone)]
pub(super) struct Gemini;

impl Wire for Gemini {
    fn name(&self) -> &'static str {
        NAME
    }

    fn address(&self, model: &str, stream: bool) -> Result<Address, Unsupported> {
        let model = model.strip_prefix("models/").unwrap_or(model);
        if !is_model_name(model) {
            return Err(Unsupported::new(NAME, format!("the model name `{model}`")));
        }
        let method = if stream { "streamGenerateContent" } else { "generateContent" };
        Ok(Address {
            segments: vec!["models".to_owned(), format!("{model}:{method}")],
            query: stream.then_some(("alt", "sse")),
        })
    }

    fn models_url(&self, base_url: &Url) -> Option<Url> {
        let models = Address::of(&["models"]);
        Some(match vertex_publisher(base_url) {
            Some(publisher) => {
                Address { query: Some(("pageSize", "100")), ..models }.below(&publisher)
            }
            None => Address { query: Some(("pageSize", "1000")), ..models }.below(base_url),
        })
    }

    fn takes(&self, setting: Setting) -> bool {
        !LACKS.contains(&setting)
    }

    fn sends(&self, field: &str) -> bool {
        !body::RESERVED.contains(&field)
    }

    fn answers_before_work(&self) -> bool {
        false
    }

    fn body(&self, request: &Request, _stream: bool) -> Result<Vec<u8>, Unsupported> {
        body::encode(request)
    }

    fn assembly(&self) -> Box<dyn Assembly> {
        Box::<reply::Parts>::default()
    }

    fn decode(&self, raw: &[u8]) -> Result<Content, Failure> {
        reply::decode(raw)
    }

    fn decode_models(&self, raw: &[u8]) -> Result<ModelPage, Failure> {
        reply::decode_models(raw)
    }
}

/// A name that goes into a URL holds letters, digits and a few marks, and climbs nowhere.
fn is_model_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._:@/-".contains(c);
    (1..=LONGEST_MODEL).contains(&name.len()) && name.chars().all(fits) && !name.contains("..")
}

/// Where Vertex AI keeps what a publisher offers, for a base URL below a project's location: `publishers.models.list` is
/// a method of `v1beta1`, and of no project (Vertex AI API, REST reference).
fn vertex_publisher(base_url: &Url) -> Option<Url> {
    let (_, publisher) = base_url.path().split_once("/publishers/")?;
    let publisher = publisher.split('/').next().filter(|name| !name.is_empty())?;
    let mut url = base_url.clone();
    url.set_path(&format!("/v1beta1/publishers/{publisher}"));
    Some(url)
}

fn finish_of(reason: &str, has_calls: bool) -> Finish {
    match reason {
        "STOP" if has_calls => Finish::ToolCalls,
        "STOP" => Finish::Stop,
        "MAX_TOKENS" => Finish::Length,
        "SAFETY" | "RECITATION" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" | "IMAGE_SAFETY" => {
            Finish::ContentFilter
        }
        other => Finish::Other(word(other)),
    }
}

/// A constant of the protocol in the small letters that all stored words have. Anything else stays as it is: a key that a
/// server echoes would not be known in other letters.
fn word(constant: &str) -> String {
    let is_constant = constant.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    if is_constant { constant.to_ascii_lowercase() } else { constant.to_owned() }
}

fn usage_of(usage: &Value) -> Usage {
    let prompt = &usage["promptTokenCount"];
    let thoughts = &usage["thoughtsTokenCount"];
    Usage {
        input: prompt.as_u64().and_then(|_| sum([prompt, &usage["toolUsePromptTokenCount"]])),
        output: sum([&usage["candidatesTokenCount"], thoughts]),
        cached: usage["cachedContentTokenCount"].as_u64(),
        cache_write: None,
        reasoning: thoughts.as_u64(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_model_is_one_segment_of_the_path() {
        let check = |base: &str, model: &str, stream: bool, expected: &str| {
            let address = Gemini.address(model, stream).expect("a name");
            assert_eq!(address.below(&Url::parse(base).expect("a URL")).as_str(), expected);
        };
        let studio = "https://generativelanguage.googleapis.com/v1beta";
        check(
            studio,
            "gemini-2.5-flash",
            false,
            &format!("{studio}/models/gemini-2.5-flash:generateContent"),
        );
        check(
            studio,
            "models/gemini-2.5-flash",
            true,
            &format!("{studio}/models/gemini-2.5-flash:streamGenerateContent?alt=sse"),
        );
        check(studio, "a/b", false, &format!("{studio}/models/a%2Fb:generateContent"));
        let vertex =
            "https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google";
        check(
            vertex,
            "gemini-2.5-pro",
            false,
            &format!("{vertex}/models/gemini-2.5-pro:generateContent"),
        );
    }

    #[test]
    fn vertex_lists_what_its_publisher_offers_and_ai_studio_what_it_has_itself() {
        let listed =
            |base: &str| Gemini.models_url(&Url::parse(base).expect("a URL")).map(String::from);
        let studio = "https://generativelanguage.googleapis.com/v1beta";
        assert_eq!(listed(studio), Some(format!("{studio}/models?pageSize=1000")));
        let offered = "/v1beta1/publishers/google/models?pageSize=100";
        for (host, below) in [
            (
                "https://aiplatform.googleapis.com",
                "v1/projects/p/locations/global/publishers/google",
            ),
            (
                "https://europe-west4-aiplatform.googleapis.com",
                "v1/projects/p/locations/europe-west4/publishers/google/",
            ),
            ("https://aiplatform.googleapis.com", "v1/publishers/google"),
        ] {
            assert_eq!(listed(&format!("{host}/{below}")), Some(format!("{host}{offered}")));
        }
    }

    #[test]
    fn a_name_that_could_lead_elsewhere_is_refused() {
        for name in
            ["", "..", "a/../../b", "a?key=x", "a#b", "a b", "a%2e", "a\\b", &"x".repeat(129)]
        {
            let refused = Gemini.address(name, false).expect_err(name);
            assert_eq!(refused.what, format!("the model name `{name}`"));
        }
    }

    #[test]
    fn reasons_without_a_word_of_ours_are_kept_in_the_servers() {
        let other = |reason: &str| finish_of(reason, false);
        assert_eq!(
            other("MALFORMED_FUNCTION_CALL"),
            Finish::Other("malformed_function_call".into())
        );
        assert_eq!(other("AIzaSyKey"), Finish::Other("AIzaSyKey".into()));
    }

    #[test]
    fn thoughts_are_output_and_the_cache_is_input() {
        let usage = json!({"promptTokenCount": 100, "cachedContentTokenCount": 60, "candidatesTokenCount": 7,
            "thoughtsTokenCount": 30, "toolUsePromptTokenCount": 5, "totalTokenCount": 142});
        let expected = Usage {
            input: Some(105),
            output: Some(37),
            cached: Some(60),
            cache_write: None,
            reasoning: Some(30),
        };
        assert_eq!(usage_of(&usage), expected);
        assert_eq!(usage_of(&json!({"promptTokenCount": 3})).output, None);
        assert_eq!(usage_of(&json!({"thoughtsTokenCount": 3})).output, Some(3));
    }
}
