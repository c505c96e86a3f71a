//! `assay render`: the exact messages.

use std::io::Read;
use std::path::Path;

use assay_app::App;
use assay_wire::{ApiError, Code, MessageView, ReadWorkspace, RenderPrompt, RenderView};
use serde_json::json;

use crate::arguments::Render;
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn execute(app: &App, arguments: &Render, output: &Output) -> Result<Exit, ApiError> {
    let (prompt, variant) = split(app, &arguments.prompt)?;
    let input = arguments.input.as_deref().map(read).transpose()?;
    let rendered =
        app.call(RenderPrompt { prompt, variant, case: arguments.case.clone(), input })?;
    let document = json!({
        "schema": "assay.render/1",
        "prompt": rendered.prompt,
        "variant": rendered.variant,
        "case": rendered.case,
        "contentId": rendered.content_id,
        "messages": rendered.messages.iter().map(message).collect::<Vec<_>>(),
        "tokens": rendered.tokens,
    });
    output.show(&document, || text(&rendered))?;
    Ok(Exit::Done)
}

/// `PROMPT/VARIANT`, unless the whole text names a prompt: keys hold slashes as well.
fn split(app: &App, text: &str) -> Result<(String, Option<String>), ApiError> {
    let prompts = app.call(ReadWorkspace {})?.prompts;
    let names = |text: &str| prompts.iter().any(|p| p.key == text || p.name == text);
    Ok(match text.rsplit_once('/') {
        Some((prompt, variant)) if !names(text) && names(prompt) => {
            (prompt.to_owned(), Some(variant.to_owned()))
        }
        _ => (text.to_owned(), None),
    })
}

fn read(path: &Path) -> Result<String, ApiError> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).map(|_| ())
    } else {
        std::fs::read_to_string(path).map(|file| text = file)
    };
    read.map_err(|e| ApiError::new(Code::BadInput, format!("{}: {e}", path.display())))?;
    Ok(text)
}

fn message(message: &MessageView) -> serde_json::Value {
    let content: Vec<_> = message
        .content
        .iter()
        .map(|s| json!({"type": "text", "text": s.text, "from": s.from}))
        .collect();
    json!({"role": message.role, "content": content})
}

fn text(rendered: &RenderView) -> String {
    let mut text = String::new();
    for message in &rendered.messages {
        let content: String = message.content.iter().map(|s| s.text.as_str()).collect();
        text.push_str(&format!("── {} ──\n{content}\n\n", message.role));
    }
    text.push_str(&format!(
        "{} · {} · about {} tokens",
        rendered.variant, rendered.content_id, rendered.tokens
    ));
    text
}
