//! The grid of few-shot examples: rows of the prompt's example file, edited in place.
//!
//! Arrows move between cells, Enter edits, Escape takes an edit back, Tab keeps it and goes on,
//! Alt+Up and Alt+Down move the row, Delete removes it (with Undo).

use std::sync::Arc;

use assay_prompt::{Prompt, Row};
use leptos::{ev::KeyboardEvent, html, prelude::*};
use wasm_bindgen::JsCast;

use super::{
    column::{SaveMark, Trouble},
    rows::{self, Field, RowError},
};
use crate::{
    components::{Blank, Button, IconButton, Mark, Note, Tone},
    state::{Document, Documents, Toasts, context},
};

/// The grid's cells: which one has the keyboard, which one is edited, and what was wrong with the last edit.
#[derive(Clone, Copy)]
struct Grid {
    parsed: Signal<Option<Arc<Prompt>>>,
    documents: Documents,
    toasts: Toasts,
    at: RwSignal<Option<(String, Field)>>,
    editing: RwSignal<bool>,
    lost: RwSignal<u32>,
    trouble: RwSignal<Option<RowError>>,
}

impl Grid {
    fn new() -> Self {
        let documents = context::<Documents>();
        Self {
            parsed: documents.parsed(),
            documents,
            toasts: context(),
            at: RwSignal::new(None),
            editing: RwSignal::new(false),
            lost: RwSignal::new(0),
            trouble: RwSignal::new(None),
        }
    }

    fn document(self) -> Option<Document> {
        let file = self.parsed.with(|p| p.as_ref()?.examples.file.clone())?;
        self.documents.document(&file)
    }

    fn ids(self) -> Vec<String> {
        self.parsed.with(|p| {
            p.as_ref()
                .map(|p| p.examples.rows.iter().map(|r| r.id.clone()).collect())
                .unwrap_or_default()
        })
    }

    fn fields(self) -> Vec<Field> {
        self.parsed.with(|p| p.as_ref().map(|p| rows::fields(p)).unwrap_or_default())
    }

    fn row(self, id: &str) -> Option<Row> {
        self.parsed.with(|p| p.as_ref()?.examples.rows.iter().find(|row| row.id == id).cloned())
    }

    fn is_at(self, id: &str, field: &Field) -> bool {
        self.at.with(|at| at.as_ref().is_some_and(|(row, column)| row == id && column == field))
    }

    /// Puts the keyboard on a cell.
    fn go(self, id: String, field: Field) {
        self.editing.set(false);
        self.at.set(Some((id, field)));
    }

    /// Puts the keyboard `rows` down and `columns` to the right of a cell.
    fn step(self, id: &str, field: &Field, rows: isize, columns: isize) {
        let (ids, fields) = untrack(|| (self.ids(), self.fields()));
        let row =
            ids.iter().position(|other| other == id).and_then(|at| at.checked_add_signed(rows));
        let column = fields
            .iter()
            .position(|other| other == field)
            .and_then(|at| at.checked_add_signed(columns));
        if let (Some(id), Some(field)) =
            (row.and_then(|at| ids.get(at)), column.and_then(|at| fields.get(at)))
        {
            self.go(id.clone(), field.clone());
        }
    }

    /// Applies a change to the file's text.
    fn change<T>(
        self,
        change: impl FnOnce(&str, &Prompt) -> Result<(String, T), RowError>,
    ) -> Option<T> {
        let (document, prompt) = untrack(|| Some((self.document()?, self.parsed.get()?)))?;
        match change(&document.text_now(), &prompt) {
            Ok((text, result)) => {
                self.trouble.set(None);
                document.edit(text);
                Some(result)
            }
            Err(error) => {
                self.trouble.set(Some(error));
                None
            }
        }
    }

    /// Keeps what was typed in a cell; whether it fitted.
    fn keep(self, id: &str, field: &Field, typed: &str) -> bool {
        let kept =
            self.change(|text, prompt| Ok((rows::edited(text, prompt, id, field, typed)?, ())));
        if kept.is_some() {
            self.editing.set(false);
            let id = if *field == Field::Id { typed.trim() } else { id };
            self.at.set(Some((id.to_owned(), field.clone())));
        }
        kept.is_some()
    }

    fn add(self) {
        let added = self.change(|text, prompt| Ok(rows::added(text, prompt)));
        if let (Some(id), Some(field)) = (added, untrack(|| self.fields()).into_iter().nth(1)) {
            self.go(id, field);
            self.editing.set(true);
        }
    }

    fn duplicate(self, id: &str) {
        if let Some(copy) = self.change(|text, prompt| rows::duplicated(text, prompt, id)) {
            self.go(copy, Field::Id);
        }
    }

    fn shift(self, id: &str, down: bool) {
        let moved = |text: &str, prompt: &Prompt| {
            rows::moved(text, prompt, id, down).unwrap_or_else(|| text.to_owned())
        };
        self.change(|text, prompt| Ok((moved(text, prompt), ())));
        // A line that moves on the page loses the keyboard.
        request_animation_frame(move || self.lost.update(|times| *times += 1));
    }

    fn remove(self, id: &str) {
        let Some(document) = untrack(|| self.document()) else { return };
        let (Some(row), Some(at)) =
            untrack(|| (self.row(id), self.ids().iter().position(|other| other == id)))
        else {
            return;
        };
        let before = document.text_now();
        let Some(after) =
            self.change(|text, _| rows::removed(text, id).map(|text| (text.clone(), text)))
        else {
            return;
        };
        self.at.set(None);
        self.toasts.say_with_undo(format!("Removed example {id}"), move || {
            document.edit(rows::restored(&document.text_now(), &before, &after, at, &row));
        });
    }
}

/// The prompt's few-shot examples.
#[component]
pub fn ExampleGrid() -> impl IntoView {
    let grid = Grid::new();
    let document = move || grid.document();
    let ids = Memo::new(move |_| grid.ids());
    view! {
        <header class="pane__head">
            <h2 class="pane__title">"Examples"</h2>
            <span class="quiet number">{move || ids.with(Vec::len)}</span>
            <span class="grow"></span>
            {move || document().map(|document| view! { <SaveMark document testid="save-state-examples" /> })}
            <Button
                small=true icon=Mark::Plus testid="add-example"
                disabled=Signal::derive(move || document().is_none()) on_press=move |_| grid.add()
            >"Add example"</Button>
        </header>
        {move || document().map(|document| view! { <Trouble document /> })}
        {move || grid.trouble.get().map(|error| view! {
            <Note tone=Tone::Danger mark=Mark::Error><p>{error.to_string()}</p></Note>
        })}
        <div class="pane__body">
            <Show
                when=move || !ids.with(Vec::is_empty)
                fallback=move || view! { <NoExamples grid /> }
            >
                <Table grid ids />
            </Show>
        </div>
    }
}

#[component]
fn NoExamples(grid: Grid) -> impl IntoView {
    let text = "Each row becomes a question and its answer in the messages, so the model sees what you want.";
    let can_add = move || grid.document().is_some();
    view! {
        <Blank mark=Mark::Prompts title="No examples yet" text>
            <Show
                when=can_add
                fallback=|| view! { <p class="quiet">"The file that prompt.yaml names is not there."</p> }
            >
                <Button icon=Mark::Plus on_press=move |_| grid.add()>"Add the first one"</Button>
            </Show>
        </Blank>
    }
}

#[component]
fn Table(grid: Grid, ids: Memo<Vec<String>>) -> impl IntoView {
    let fields = Memo::new(move |_| grid.fields());
    let head = move || {
        fields
            .get()
            .into_iter()
            .map(|field| view! { <th scope="col" role="columnheader" class=format!("grid__{}", column_class(&field))>{field.title().to_owned()}</th> })
            .collect_view()
    };
    view! {
        <table class="grid" role="grid" aria-label="Examples" aria-rowcount=move || ids.with(|ids| ids.len() + 1)>
            <thead>
                <tr role="row">
                    {head}
                    <th scope="col" role="columnheader" class="grid__tokens">"tokens"</th>
                    <th scope="col" role="columnheader" class="grid__actions"><span class="unseen">"Actions"</span></th>
                </tr>
            </thead>
            <tbody>
                <For each=move || ids.get() key=Clone::clone let:id>
                    <Line grid id fields />
                </For>
            </tbody>
        </table>
    }
}

fn column_class(field: &Field) -> &'static str {
    match field {
        Field::Id => "id",
        Field::Input(_) => "input",
        Field::Output => "output",
    }
}

/// One example.
#[component]
fn Line(grid: Grid, id: String, fields: Memo<Vec<Field>>) -> impl IntoView {
    let own = StoredValue::new(id.clone());
    let row = Memo::new(move |_| grid.row(&own.get_value()));
    let tokens = move || row.with(|row| row.as_ref().map(rows::tokens)).map(|n| format!("≈ {n}"));
    let on_key = move |event: KeyboardEvent| {
        let id = own.get_value();
        match (event.alt_key(), event.key().as_str()) {
            (true, "ArrowUp") => grid.shift(&id, false),
            (true, "ArrowDown") => grid.shift(&id, true),
            _ => return,
        }
        event.prevent_default();
    };
    view! {
        <tr role="row" data-testid=format!("example-row-{id}") on:keydown=on_key>
            <For each=move || fields.get() key=Clone::clone let:field>
                <Cell grid id=own.get_value() field row />
            </For>
            <td role="gridcell" class="grid__tokens number quiet">{tokens}</td>
            <td role="gridcell" class="grid__actions"><RowActions grid id=own.get_value() /></td>
        </tr>
    }
}

#[component]
fn RowActions(grid: Grid, id: String) -> impl IntoView {
    let own = StoredValue::new(id.clone());
    view! {
        <span class="grid__buttons">
            <IconButton small=true mark=Mark::Up label=format!("Move {id} up") on_press=move |_| grid.shift(&own.get_value(), false) />
            <IconButton small=true mark=Mark::Down label=format!("Move {id} down") on_press=move |_| grid.shift(&own.get_value(), true) />
            <IconButton small=true mark=Mark::Copy label=format!("Duplicate {id}") on_press=move |_| grid.duplicate(&own.get_value()) />
            <IconButton small=true mark=Mark::Bin label=format!("Remove {id}") on_press=move |_| grid.remove(&own.get_value()) />
        </span>
    }
}

/// One cell: its text, or the field it is edited in.
#[component]
fn Cell(grid: Grid, id: String, field: Field, row: Memo<Option<Row>>) -> impl IntoView {
    let place = StoredValue::new((id, field));
    let text = Memo::new(move |_| {
        row.with(|row| {
            place.with_value(|(_, field)| row.as_ref().map(|row| rows::cell_text(row, field)))
        })
        .unwrap_or_default()
    });
    let here = Memo::new(move |_| place.with_value(|(id, field)| grid.is_at(id, field)));
    let first = move || {
        place.with_value(|(id, field)| {
            *field == Field::Id && grid.at.with(Option::is_none) && grid.ids().first() == Some(id)
        })
    };
    let cell = NodeRef::<html::Td>::new();
    Effect::new(move || {
        grid.lost.track();
        if let (true, false, Some(cell)) = (here.get(), grid.editing.get(), cell.get()) {
            // The cell is on the page, so it can take the focus.
            let _ = cell.focus();
        }
    });
    let on_key = move |event: KeyboardEvent| {
        if !(here.get_untracked() && grid.editing.get_untracked()) {
            place.with_value(|(id, field)| move_on(grid, id, field, &event));
        }
    };
    let edit = move |_| {
        place.with_value(|(id, field)| grid.at.set(Some((id.clone(), field.clone()))));
        grid.editing.set(true);
    };
    let class = place.with_value(|(_, field)| format!("grid__cell grid__{}", column_class(field)));
    view! {
        <td
            node_ref=cell role="gridcell" class=class
            tabindex=move || if here.get() || first() { "0" } else { "-1" }
            on:keydown=on_key
            on:click=move |_| if !here.get_untracked() { place.with_value(|(id, field)| grid.go(id.clone(), field.clone())) }
            on:dblclick=edit
        >
            {move || if here.get() && grid.editing.get() {
                view! { <CellEditor grid place text=text.get_untracked() /> }.into_any()
            } else {
                view! { <div class="grid__text">{text}</div> }.into_any()
            }}
        </td>
    }
}

/// What a key does on a cell that is not being edited.
fn move_on(grid: Grid, id: &str, field: &Field, event: &KeyboardEvent) {
    if event.alt_key() || event.ctrl_key() || event.meta_key() {
        return;
    }
    match event.key().as_str() {
        "ArrowUp" => grid.step(id, field, -1, 0),
        "ArrowDown" => grid.step(id, field, 1, 0),
        "ArrowLeft" => grid.step(id, field, 0, -1),
        "ArrowRight" => grid.step(id, field, 0, 1),
        "Enter" | "F2" => {
            grid.at.set(Some((id.to_owned(), field.clone())));
            grid.editing.set(true);
        }
        "Delete" => grid.remove(id),
        _ => return,
    }
    event.prevent_default();
    event.stop_propagation();
}

/// A cell being edited. Enter and Tab keep it, Shift+Enter begins a line, Escape takes it back.
#[component]
fn CellEditor(grid: Grid, place: StoredValue<(String, Field)>, text: String) -> impl IntoView {
    let field = NodeRef::<html::Textarea>::new();
    let before = StoredValue::new(text.clone());
    Effect::new(move || {
        if let Some(field) = field.get() {
            // The field is on the page, so it can take the focus.
            let _ = field.focus();
        }
    });
    let keep = move |typed: String| {
        if before.with_value(|before| *before == typed) {
            grid.editing.set(false);
            return true;
        }
        place.with_value(|(id, field)| grid.keep(id, field, &typed))
    };
    let on_key = move |event: KeyboardEvent| {
        event.stop_propagation();
        let typed = event
            .target()
            .and_then(|t| t.dyn_into::<web_sys::HtmlTextAreaElement>().ok())
            .map(|t| t.value());
        match (event.key().as_str(), typed) {
            ("Escape", _) => {
                grid.trouble.set(None);
                grid.editing.set(false);
            }
            ("Enter", Some(typed)) if !event.shift_key() && !event.is_composing() => {
                keep(typed);
            }
            ("Tab", Some(typed)) => {
                let kept = keep(typed);
                // Where the edit ended: an edited id is another row's name now.
                if let (true, Some((id, field))) = (kept, grid.at.get_untracked()) {
                    grid.step(&id, &field, 0, if event.shift_key() { -1 } else { 1 });
                    grid.editing.set(true);
                }
            }
            _ => return,
        }
        event.prevent_default();
    };
    let label = place.with_value(|(id, field)| format!("{} of {id}", field.title()));
    view! {
        <textarea
            node_ref=field class="grid__editor mono" rows="3" aria-label=label prop:value=text
            on:keydown=on_key
            on:dblclick=|event| event.stop_propagation()
        ></textarea>
        <p class="grid__keys quiet">"Enter keeps, Escape takes back, Shift+Enter begins a line"</p>
    }
}
