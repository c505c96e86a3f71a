//! One cell: its text, its tick, or the field it is edited in.

use assay_prompt::{Row, Severity};
use leptos::{ev::KeyboardEvent, html, prelude::*};

use super::{
    board::{Grid, Target},
    grid::focus,
    model,
    pending::Unkept,
    sheet::{self, Column, Finding, Raw},
};
use crate::components::{Icon, Mark, Spot};

/// A cell of a row.
#[component]
pub(super) fn Cell(
    grid: Grid,
    /// Where the row stands in the grid.
    place: Memo<usize>,
    row: Memo<Option<Row>>,
    /// The column's place.
    at: usize,
    column: Column,
) -> impl IntoView {
    let class = format!("rows__cell rows__cell--{}", model::column_class(&column));
    let spot = move || Spot { row: place.get(), column: at };
    let here = Memo::new(move |_| grid.at() == spot());
    let own = StoredValue::new(column.clone());
    let edited = Memo::new(move |_| here.get() && grid.editing());
    let inside = move || {
        if edited.get() {
            return view! { <CellEditor grid row /> }.into_any();
        }
        match own.get_value() {
            Column::Shown(variant) => view! { <Tick grid row variant /> }.into_any(),
            Column::Notes => view! { <Notes grid place row /> }.into_any(),
            column => view! { <Text grid row column /> }.into_any(),
        }
    };
    view! {
        <div
            class=class class:rows__cell--edited=edited role="gridcell" id=move || model::cell_id(grid.kind, spot())
            aria-colindex=at + 1 tabindex=move || if here.get() { "0" } else { "-1" }
            on:focus=move |_| if !here.get_untracked() { grid.stay(untrack(spot)) }
            on:dblclick=move |_| { grid.stay(untrack(spot)); grid.edit() }
        >
            {inside}
        </div>
    }
}

/// What the row holds, or what was typed and does not fit.
#[component]
fn Text(grid: Grid, row: Memo<Option<Row>>, column: Column) -> impl IntoView {
    let own = column.clone();
    let text = Memo::new(move |_| {
        row.with(|row| row.as_ref().map(|row| sheet::cell_text(row, &own)).unwrap_or_default())
    });
    let unkept = Memo::new(move |_| {
        let id = row.with(|row| row.as_ref().map(|row| row.id.clone()))?;
        grid.unkept(&Target::Cell(id, column.clone()))
    });
    move || match unkept.get() {
        Some(unkept) => unkept_text(unkept).into_any(),
        None => view! { <div class="rows__text">{text}</div> }.into_any(),
    }
}

/// A text that does not fit its cell, marked as such.
fn unkept_text(Unkept { typed, why, .. }: Unkept) -> impl IntoView {
    view! {
        <span class="rows__mark rows__mark--danger" title=why.clone() data-testid="cell-unkept">
            <Icon mark=Mark::Error /><span class="clip">{format!("not kept: {why}")}</span>
        </span>
        <div class="rows__text rows__text--raw">{typed}</div>
    }
}

/// Whether a variant shows an example.
#[component]
fn Tick(grid: Grid, row: Memo<Option<Row>>, variant: String) -> impl IntoView {
    let own = StoredValue::new(variant);
    let shown = Memo::new(move |_| {
        row.with(|row| Some(own.with_value(|own| grid.shows(own, row.as_ref()?))))
            .unwrap_or_default()
    });
    let words = move || match shown.get() {
        Some(true) => "shown",
        Some(false) => "not shown",
        None => "by the case",
    };
    let press = move |_| {
        if let Some(row) = row.get_untracked() {
            grid.toggle(&own.get_value(), &row.id);
        }
    };
    view! {
        <button
            type="button" class="rows__tick" tabindex="-1" role="checkbox" class:rows__tick--open=move || shown.get().is_none()
            aria-checked=move || match shown.get() { Some(shown) => shown.to_string(), None => "mixed".into() }
            aria-label=move || own.with_value(|own| format!("{} in {own}", words()))
            title=words
            on:click=press
        >
            {move || (shown.get() == Some(true)).then(|| view! { <Icon mark=Mark::Check /> })}
            {move || shown.get().is_none().then_some("by case")}
        </button>
    }
}

/// Tokens, and the first thing found about a row.
#[component]
fn Notes(grid: Grid, place: Memo<usize>, row: Memo<Option<Row>>) -> impl IntoView {
    let tokens = move || {
        row.with(|row| row.as_ref().map(|row| format!("≈ {}", sheet::tokens(row, grid.kind))))
    };
    let findings = Memo::new(move |_| grid.findings(place.get()));
    view! {
        <span class="quiet number">{tokens}</span>
        {move || findings.with(|all| first_finding(all))}
    }
}

fn first_finding(findings: &[Finding]) -> Option<impl IntoView + use<>> {
    let first = findings.iter().min_by_key(|finding| finding.severity)?;
    let (mark, class) = match first.severity {
        Severity::Error => (Mark::Error, "rows__mark rows__mark--danger"),
        Severity::Warning => (Mark::Warning, "rows__mark rows__mark--warn"),
    };
    let more = findings.len() - 1;
    let words = if more == 0 { first.word.to_owned() } else { format!("{} +{more}", first.word) };
    let all: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
    Some(
        view! { <span class=class title=all.join("\n")><Icon mark /><span class="clip">{words}</span></span> },
    )
}

/// The one cell of a line that could not be read: its text.
#[component]
pub(super) fn RawCell(grid: Grid, place: Memo<usize>, raw: Memo<Option<Raw>>) -> impl IntoView {
    let here = Memo::new(move |_| grid.at().row == place.get());
    let edited = Memo::new(move |_| here.get() && grid.editing());
    let spot = move || Spot { row: place.get(), column: 0 };
    let part = move |f: fn(&Raw) -> &String| {
        raw.with(|raw| raw.as_ref().map(|raw| f(raw).clone()).unwrap_or_default())
    };
    let inside = move || {
        if edited.get() {
            let row = Memo::new(|_| None);
            return view! { <CellEditor grid row /> }.into_any();
        }
        let unkept = raw.get().and_then(|raw| grid.unkept(&Target::Raw(raw)));
        if let Some(unkept) = unkept {
            return unkept_text(unkept).into_any();
        }
        view! {
            <span class="rows__mark rows__mark--danger"><Icon mark=Mark::Error />{move || part(|raw| &raw.why)}</span>
            <div class="rows__text rows__text--raw mono">{move || part(|raw| &raw.text)}</div>
        }
        .into_any()
    };
    view! {
        <div
            class="rows__cell rows__cell--raw" class:rows__cell--edited=edited role="gridcell"
            id=move || model::cell_id(grid.kind, spot())
            tabindex=move || if here.get() { "0" } else { "-1" }
            on:focus=move |_| if !here.get_untracked() { grid.stay(untrack(spot)) }
            on:dblclick=move |_| { grid.stay(untrack(spot)); grid.edit() }
        >
            {inside}
        </div>
    }
}

/// A cell being edited. Enter and Tab keep it, Shift+Enter begins a line, Escape takes it back.
#[component]
fn CellEditor(grid: Grid, row: Memo<Option<Row>>) -> impl IntoView {
    let target = untrack(|| grid.target());
    let before = match &target {
        Some(Target::Cell(_, column)) => untrack(|| {
            row.with(|row| row.as_ref().map(|r| sheet::cell_source(r, column)).unwrap_or_default())
        }),
        Some(Target::Raw(raw)) => raw.text.clone(),
        None => String::new(),
    };
    let unkept = target.as_ref().and_then(|target| untrack(|| grid.unkept(target)));
    let shown = unkept.map_or_else(|| before.clone(), |unkept| unkept.typed);
    let label = match &target {
        Some(Target::Cell(id, column)) => format!("{} of {id}", column.title()),
        _ => "The line as text".to_owned(),
    };
    let edit = Edit {
        grid,
        target: StoredValue::new(target),
        before: StoredValue::new(before),
        typed: StoredValue::new(shown.clone()),
        over: StoredValue::new(false),
    };
    // A row that is scrolled away takes its field along, without a word to the field.
    on_cleanup(move || edit.vanish());
    let field = NodeRef::<html::Textarea>::new();
    Effect::new(move || {
        if let Some(field) = field.get() {
            // The field is on the page, so it can take the focus.
            let _ = field.focus();
            field.select();
        }
    });
    view! {
        <div class="rows__editor" on:dblclick=|event| event.stop_propagation()>
            <textarea
                node_ref=field class="mono" rows=model::editor_rows(&shown) aria-label=label data-testid="cell-editor"
                aria-invalid=move || grid.trouble().map(|_| "true")
                prop:value=shown
                on:input:target=move |event| edit.typed.set_value(event.target().value())
                on:keydown=move |event| edit.steer(&event)
                on:blur=move |_| edit.leave()
            ></textarea>
            {move || match grid.trouble() {
                Some(trouble) => view! { <p class="rows__trouble" role="alert" data-testid="cell-trouble">{trouble}</p> }.into_any(),
                None => view! { <p class="rows__keys quiet">"Enter keeps · Esc takes back · Shift+Enter begins a line"</p> }.into_any(),
            }}
        </div>
    }
}

/// An edit under way.
#[derive(Clone, Copy)]
struct Edit {
    grid: Grid,
    target: StoredValue<Option<Target>>,
    /// What the row held.
    before: StoredValue<String>,
    /// What the field holds.
    typed: StoredValue<String>,
    /// Whether it has ended; what leaves the page is blurred once more.
    over: StoredValue<bool>,
}

impl Edit {
    fn steer(self, event: &KeyboardEvent) {
        event.stop_propagation();
        if event.is_composing() {
            return;
        }
        match event.key().as_str() {
            "Escape" => self.take_back(),
            "Enter" if !event.shift_key() => {
                if self.keep() {
                    self.let_go();
                }
            }
            "Tab" => {
                if self.keep() {
                    self.grid.edit_next(event.shift_key());
                }
            }
            _ => return,
        }
        event.prevent_default();
    }

    /// Leaves the cell as it was.
    fn take_back(self) {
        self.target.with_value(|target| target.iter().for_each(|t| self.grid.forget(t)));
        self.let_go();
    }

    /// Ends the edit with the keyboard on the cell. At once: a key that follows within the same frame
    /// would else go nowhere.
    fn let_go(self) {
        // The field loses the keyboard by this, which is not to keep what it holds once more.
        self.over.set_value(true);
        self.grid.let_go();
        focus(self.grid, untrack(|| self.grid.at()));
    }

    /// Keeps what was typed when the person goes elsewhere; what does not fit waits in its cell.
    fn leave(self) {
        if self.over.try_get_value() != Some(false) || self.keep() {
            return;
        }
        self.over.set_value(true);
        if let Some(target) = self.target.get_value() {
            self.grid.put_off(&target, self.typed.get_value());
        }
    }

    /// Its row is drawn elsewhere, or not at all. The edit goes on where the row is drawn next, unless there is
    /// something to keep.
    fn vanish(self) {
        let same = self.before.try_with_value(|before| {
            self.typed.try_with_value(|typed| before == typed).unwrap_or(true)
        });
        if same == Some(false) {
            self.leave();
        } else {
            self.over.try_set_value(true);
        }
    }

    /// Puts what was typed into the row; whether it fits.
    fn keep(self) -> bool {
        // The field may lose the keyboard by this.
        self.over.set_value(true);
        let typed = self.typed.get_value();
        let same = self.before.with_value(|before| *before == typed);
        let kept = same || self.target.get_value().is_none_or(|t| self.grid.keep(&t, &typed));
        self.over.set_value(kept);
        if same {
            self.target.with_value(|target| target.iter().for_each(|t| self.grid.forget(t)));
            self.grid.stop();
        }
        kept
    }
}
