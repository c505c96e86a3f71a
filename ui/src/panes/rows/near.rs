//! Rows that mean nearly the same, looked for when the person asks: the embedding model reads every row.

use std::{collections::HashMap, sync::Arc};

use assay_prompt::{Prompt, Row, Severity};
use assay_wire::{ApiError, FindNearRows, NearRows};
use leptos::{prelude::*, task::spawn_local};

use super::sheet::{Finding, RowKind, input_text};
use crate::{
    components::{Button, ErrorNote, IconButton, Kind, Loading, Mark},
    ipc,
    state::{Documents, context},
};

/// Most pairs that are listed; every row of the others is marked all the same.
const LISTED: usize = 12;

/// A row as it was when it was compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Half {
    /// What it is for.
    pub kind: RowKind,
    /// Its id.
    pub id: String,
    /// Its inputs as text.
    input: String,
}

/// Two rows that mean nearly the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The earlier one.
    pub left: Half,
    /// The later one.
    pub right: Half,
    /// Cosine similarity, in 0 to 1.
    pub similarity: f32,
}

/// How far the search is.
#[derive(Debug, Clone, PartialEq)]
enum Search {
    Unasked,
    Busy,
    Failed(ApiError),
    Found(Vec<Pair>),
}

/// The search among the rows of the open prompt.
#[derive(Clone, Copy)]
pub struct Near {
    search: RwSignal<Search>,
    standing: Memo<Vec<Pair>>,
    documents: Documents,
}

impl Near {
    /// Before anybody asked.
    pub fn new() -> Self {
        let documents = context::<Documents>();
        let search = RwSignal::new(Search::Unasked);
        let parsed = documents.parsed();
        let standing = Memo::new(move |_| {
            search.with(|search| match search {
                Search::Found(pairs) if !pairs.is_empty() => {
                    parsed.with(|p| p.as_ref().map(|p| standing(pairs, p)).unwrap_or_default())
                }
                _ => Vec::new(),
            })
        });
        Self { search, standing, documents }
    }

    /// Whether it is under way.
    fn is_busy(self) -> bool {
        self.search.with(|search| *search == Search::Busy)
    }

    /// Looks for such rows in the files as they are typed.
    fn ask(self) {
        let Some(key) = self.documents.key().get_untracked() else { return };
        self.search.set(Search::Busy);
        spawn_local(async move {
            self.documents.flush().await;
            let found = ipc::call(FindNearRows { prompts: vec![key], threshold: None }).await;
            let prompt = self.documents.parsed().get_untracked();
            let search = match (found, prompt) {
                (Ok(found), Some(prompt)) => Search::Found(pairs(&found, &prompt)),
                (Ok(_), None) => Search::Unasked,
                (Err(error), _) => Search::Failed(error),
            };
            // An answer that nobody waits for any more is of no use.
            let _ = self.search.try_set(search);
        });
    }

    /// Takes the answer off the screen.
    fn forget(self) {
        self.search.set(Search::Unasked);
    }

    /// What was found about a row.
    pub fn about(self, kind: RowKind, id: &str) -> Vec<Finding> {
        self.standing.with(|pairs| about(pairs, kind, id))
    }
}

/// What was found, with the rows as they are now.
fn pairs(found: &[NearRows], prompt: &Prompt) -> Vec<Pair> {
    let rows = Rows::of(prompt);
    let pair = |near: &NearRows| {
        let (left, right) = (rows.half(&near.left)?, rows.half(&near.right)?);
        Some(Pair { left, right, similarity: near.similarity })
    };
    found.iter().filter_map(pair).collect()
}

/// The pairs whose rows still say what was compared.
fn standing(pairs: &[Pair], prompt: &Prompt) -> Vec<Pair> {
    let rows = Rows::of(prompt);
    let stands = |half: &Half| rows.input(half.kind, &half.id).is_some_and(|now| now == half.input);
    pairs.iter().filter(|pair| stands(&pair.left) && stands(&pair.right)).cloned().collect()
}

fn about(pairs: &[Pair], kind: RowKind, id: &str) -> Vec<Finding> {
    let is = |half: &Half| half.kind == kind && half.id == id;
    let other = |pair: &Pair| {
        let other = if is(&pair.left) { &pair.right } else { &pair.left };
        (is(&pair.left) || is(&pair.right)).then(|| Finding {
            word: "alike",
            message: format!(
                "It means nearly the same as {} {} ({})",
                other.kind.word(),
                other.id,
                percent(pair.similarity)
            ),
            severity: Severity::Warning,
        })
    };
    pairs.iter().filter_map(other).collect()
}

fn percent(similarity: f32) -> String {
    format!("{:.0} % alike", similarity * 100.0)
}

/// The rows of a prompt by what they are for and their id.
struct Rows<'a>(HashMap<(RowKind, &'a str), &'a Row>);

impl<'a> Rows<'a> {
    fn of(prompt: &'a Prompt) -> Self {
        let of_kind = |kind: RowKind| {
            kind.rows(prompt).rows.iter().map(move |row| ((kind, row.id.as_str()), row))
        };
        Self(of_kind(RowKind::Example).chain(of_kind(RowKind::Case)).collect())
    }

    fn input(&self, kind: RowKind, id: &str) -> Option<String> {
        self.0.get(&(kind, id)).map(|row| input_text(&row.input))
    }

    /// The row that the application calls `example ID` or `case ID`.
    fn half(&self, name: &str) -> Option<Half> {
        let (word, id) = name.split_once(' ')?;
        let kind = [RowKind::Example, RowKind::Case].into_iter().find(|k| k.word() == word)?;
        let input = self.input(kind, id)?;
        Some(Half { kind, id: id.to_owned(), input })
    }
}

/// Looks for rows that mean nearly the same.
#[component]
pub fn NearButton(near: Near) -> impl IntoView {
    view! {
        <IconButton
            small=true mark=Mark::Compare label="Find near-duplicates: rows that mean nearly the same" testid="near-find"
            disabled=Signal::derive(move || near.is_busy()) on_press=move |_| near.ask()
        />
    }
}

/// What the search came to, for as long as the person wants to see it.
#[component]
pub fn NearStrip(
    near: Near,
    /// Goes to a row.
    on_go: impl Fn(Half) + Clone + Send + Sync + 'static,
) -> impl IntoView {
    move || {
        match near.search.get() {
        Search::Unasked => None,
        Search::Busy => Some(view! { <div class="rows__near"><Loading what="Comparing what the rows mean" /></div> }.into_any()),
        Search::Failed(error) => Some(view! {
            <ErrorNote error actions=move || view! {
                <Button small=true on_press=move |_| near.ask()>"Try again"</Button>
                <Button small=true kind=Kind::Quiet on_press=move |_| near.forget()>"Dismiss"</Button>
            } />
        }.into_any()),
        Search::Found(_) => Some(view! { <Found near on_go=on_go.clone() /> }.into_any()),
    }
    }
}

#[component]
fn Found(near: Near, on_go: impl Fn(Half) + Clone + Send + Sync + 'static) -> impl IntoView {
    let on_go = Arc::new(on_go);
    let count = move || match near.standing.with(Vec::len) {
        0 => "No two rows mean nearly the same.".to_owned(),
        1 => "1 pair of rows means nearly the same:".to_owned(),
        n => format!("{n} pairs of rows mean nearly the same:"),
    };
    let listed = move || near.standing.with(|pairs| pairs[..pairs.len().min(LISTED)].to_vec());
    let more = move || near.standing.with(|pairs| pairs.len().saturating_sub(LISTED));
    view! {
        <div class="rows__near" data-testid="near-rows">
            <span class="rows__near-count" role="status">{count}</span>
            <ul class="rows__near-pairs" aria-label="Rows that mean nearly the same">
                {move || listed().into_iter().map(|pair| view! { <PairLine pair on_go=on_go.clone() /> }).collect_view()}
                {move || (more() > 0).then(|| view! { <li class="quiet">{format!("and {} more, marked in the grid", more())}</li> })}
            </ul>
            <IconButton small=true mark=Mark::Close label="Close the list of near-duplicates" on_press=move |_| near.forget() />
        </div>
    }
}

#[component]
fn PairLine(pair: Pair, on_go: Arc<dyn Fn(Half) + Send + Sync>) -> impl IntoView {
    let alike = percent(pair.similarity);
    let go = move |half: Half| {
        let on_go = on_go.clone();
        let (name, target) = (format!("{} {}", half.kind.word(), half.id), half);
        view! { <button type="button" class="rows__near-row" on:click=move |_| on_go(target.clone())>{name}</button> }
    };
    view! { <li>{go.clone()(pair.left)}" · "{go(pair.right)}" "<span class="quiet number">{alike}</span></li> }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{CASES, EXAMPLES, files, prompt};
    use super::*;

    fn near(left: &str, right: &str) -> NearRows {
        NearRows { prompt: "p".into(), left: left.into(), right: right.into(), similarity: 0.968 }
    }

    #[test]
    fn both_rows_of_a_pair_are_told_of_each_other() {
        let prompt = prompt(&files(EXAMPLES, CASES));
        let pairs =
            pairs(&[near("example ex-2", "case c-2"), near("case gone", "case c-2")], &prompt);
        assert_eq!(pairs.len(), 1, "a row that is not there is nobody's");
        let of = |kind, id| about(&pairs, kind, id).pop().map(|finding| finding.message);
        let said = |other| Some(format!("It means nearly the same as {other} (97 % alike)"));
        assert_eq!(of(RowKind::Case, "c-2"), said("example ex-2"));
        assert_eq!(of(RowKind::Example, "ex-2"), said("case c-2"));
        assert_eq!(of(RowKind::Case, "c-1"), None);
        assert_eq!(of(RowKind::Case, "ex-2"), None, "ids are of one kind of row");
    }

    #[test]
    fn a_row_that_says_something_else_by_now_is_alike_to_none() {
        let before = prompt(&files(EXAMPLES, CASES));
        let pairs = pairs(&[near("example ex-2", "case c-2")], &before);
        assert_eq!(standing(&pairs, &before), pairs);
        let tagged = CASES.replace("\"id\":\"c-2\",", "\"id\":\"c-2\",\"tags\":[\"new\"],");
        assert_eq!(standing(&pairs, &prompt(&files(EXAMPLES, &tagged))), pairs);
        let other = CASES.replace("\"Two\"", "\"Three\"");
        assert_eq!(standing(&pairs, &prompt(&files(EXAMPLES, &other))), []);
    }
}
