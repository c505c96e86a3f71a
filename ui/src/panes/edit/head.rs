//! The head of a column: the variant's name, model, tokens and save state, and what can be done with it.

use leptos::prelude::*;

use super::{
    bench::Bench,
    column::{Same, SaveMark, in_variant},
    model::{self, Preview},
};
use crate::{
    actions::{Action, about},
    components::{Chip, Icon, IconButton, Mark, Menu, MenuButton, MenuItem},
    state::{Documents, Edits, Question, context},
};

/// Name, model, tokens and save state; other variants can take the column's place.
#[component]
pub fn ColumnHead(
    /// The variant's id.
    variant: String,
    /// Its file.
    document: Memo<Option<Same>>,
    /// What it makes of the chosen case.
    preview: Memo<Option<Preview>>,
) -> impl IntoView {
    let (bench, parsed) = (context::<Bench>(), context::<Documents>().parsed());
    let id = StoredValue::new(variant.clone());
    let model = move || {
        in_variant(parsed, &id.get_value(), |_, v| v.model.id.clone())
            .flatten()
            .unwrap_or_else(|| "no model named".into())
    };
    let tokens = move || match preview.get() {
        Some(Preview::Messages { tokens, .. }) => format!("≈ {tokens} tokens"),
        _ => String::new(),
    };
    let many = move || bench.shown().with(|shown| shown.len() > 1);
    view! {
        <header class="variant__head">
            <VariantName variant=variant.clone() />
            <Chip icon=Mark::Chip hint="The model this variant was written for">{model}</Chip>
            <span class="variant__tokens quiet number">{tokens}</span>
            <span class="grow"></span>
            {move || document.get().map(|Same(document)| view! { <SaveMark document testid=format!("save-state-{}", id.get_value()) /> })}
            <Duplicate variant=variant.clone() />
            <VariantMenu variant=variant.clone() />
            <AddColumn />
            <Show when=many>
                <IconButton
                    small=true mark=Mark::Close label=format!("Close the column of {}", id.get_value())
                    on_press=move |_| bench.close_column(&id.get_value())
                />
            </Show>
        </header>
    }
}

/// The main verb: what one tries next begins as a copy.
#[component]
fn Duplicate(variant: String) -> impl IntoView {
    let edits = context::<Edits>();
    let hint = format!("Duplicate as variant ({})", about(Action::DuplicateVariant).keys[0]);
    let testid = format!("duplicate-{variant}");
    let ask = move |_| edits.ask(Question::DuplicateVariant(variant.clone()));
    view! {
        <button type="button" class="button button--small variant__verb" title=hint data-testid=testid on:click=ask>
            <Icon mark=Mark::Copy />
            <span class="variant__verb-words">"Duplicate as variant"</span>
        </button>
    }
}

/// What else can be done with a variant.
#[component]
fn VariantMenu(variant: String) -> impl IntoView {
    let (edits, bench) = (context::<Edits>(), context::<Bench>());
    let testid = menu_id(&variant);
    let label = format!("More for {variant}");
    let items = move || items(&variant, edits, bench);
    view! { <MenuButton menu=Menu::new() label items testid /> }
}

/// Id of the button of a variant's menu.
pub fn menu_id(variant: &str) -> String {
    format!("variant-menu-{variant}")
}

fn items(variant: &str, edits: Edits, bench: Bench) -> Vec<MenuItem> {
    let own = |f: fn(Edits, Bench, String)| {
        let id = variant.to_owned();
        move || f(edits, bench, id.clone())
    };
    let duplicate = own(|edits, _, id| edits.ask(Question::DuplicateVariant(id)));
    let rename = own(|edits, _, id| edits.ask(Question::RenameVariant(id)));
    let compare = own(|_, bench, id| bench.toggle_comparison(&id));
    let delete = own(|edits, _, id| edits.delete_variant(id));
    let last = untrack(|| !bench.can_delete());
    let comparing = untrack(|| bench.comparison(variant).is_some());
    let compare_words = if comparing { "Back to the preview" } else { "Compare" };
    vec![
        MenuItem::new("variant-duplicate", Mark::Copy, "Duplicate as variant…", duplicate)
            .keys("Ctrl+Shift+D"),
        MenuItem::new("variant-new", Mark::Plus, "New variant…", move || {
            edits.ask(Question::NewVariant);
        }),
        MenuItem::new("variant-compare", Mark::Compare, compare_words, compare).keys("Alt+D"),
        MenuItem::new("variant-rename", Mark::Pencil, "Rename…", rename),
        MenuItem::new("variant-delete", Mark::Bin, "Delete", delete)
            .danger()
            .refused_if(last, "A prompt keeps at least one variant."),
    ]
}

/// The variant's name; a choice where others have no column.
#[component]
fn VariantName(variant: String) -> impl IntoView {
    let bench = context::<Bench>();
    move || {
        let others = bench.hidden();
        let (own, name) = (variant.clone(), variant.clone());
        if others.is_empty() {
            return view! { <h2 class="variant__name clip">{name}</h2> }.into_any();
        }
        view! {
            <select
                class="input variant__choice" aria-label="Variant in this column"
                on:change:target=move |event| bench.swap_column(&own, event.target().value())
            >
                <option selected=true>{name}</option>
                {others.into_iter().map(|id| view! { <option value=id.clone()>{id.clone()}</option> }).collect_view()}
            </select>
        }
        .into_any()
    }
}

/// Shows one more variant, where there is one and room for it.
#[component]
fn AddColumn() -> impl IntoView {
    let bench = context::<Bench>();
    let next = move || {
        let room = bench.shown().with(|shown| shown.len() < model::MOST_COLUMNS);
        room.then(|| bench.hidden().into_iter().next()).flatten()
    };
    move || {
        next().map(|id| {
            let label = format!("Show {id} beside it");
            view! { <IconButton small=true mark=Mark::Columns label on_press=move |_| bench.add_column(id.clone()) /> }
        })
    }
}
