//! Examples and cases as grids: edited in place, filtered, pasted into, and turned into one another.
//!
//! [`sheet`] is what a grid shows, [`change`], [`paste`] and [`shots`] are what it does to the files, [`board`] is where
//! the person is in it; the rest draws. What a row means is `assay_prompt`'s business.

use leptos::prelude::*;

use crate::{
    components::{Blank, Button, Icon, IconButton, Kind, Mark, Note, TabItem, Tabs, Tone},
    panes::edit::{SaveMark, Trouble},
    state::{Documents, context},
};

mod board;
mod cell;
mod change;
mod clip;
#[cfg(test)]
mod fixture;
mod grid;
mod lines;
mod model;
mod near;
mod paste;
mod pending;
mod sheet;
mod shots;

pub use pending::Pending;

use board::Grid;
use clip::ClipSheet;
use grid::RowGrid;
use near::{Half, Near, NearButton, NearStrip};
use sheet::RowKind;

/// The examples and cases of the open prompt, one beside the other.
#[component]
pub fn RowsPane() -> impl IntoView {
    let near = Near::new();
    let (examples, cases) = (Grid::new(RowKind::Example, near), Grid::new(RowKind::Case, near));
    // A prompt that has cases and shows no examples is opened at what it has.
    let first = untrack(|| {
        if examples.total() == 0 && cases.total() > 0 { RowKind::Case } else { RowKind::Example }
    });
    let chosen = RwSignal::new(first);
    let large = RwSignal::new(false);
    let of_kind = move |kind| match kind {
        RowKind::Example => examples,
        RowKind::Case => cases,
    };
    let grid = move || of_kind(chosen.get());
    let go = move |half: Half| {
        chosen.set(half.kind);
        // Its grid is drawn by then.
        request_animation_frame(move || of_kind(half.kind).reveal(&half.id));
    };
    let tab = |value, label, mark, testid| TabItem { value, label, mark, testid };
    let items = vec![
        tab(RowKind::Example, "Examples", Mark::Prompts, "tab-examples"),
        tab(RowKind::Case, "Cases", Mark::Matrix, "tab-cases"),
    ];
    view! {
        <section class="rows" class:rows--large=large aria-label="Examples and cases">
            <Tabs label="Rows of the prompt" items chosen on_choose=move |kind| chosen.set(kind)>
                {move || view! { <Tools grid=grid() near /> }}
                <IconButton
                    small=true mark=Mark::Screen testid="rows-large" pressed=large
                    label=Signal::derive(move || if large.get() { "Back to the variants" } else { "Only the rows" }.to_owned())
                    on_press=move |_| large.update(|large| *large = !*large)
                />
            </Tabs>
            <NearStrip near on_go=go />
            {move || view! { <Body grid=grid() /> }}
        </section>
    }
}

/// What can be done with the rows.
#[component]
fn Tools(grid: Grid, near: Near) -> impl IntoView {
    let document = move || grid.document();
    let there = Memo::new(move |_| grid.sheet().is_some());
    let save = match grid.kind {
        RowKind::Example => "save-state-examples",
        RowKind::Case => "save-state-cases",
    };
    let count = move || match (grid.count(), grid.total()) {
        (_, 0) => String::new(),
        (seen, total) if seen == total => total.to_string(),
        (seen, total) => format!("{seen} of {total}"),
    };
    let word = grid.kind.word();
    view! {
        <div class="rows__tools">
            <span class="quiet number" data-testid=format!("{word}-count")>{count}</span>
            {move || document().map(|document| view! { <SaveMark document testid=save /> })}
            <span class="grow"></span>
            <Show when=move || there.get()>
                <Filter grid />
                <RowTools grid />
                <NearButton near />
                <IconButton
                    small=true mark=Mark::Branch label=format!("Paste {} from a table", grid.kind.words()) testid=format!("paste-{word}")
                    on_press=move |_| grid.ask_to_paste(String::new())
                />
                <Button small=true icon=Mark::Plus testid=format!("add-{word}") hint="Ctrl+Enter in the grid" on_press=move |_| grid.add()>
                    {format!("New {word}")}
                </Button>
            </Show>
        </div>
    }
}

/// Which rows are shown.
#[component]
fn Filter(grid: Grid) -> impl IntoView {
    let tags = Memo::new(move |_| grid.sheet().map(|sheet| sheet.tags()).unwrap_or_default());
    let label = format!("Find {}", grid.kind.words());
    view! {
        <input
            class="input rows__filter" type="search" placeholder="Filter" aria-label=label
            data-testid=format!("filter-{}", grid.kind.word()) prop:value=move || grid.words.get()
            on:input:target=move |event| grid.words.set(event.target().value())
        />
        <Show when=move || tags.with(|tags| !tags.is_empty())>
            <select
                class="input rows__tag" aria-label="Tag" prop:value=move || grid.tag.get()
                on:change:target=move |event| grid.tag.set(event.target().value())
            >
                <option value="">"Any tag"</option>
                {move || tags.get().into_iter().map(|tag| {
                    let selected = grid.tag.with_untracked(|now| *now == tag);
                    view! { <option value=tag.clone() selected=selected>{tag.clone()}</option> }
                }).collect_view()}
            </select>
        </Show>
    }
}

/// What can be done with the row under the keyboard.
#[component]
fn RowTools(grid: Grid) -> impl IntoView {
    let row = Memo::new(move |_| grid.row(grid.at().row).map(|row| row.id));
    let none = Signal::derive(move || row.get().is_none());
    let nothing = Signal::derive(move || grid.count() == 0);
    let name = move |what: &'static str| {
        Signal::derive(move || format!("{what} {}", row.get().unwrap_or_else(|| "the line".into())))
    };
    let turn = match grid.kind {
        RowKind::Example => "Make a case of",
        RowKind::Case => "Make an example of",
    };
    let word = grid.kind.word();
    view! {
        <span class="rows__buttons" role="group" aria-label="The chosen row">
            <IconButton small=true mark=Mark::Up label=name("Move up (Alt+Up):") disabled=none on_press=move |_| grid.shift(false) />
            <IconButton small=true mark=Mark::Down label=name("Move down (Alt+Down):") disabled=none on_press=move |_| grid.shift(true) />
            <IconButton small=true mark=Mark::Copy label=name("Duplicate (Ctrl+D):") disabled=none testid=format!("duplicate-{word}") on_press=move |_| grid.duplicate() />
            <IconButton small=true mark=Mark::Bolt label=name(turn) disabled=none testid=format!("turn-{word}") on_press=move |_| grid.turn() />
            <IconButton small=true mark=Mark::Bin label=name("Remove (Delete):") disabled=nothing testid=format!("remove-{word}") on_press=move |_| grid.remove() />
        </span>
    }
}

/// The grid, or why there is none.
#[component]
fn Body(grid: Grid) -> impl IntoView {
    let document = move || grid.document();
    let state = Memo::new(move |_| State::of(grid));
    view! {
        {move || document().map(|document| view! { <Trouble document /> })}
        {move || grid.trouble().filter(|_| !grid.editing()).map(|trouble| view! {
            <Note tone=Tone::Danger mark=Mark::Error><p>{trouble}</p></Note>
        })}
        <Waiting grid />
        <div class="rows__pane">
            {move || match state.get() {
                State::Full => view! { <RowGrid grid /> <Foot grid /> }.into_any(),
                State::Filtered => view! { <NothingFound grid /> }.into_any(),
                State::Empty => view! { <NoRows grid /> }.into_any(),
                State::Missing => view! { <NoFile grid /> }.into_any(),
                State::Lone => view! { <LoneFile grid /> }.into_any(),
            }}
        </div>
        <ClipSheet grid />
    }
}

/// Leads to texts that were typed and do not fit their cells: they may be far from what is in view.
#[component]
fn Waiting(grid: Grid) -> impl IntoView {
    let count = Memo::new(move |_| grid.waiting().len());
    let words = move || match count.get() {
        1 => {
            "What you typed in 1 cell does not fit there, so it is not in the file yet.".to_owned()
        }
        n => {
            format!("What you typed in {n} cells does not fit there, so it is not in the file yet.")
        }
    };
    view! {
        <Show when=move || count.get() != 0>
            <Note
                tone=Tone::Danger mark=Mark::Error
                actions=move || view! { <Button small=true testid="mend-cell" on_press=move |_| grid.mend()>"Mend it"</Button> }
            >
                <span data-testid="cells-unkept">{words}</span>
            </Note>
        </Show>
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// There are rows.
    Full,
    /// The filter hides all of them.
    Filtered,
    /// The file has none.
    Empty,
    /// The prompt has no file for them.
    Missing,
    /// The prompt is a file without a manifest that could name one.
    Lone,
}

impl State {
    fn of(grid: Grid) -> Self {
        match grid.sheet() {
            None if context::<Documents>().is_lone() => State::Lone,
            None => State::Missing,
            Some(_) if grid.total() == 0 => State::Empty,
            Some(_) if grid.count() == 0 => State::Filtered,
            Some(_) => State::Full,
        }
    }
}

/// What was found about the row under the keyboard, in full.
#[component]
fn Foot(grid: Grid) -> impl IntoView {
    let findings = Memo::new(move |_| grid.findings(grid.at().row));
    move || {
        findings.with(|all| {
            let first = all.iter().min_by_key(|finding| finding.severity)?;
            let message = first.message.clone();
            Some(view! { <p class="rows__foot clip" role="status" title=message.clone()><Icon mark=Mark::Warning /><span class="clip">{message.clone()}</span></p> })
        })
    }
}

#[component]
fn NothingFound(grid: Grid) -> impl IntoView {
    let text = format!("None of the {} {} fits the filter.", grid.total(), grid.kind.words());
    view! {
        <Blank mark=Mark::Search title="Nothing found" text>
            <Button small=true on_press=move |_| grid.clear_filter()>"Show all"</Button>
        </Blank>
    }
}

#[component]
fn NoRows(grid: Grid) -> impl IntoView {
    let (title, text) = match grid.kind {
        RowKind::Example => (
            "No examples yet",
            "Each row becomes a question and its answer in the messages, so the model sees what you want.",
        ),
        RowKind::Case => (
            "No cases yet",
            "Variants are run and scored on cases. Until there is one, a run uses the inputs' defaults.",
        ),
    };
    let word = grid.kind.word();
    view! {
        <Blank mark=Mark::Prompts title text>
            <Button small=true icon=Mark::Plus testid=format!("first-{word}") on_press=move |_| grid.add()>"Add the first one"</Button>
            <Button small=true kind=Kind::Quiet on_press=move |_| grid.ask_to_paste(String::new())>"Paste a table"</Button>
        </Blank>
    }
}

/// The prompt has no file for such rows, or names one that is not there.
#[component]
fn NoFile(grid: Grid) -> impl IntoView {
    let (title, text, action) = match grid.kind {
        RowKind::Example => (
            "This prompt shows no examples",
            "Examples are turns before the question. This adds a file for them and an input that takes them to every variant.",
            "Add examples",
        ),
        RowKind::Case => (
            "This prompt has no cases",
            "Variants are run and scored on cases. This adds a file for them and names it in the evals.",
            "Add the first case",
        ),
    };
    let begin = move |_| {
        if grid.start(grid.kind) {
            grid.add();
        }
    };
    view! {
        <Blank mark=Mark::Prompts title text>
            <Button small=true icon=Mark::Plus testid=format!("start-{}", grid.kind.words()) on_press=begin>{action}</Button>
        </Blank>
    }
}

#[component]
fn LoneFile(grid: Grid) -> impl IntoView {
    let title = match grid.kind {
        RowKind::Example => "A lone file has no examples",
        RowKind::Case => "A lone file has no cases",
    };
    let text =
        "Give it a folder with a prompt.yaml first: the menu of the prompt in the list does that.";
    view! { <Blank mark=Mark::Prompts title text /> }
}
