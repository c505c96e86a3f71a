//! The exact messages a variant makes of the chosen case, coloured by where the words came from.

use assay_prompt::{Diagnostic, Message, Segment};
use leptos::prelude::*;

use super::{
    bench::{Bench, Goal},
    model::{self, Preview},
};
use crate::{
    components::{Button, Mark, Note, Tone},
    state::{Documents, context},
};

/// What would be sent, or why nothing could be.
#[component]
pub fn PreviewPane(
    /// What the variant makes of the case.
    preview: Memo<Option<Preview>>,
    /// Found by tests.
    testid: String,
    /// The variant's file.
    file: Memo<Option<String>>,
) -> impl IntoView {
    view! {
        <section class="preview" aria-label="Messages as sent" data-testid=testid tabindex="0">
            {move || match preview.get() {
                None => view! { <p class="preview__none quiet">"No case to show it with."</p> }.into_any(),
                Some(Preview::Stopped(found)) => view! { <Stopped found file /> }.into_any(),
                Some(Preview::Messages { messages, .. }) => {
                    messages.into_iter().map(|message| view! { <MessageLines message /> }).collect_view().into_any()
                }
            }}
        </section>
    }
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
            {hint.map(|hint| view! { <p class="note__hints">{hint}</p> })}
        </Note>
    }
}
