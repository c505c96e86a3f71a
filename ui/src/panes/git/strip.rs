//! What goes on with git, above whatever part of it is shown: the command under way, why one was refused, what one did.

use leptos::prelude::*;

use super::work::{Far, Said, Trouble, Way, Work, far_words};
use crate::{
    components::{Button, ErrorNote, IconButton, Kind, Loading, Mark, Note, Tone, catch_focus},
    state::context,
};

/// The command under way, or what came of the last one.
#[component]
pub fn WorkStrip(
    /// Id of what gets the keyboard once the person has put away what was said.
    back: &'static str,
) -> impl IntoView {
    let work = context::<Work>();
    // A button that began a command cannot be pressed meanwhile, and lost the keyboard with that.
    Effect::new(move |was_busy: Option<bool>| {
        let is_busy = work.is_busy();
        if was_busy == Some(true) && !is_busy {
            catch_focus(back.to_owned());
        }
        is_busy
    });
    view! {
        <div class="work" data-testid="git-work" aria-live="polite">
            {move || work.doing().get().map(|what| view! { <Going what /> })}
            {move || work.trouble().get().map(|trouble| view! { <Refused trouble back /> })}
            {move || work.said().get().map(|said| view! { <Outcome said back /> })}
        </div>
    }
}

#[component]
fn Going(what: String) -> impl IntoView {
    let work = context::<Work>();
    view! {
        <div class="work__going" data-testid="git-going">
            <Loading what />
            <FarBar far=work.far() />
            <StopButton />
            {move || work.is_stopping().then(|| view! { <span class="quiet">"It ends as soon as the other side answers, or at the next step."</span> })}
        </div>
    }
}

/// Stops the command under way.
#[component]
pub fn StopButton() -> impl IntoView {
    let work = context::<Work>();
    let disabled = Signal::derive(move || work.is_stopping());
    view! {
        <Button small=true icon=Mark::Stop testid="git-stop" disabled on_press=move |_| work.stop()>
            {move || if work.is_stopping() { "Stopping" } else { "Stop" }}
        </Button>
    }
}

/// How far something is: words, and a bar once the whole is known.
#[component]
pub fn FarBar(
    /// How far it is; nothing until something was said of it.
    far: Signal<Option<Far>>,
) -> impl IntoView {
    let words = move || far.with(|far| far.as_ref().map(far_words));
    let whole =
        move || far.with(|far| far.as_ref().filter(|f| f.total > 0).map(|f| (f.done, f.total)));
    view! {
        <span class="work__far number">{words}</span>
        {move || whole().map(|(done, total)| view! {
            <progress class="work__bar" aria-label="Progress" max=total.to_string() value=done.to_string()></progress>
        })}
    }
}

/// Takes what was said off the screen, and with it the button that had the keyboard.
fn put_away(work: Work, back: &'static str) {
    work.clear();
    catch_focus(back.to_owned());
}

#[component]
fn Refused(trouble: Trouble, back: &'static str) -> impl IntoView {
    let work = context::<Work>();
    let Trouble { error, ways } = trouble;
    let ways = StoredValue::new(ways);
    view! {
        <div data-testid="git-refused">
            <ErrorNote error actions=move || view! {
                {ways.get_value().into_iter().map(|way| view! { <WayButton way /> }).collect_view()}
                <Button small=true kind=Kind::Quiet on_press=move |_| put_away(work, back)>"Dismiss"</Button>
            } />
        </div>
    }
}

#[component]
fn WayButton(way: Way) -> impl IntoView {
    let Way { label, act } = way;
    view! { <Button small=true testid="git-way-out" on_press=move |_| act()>{label}</Button> }
}

#[component]
fn Outcome(said: Said, back: &'static str) -> impl IntoView {
    let work = context::<Work>();
    let Said { tone, title, lines } = said;
    let mark = if tone == Tone::Ok { Mark::Check } else { Mark::Info };
    view! {
        <div data-testid="git-said">
            <Note tone mark actions=move || view! {
                <IconButton small=true label="Dismiss" mark=Mark::Close on_press=move |_| put_away(work, back) />
            }>
                <p class="work__title">{title}</p>
                {lines.into_iter().map(|line| view! { <p class="note__hints">{line}</p> }).collect_view()}
            </Note>
        </div>
    }
}
