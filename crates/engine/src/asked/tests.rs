#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use assay_model::{Endpoint, ToolChoice, WireKind};
use assay_net::{Client, Limits, Url};
use assay_prompt::{Files, parse_lone};

use super::*;
use crate::lanes::ProviderLimits;
use crate::models::{Models, Provider};

/// A model behind this wire, at an address that nobody contacts.
fn target(wire: WireKind, base_url: &str) -> Target {
    let provider = Provider {
        name: "p".to_owned(),
        endpoint: Endpoint { base_url: Url::parse(base_url).unwrap(), credential: None },
        wire,
        missing_key: None,
        limits: ProviderLimits::default(),
    };
    let client = Client::new(Limits::default()).unwrap();
    let models = Models::new(PathBuf::new(), client, vec![provider]);
    models.resolve("p/m").unwrap()
}

fn chat() -> Target {
    target(WireKind::OpenAiChat, "http://127.0.0.1:9/v1")
}

/// The variant of this front matter.
fn variant(front: &str) -> Variant {
    let text = format!("---\nname: v\n{front}\n---\nuser:\nHi\n");
    let files: Files = [("v.prompty".to_owned(), text)].into_iter().collect();
    let mut prompt = parse_lone("v", "v.prompty", &files);
    assert_eq!(prompt.errors().next(), None);
    prompt.variants.remove(0)
}

fn asked(target: &Target, front: &str) -> Asked {
    let variant = variant(front);
    Asked::new(target, &variant, &variant.model.options)
}

/// What is asked of a model of `target`, all of it sayable.
#[track_caller]
fn request(target: &Target, front: &str) -> Request {
    let asked = asked(target, front);
    assert_eq!(asked.left_out, Vec::<String>::new());
    asked.request
}

fn options(options: &str) -> String {
    format!("model: {{id: m, options: {options}}}")
}

#[test]
fn every_option_reaches_the_request_under_our_name_and_under_the_wires() {
    let ours = "{temperature: 0.5, topP: 0.9, topK: 40, frequencyPenalty: 0.1, presencePenalty: -0.2, maxOutputTokens: 9.0, seed: 7, stopSequences: [END], reasoningEffort: LOW, logprobs: 3}";
    let theirs = "{additionalProperties: {temperature: 0.5, top_p: 0.9, frequency_penalty: 0.1, presence_penalty: -0.2, max_completion_tokens: 9, stop: END, reasoning: {effort: low}, logprobs: true, top_logprobs: 3, generationConfig: {topK: 40, seed: 7}}}";
    let expected = Request {
        model: "m".to_owned(),
        temperature: Some(0.5),
        top_p: Some(0.9),
        top_k: Some(40),
        frequency_penalty: Some(0.1),
        presence_penalty: Some(-0.2),
        max_output_tokens: Some(9),
        seed: Some(7),
        stop: vec!["END".to_owned()],
        reasoning_effort: Some("low".to_owned()),
        logprobs: Some(3),
        ..Request::default()
    };
    assert_eq!(request(&chat(), &options(ours)), expected);
    assert_eq!(request(&chat(), &options(theirs)), expected);
}

#[test]
fn what_a_wire_has_no_word_for_is_left_out_and_said() {
    let front = options("{temperature: 1, topK: 40, presencePenalty: 1, stopSequences: [END]}");
    let wires = [
        (WireKind::OpenAiResponses, vec!["a top-k", "a presence penalty", "stop texts"]),
        (WireKind::Anthropic, vec!["a presence penalty"]),
        (WireKind::Gemini, vec![]),
    ];
    for (wire, lacks) in wires {
        let asked = asked(&target(wire, "https://api.example.com/v1"), &front);
        let words = |what: &&str| format!("`p/m` cannot be given {what}, so it is asked without");
        assert_eq!(asked.left_out, lacks.iter().map(words).collect::<Vec<_>>());
        assert_eq!(asked.request.temperature, Some(1.0));
    }
}

#[test]
fn what_cannot_be_read_or_is_not_known_is_said_and_not_sent() {
    let front = options(
        "{temperature: hot, mood: bright, additionalProperties: {n: 3, min_p: 0.1, max_tokens: 5}, maxOutputTokens: 9}",
    );
    let asked = asked(&chat(), &front);
    assert_eq!(
        asked.left_out,
        [
            r#"`temperature` cannot be "hot", so it is not sent"#,
            "`additionalProperties.max_tokens` is said twice, so this one is not sent",
            "`mood` is not an option that is known, so it is not sent; as one of `additionalProperties` it would be",
            "`additionalProperties.n` is not the prompt's to set on `p/m`",
        ]
    );
    assert_eq!(asked.request.max_output_tokens, Some(9));
    assert_eq!(Value::Object(asked.request.extra), json!({"min_p": 0.1}));
}

#[test]
fn a_declared_output_is_asked_for_as_a_closed_schema_unless_the_options_ask_for_text() {
    let outputs = "outputs: [{name: who, kind: object, required: true, properties: [{name: age, kind: integer}]}]";
    let declared = request(&chat(), outputs).json_schema.unwrap();
    assert_eq!(
        declared,
        json!({
            "type": "object",
            "properties": {"who": {
                "type": "object",
                "properties": {"age": {"type": "integer"}},
                "additionalProperties": false,
            }},
            "required": ["who"],
            "additionalProperties": false,
        })
    );
    let with = |options: &str| {
        request(&chat(), &format!("{outputs}\nmodel: {{id: m, options: {options}}}")).json_schema
    };
    assert_eq!(with("{responseFormat: text}"), None);
    assert_eq!(with("{additionalProperties: {response_format: {type: text}}}"), None);
    assert_eq!(with("{responseFormat: json_object}"), Some(declared));
    let own = "{additionalProperties: {generationConfig: {responseMimeType: application/json, responseJsonSchema: {type: array}}}}";
    assert_eq!(with(own), Some(json!({"type": "array"})));
    let any = options("{additionalProperties: {response_format: {type: json_object}}}");
    assert_eq!(request(&chat(), &any).json_schema, Some(json!({"type": "object"})));
}

#[test]
fn tools_are_described_in_promptys_form_and_in_openais() {
    let front = r#"
tools:
  - name: weather
    kind: function
    description: The weather
    parameters:
      - {name: city, kind: string, required: true, description: Where}
      - {name: days, kind: array, items: {kind: integer}}
      - {name: unit, kind: string, required: true}
    bindings: {unit: {input: unit}}
model:
  id: m
  options:
    allowMultipleToolCalls: false
    additionalProperties:
      tool_choice: {type: function, function: {name: weather}}
      tools:
        - {type: function, function: {name: time, parameters: {type: object, properties: {zone: {type: string}}}}}
"#;
    let request = request(&chat(), front);
    let tools: Vec<_> = request.tools.iter().map(|t| (&*t.name, &*t.description)).collect();
    assert_eq!(tools, [("weather", "The weather"), ("time", "")]);
    assert_eq!(
        request.tools[0].parameters,
        json!({
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "Where"},
                "days": {"type": "array", "items": {"type": "integer"}},
            },
            "required": ["city"],
        })
    );
    assert_eq!(
        request.tools[1].parameters,
        json!({"type": "object", "properties": {"zone": {"type": "string"}}})
    );
    assert_eq!(request.tool_choice, Some(ToolChoice::Named("weather".to_owned())));
    assert_eq!(request.parallel_tool_calls, Some(false));
}

#[test]
fn tools_that_are_no_functions_and_choices_among_none_are_said() {
    let front = "tools: [{name: docs, kind: mcp}]\nmodel: {id: m, options: {additionalProperties: {tool_choice: auto}}}";
    let asked = asked(&chat(), front);
    assert_eq!(
        asked.left_out,
        [
            "the tool `docs` is of kind `mcp`; only functions are sent",
            "how tools are chosen is not sent, because there are none",
        ]
    );
    assert_eq!(asked.request.tool_choice, None);
}
