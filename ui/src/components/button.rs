//! Buttons.

use leptos::{ev::MouseEvent, prelude::*};

use super::{Icon, Mark};

/// How much a button asks for attention.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// The one thing to do here.
    Primary,
    /// A choice among others.
    #[default]
    Plain,
    /// There when looked for.
    Quiet,
    /// Takes something away.
    Danger,
}

impl Kind {
    fn class(self) -> &'static str {
        match self {
            Kind::Primary => "button button--primary",
            Kind::Plain => "button",
            Kind::Quiet => "button button--quiet",
            Kind::Danger => "button button--danger",
        }
    }
}

/// A button with words in it.
#[component]
pub fn Button(
    /// How much it asks for attention.
    #[prop(optional)]
    kind: Kind,
    /// Drawn before the words.
    #[prop(optional, into)]
    icon: Option<Mark>,
    /// Whether it cannot be pressed now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// 24 px high instead of 28.
    #[prop(optional)]
    small: bool,
    /// Says more, on hover.
    #[prop(optional, into)]
    hint: Option<String>,
    /// Its id on the page, where the keyboard is given to it.
    #[prop(optional, into)]
    id: Option<String>,
    /// Found by tests.
    #[prop(optional, into)]
    testid: Option<String>,
    /// Pressed.
    on_press: impl Fn(MouseEvent) + 'static,
    /// The words.
    children: Children,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class=kind.class()
            class=("button--small", small)
            title=hint
            id=id
            data-testid=testid
            disabled=disabled
            on:click=on_press
        >
            {icon.map(|mark| view! { <Icon mark /> })}
            {children()}
        </button>
    }
}

/// A button that is only an icon; `label` is what a screen reader and the hover say.
#[component]
pub fn IconButton(
    /// Its name.
    #[prop(into)]
    label: Signal<String>,
    /// Its icon.
    #[prop(into)]
    mark: Signal<Mark>,
    /// For one that stays down.
    #[prop(optional, into)]
    pressed: Option<Signal<bool>>,
    /// Whether it cannot be pressed now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// 24 px instead of 28.
    #[prop(optional)]
    small: bool,
    /// Found by tests.
    #[prop(optional, into)]
    testid: Option<String>,
    /// Pressed.
    on_press: impl Fn(MouseEvent) + 'static,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class="button button--quiet button--icon"
            class=("button--small", small)
            aria-label=label
            title=label
            aria-pressed=move || pressed.map(|pressed| pressed.get().to_string())
            data-testid=testid
            disabled=disabled
            on:click=on_press
        >
            {move || view! { <Icon mark=mark.get() /> }}
        </button>
    }
}
