//! The preview of a variant that shows the examples nearest to the case. Only the application has the embedding
//! model that finds them, so it is asked once the person rests.

use assay_prompt::{Message, Origin, Role, Row, Segment};
use assay_wire::{MessageView, RenderPrompt, RenderView, SegmentView};
use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};

use super::{bench::Bench, model::Preview};
use crate::{
    ipc,
    state::{Documents, context},
};

/// Milliseconds of rest before the application is asked.
const REST_MS: u32 = 500;

/// `local`, or what the application makes of the case where `local` says that it has to be asked. What it said
/// last stays until it says something else.
pub fn with_nearest(
    variant: String,
    local: Memo<Option<Preview>>,
    row: Memo<Option<Row>>,
) -> Memo<Option<Preview>> {
    let (documents, bench) = (context::<Documents>(), context::<Bench>());
    let said = RwSignal::new(Preview::Elsewhere);
    let turn = StoredValue::new(0u64);
    Effect::new(move || {
        let asked = turn.get_value() + 1;
        turn.set_value(asked);
        documents.parsed().track();
        let row = row.get().filter(|_| local.get() == Some(Preview::Elsewhere));
        let (Some(prompt), Some(row)) = (documents.key().get(), row) else { return };
        let tried = bench.values().with(|values| !values.is_empty());
        let request = request(prompt, variant.clone(), row, tried);
        spawn_local(async move {
            TimeoutFuture::new(REST_MS).await;
            if turn.try_get_value() != Some(asked) {
                return;
            }
            documents.flush().await;
            let answer = ipc::call(request).await;
            // An answer that was overtaken is of no use.
            if turn.try_get_value() == Some(asked) {
                said.set(answer.map_or_else(Preview::Refused, messages));
            }
        });
    });
    Memo::new(move |_| match local.get() {
        Some(Preview::Elsewhere) => Some(said.get()),
        other => other,
    })
}

/// The case as it is on disk, or its values where others are tried out.
fn request(prompt: String, variant: String, row: Row, tried: bool) -> RenderPrompt {
    let (case, input) =
        if tried { (None, serde_json::to_string(&row.input).ok()) } else { (Some(row.id), None) };
    RenderPrompt { prompt, variant: Some(variant), case, input }
}

fn messages(view: RenderView) -> Preview {
    let tokens = view.tokens as usize;
    Preview::Messages { messages: view.messages.into_iter().map(message).collect(), tokens }
}

fn message(view: MessageView) -> Message {
    let role = Role::named(&view.role).unwrap_or(Role::User);
    let segments = view.content.into_iter().map(segment).collect();
    // What a role line says in brackets is not part of what is sent.
    Message { role, attributes: serde_json::Map::new(), segments }
}

fn segment(view: SegmentView) -> Segment {
    let from = match (view.from.as_str(), view.from.strip_prefix("example ")) {
        ("template", _) => Origin::Template,
        (_, Some(id)) => Origin::Example(id.to_owned()),
        (input, None) => Origin::Input(input.to_owned()),
    };
    Segment { text: view.text, from, media: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_the_application_is_drawn_like_a_preview_made_here() {
        let piece = |text: &str, from: &str| SegmentView { text: text.into(), from: from.into() };
        let content = vec![piece("a", "template"), piece("b", "ticket"), piece("c", "example e-1")];
        let found = message(MessageView { role: "assistant".into(), content });
        assert_eq!(found.role, Role::Assistant);
        let sources: Vec<_> = found.segments.into_iter().map(|segment| segment.from).collect();
        let expected =
            [Origin::Template, Origin::Input("ticket".into()), Origin::Example("e-1".into())];
        assert_eq!(sources, expected);
    }

    #[test]
    fn values_tried_out_are_sent_instead_of_the_case() {
        let row = Row { id: "c-1".into(), ..Row::default() };
        let kept = request("p".into(), "v".into(), row.clone(), false);
        assert_eq!((kept.case.as_deref(), kept.input), (Some("c-1"), None));
        let tried = request("p".into(), "v".into(), row, true);
        assert_eq!((tried.case, tried.input.as_deref()), (None, Some("{}")));
    }
}
