//! Small labels.

use leptos::prelude::*;

use super::{Icon, Mark};

/// What a chip or a note means. The colour never says it alone: words or a mark do too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing in particular.
    #[default]
    Plain,
    /// Chosen.
    Accent,
    /// Good.
    Ok,
    /// Look at this.
    Warn,
    /// Wrong.
    Danger,
    /// To know.
    Info,
}

impl Tone {
    /// The modifier of a component's class, with its dashes; empty for [`Tone::Plain`].
    pub fn modifier(self) -> &'static str {
        match self {
            Tone::Plain => "",
            Tone::Accent => "--accent",
            Tone::Ok => "--ok",
            Tone::Warn => "--warn",
            Tone::Danger => "--danger",
            Tone::Info => "--info",
        }
    }
}

/// A small label.
#[component]
pub fn Chip(
    /// What it means.
    #[prop(optional)]
    tone: Tone,
    /// Drawn before the words.
    #[prop(optional, into)]
    icon: Option<Mark>,
    /// Says more, on hover.
    #[prop(optional, into)]
    hint: Option<String>,
    /// The words.
    children: Children,
) -> impl IntoView {
    view! {
        <span class=format!("chip chip{}", tone.modifier()) title=hint>
            {icon.map(|mark| view! { <Icon mark /> })}
            <span class="clip">{children()}</span>
        </span>
    }
}
