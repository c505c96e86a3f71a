//! Ratings in the matrix: a cell's badge, what of the run is reviewed, and the box for a comment.

use assay_wire::Rating;
use leptos::{ev::KeyboardEvent, html, prelude::*};

use super::{
    model::{self, Badge},
    said::Ratings,
};
use crate::{
    actions::{Action, Stage},
    components::{Button, Dialog, ErrorNote, Icon, Keys, Kind, Mark},
    panes::matrix::Board,
    state::context,
};

/// What people say of a cell: a shape with words.
#[component]
pub fn RatingBadge(
    /// The cell.
    cell: u32,
) -> impl IntoView {
    let ratings = context::<Ratings>();
    let badge = Memo::new(move |_| ratings.of(cell).as_ref().and_then(model::badge));
    move || {
        badge.get().map(|Badge { mark, tone, words, hint }| {
            view! {
                <span class=format!("chip chip{}", tone.modifier()) title=hint data-testid=format!("rating-{cell}")>
                    <Icon mark />{words}
                </span>
            }
        })
    }
}

/// What people say of a column, in its head.
#[component]
pub fn PeopleFact(
    /// The column's place in the run.
    place: usize,
) -> impl IntoView {
    let ratings = context::<Ratings>();
    let words = Memo::new(move |_| ratings.of_column(place).as_ref().and_then(model::people_words));
    move || {
        words.get().map(|words| view! {
            <span title="What people passed, with its 95 % interval, and their mean grade" data-testid=format!("column-people-{place}")>
                {words}
            </span>
        })
    }
}

/// How much of the run is reviewed, the filter for what is not, and the way to the queue.
#[component]
pub fn Reviewed() -> impl IntoView {
    let (ratings, stage) = (context::<Ratings>(), Stage::here());
    let pressed = move || ratings.only_unreviewed().get().to_string();
    view! {
        <span class="strip-run__counts number" data-testid="run-reviewed" title="Cells whose output you passed, failed or graded">
            {move || format!("{} reviewed", ratings.reviewed())}
        </span>
        <button
            type="button" class="button button--quiet button--small" data-testid="run-unreviewed" aria-pressed=pressed
            title="Show only cases with cells that you have not reviewed" on:click=move |_| ratings.toggle_unreviewed()
        >
            <Icon mark=Mark::Eye />"Unreviewed"
        </button>
        <Button
            small=true kind=Kind::Quiet icon=Mark::Person testid="run-rate" hint="Rate outputs one by one, without names"
            on_press=move |_| stage.perform(Action::Ratings)
        >"Rate blind"</Button>
        <CommentBox />
    }
}

/// What went wrong with ratings, above the cells.
#[component]
pub fn RatingTrouble() -> impl IntoView {
    let ratings = context::<Ratings>();
    move || {
        ratings.trouble().get().map(|error| {
            view! {
                <ErrorNote error actions=move || view! {
                    <Button small=true kind=Kind::Quiet on_press=move |_| ratings.forgive()>"Dismiss"</Button>
                } />
            }
        })
    }
}

/// A comment on the cell at the cursor. An empty one takes it back.
#[component]
fn CommentBox() -> impl IntoView {
    let ratings = context::<Ratings>();
    view! {
        <Dialog open=ratings.commenting() label="Comment on the output">
            <CommentForm ratings />
        </Dialog>
    }
}

#[component]
fn CommentForm(ratings: Ratings) -> impl IntoView {
    let text = RwSignal::new(untrack(|| ratings.comment_text()));
    let field = NodeRef::<html::Textarea>::new();
    Effect::new(move || {
        if let Some(field) = field.get() {
            // A field that just left the page cannot take the keyboard, and need not.
            let _ = field.focus();
        }
    });
    let board = context::<Board>();
    let save = move || {
        ratings.rate(Rating::Comment(text.get_untracked()));
        ratings.commenting().set(false);
        board.take_focus();
    };
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
            event.prevent_default();
            event.stop_propagation();
            save();
        }
    };
    view! {
        <div class="dialog__head"><h2 class="grow">"Comment on the output"</h2></div>
        <div class="dialog__body comment">
            <textarea
                node_ref=field class="input comment__text" rows="4" maxlength="4000" aria-label="Comment" data-testid="rating-comment"
                prop:value=text on:input:target=move |event| text.set(event.target().value()) on:keydown=on_key
            ></textarea>
            <div class="comment__foot">
                <Button kind=Kind::Primary testid="rating-comment-save" on_press=move |_| save()>
                    "Save" <Keys chord="Ctrl+Enter" />
                </Button>
            </div>
        </div>
    }
}
