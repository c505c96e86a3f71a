//! The exact messages a variant makes of the chosen case, coloured by where the words came from.

use assay_prompt::{Diagnostic, Message, Segment};
use leptos::prelude::*;

use super::{
    bench::{Bench, Goal},
    model::{self, Preview},
};
use crate::{
    components::{Button, ErrorNote, Loading, Mark, Note, Tone},
    state::{Documents, context},
};

/// What would be sent, or why nothing could be.
#[component]
pub fn PreviewPane(
    /// What the variant makes of the case.
    preview: Memo<Option<Preview>>,
    /// The variant's id.
    variant: String,
    /// The variant's file.
    file: Memo<Option<String>>,
) -> impl IntoView {
    // What was shown before stays in sight, dimmed, while a half-typed template cannot be rendered.
    let before = Memo::new(move |before: Option<&Option<Vec<Message>>>| match preview.get() {
        Some(Preview::Messages { messages, .. }) => Some(messages),
        Some(Preview::Stopped(_) | Preview::Elsewhere | Preview::Refused(_)) => {
            before.cloned().flatten()
        }
        None => None,
    });
    view! {
        <section class="preview" aria-label=format!("Messages of {variant} as sent") data-testid=format!("preview-{variant}") tabindex="0">
            // `before` is read every time: a memo that nobody reads does not keep up.
            {move || match (preview.get(), before.get()) {
                (None, _) => view! { <p class="preview__none quiet">"No case to show it with."</p> }.into_any(),
                (Some(Preview::Stopped(found)), before) => view! {
                    <Stopped found file />
                    {before.map(|messages| view! {
                        <div class="preview__before" aria-hidden="true"><MessageList messages /></div>
                    })}
                }.into_any(),
                (Some(Preview::Elsewhere), _) => view! { <Loading what="Choosing the nearest examples" /> }.into_any(),
                (Some(Preview::Refused(error)), _) => view! { <ErrorNote error /> }.into_any(),
                (Some(Preview::Messages { messages, .. }), _) => view! { <MessageList messages /> }.into_any(),
            }}
        </section>
    }
}

#[component]
fn MessageList(messages: Vec<Message>) -> impl IntoView {
    messages.into_iter().map(|message| view! { <MessageLines message /> }).collect_view()
}

/// One message.
#[component]
fn MessageLines(message: Message) -> impl IntoView {
    let role = message.role.as_str();
    view! {
        <div class="message">
            <h3 class=format!("message__role message__role--{role}")>{role}</h3>
            <p class="message__text">{message.segments.into_iter().map(piece).collect_view()}</p>
        </div>
    }
}

fn piece(segment: Segment) -> impl IntoView {
    let (class, said) = model::provenance(&segment.from);
    view! { <span class=class title=said>{segment.text}</span> }
}

/// Why there are no messages, and where to look.
#[component]
fn Stopped(found: Diagnostic, file: Memo<Option<String>>) -> impl IntoView {
    let (bench, documents) = (context::<Bench>(), context::<Documents>());
    let Diagnostic { message, hint, file: at_file, span, .. } = found;
    let text = documents.document(&at_file).map(|document| document.text_now()).unwrap_or_default();
    let place = model::place(&at_file, &text, span.start);
    let here = file.with(|file| file.as_ref() == Some(&at_file));
    let goal = StoredValue::new(Goal { file: at_file, at: span.start });
    let actions = move || {
        here.then(|| view! { <Button small=true on_press=move |_| bench.go_to(goal.get_value())>"Show"</Button> })
    };
    view! {
        <Note tone=Tone::Danger mark=Mark::Error actions=actions>
            <p>{message}</p>
            <p class="note__hints mono">{place}</p>
            {hint.map(|hint| view! { <p class="note__hints">{hint.into_string()}</p> })}
        </Note>
    }
}
