//! What failed, by its reason: a dialog that counts each, leads to its first cell, and retries all with one button.

use assay_wire::{ApiError, CellState, ReadCells};
use leptos::{prelude::*, task::spawn_local};

use super::{
    board::Board,
    model::{self, CAUSES, Cause, SEARCH_PAGE},
};
use crate::{
    components::{Button, Dialog, ErrorNote, Kind, Loading, Mark},
    ipc,
    panes::toolbar::grouped,
    state::{Load, Runs, context},
};

/// The reasons as far as they were looked for.
#[derive(Clone, Copy)]
pub struct CauseSearch {
    open: RwSignal<bool>,
    asked: RwSignal<u32>,
    found: RwSignal<Load<Vec<Cause>>>,
}

impl CauseSearch {
    pub(super) fn new() -> Self {
        Self {
            open: RwSignal::new(false),
            asked: RwSignal::new(0),
            found: RwSignal::new(Load::Loading),
        }
    }

    /// Opens the dialog, and looks anew.
    pub fn show(self) {
        self.found.set(Load::Loading);
        self.open.set(true);
        self.asked.update(|n| *n += 1);
    }

    /// Closes it.
    pub fn hide(self) {
        self.open.set(false);
    }

    /// Looks through all cells of a run, page by page, for as long as the dialog wants to know.
    fn look(self, run: String, cells: u32) {
        let turn = self.asked.get_untracked();
        spawn_local(async move {
            let found = self.gather(run, cells, turn).await;
            if self.is_asked(turn) {
                self.found.set(found.into());
            }
        });
    }

    async fn gather(self, run: String, cells: u32, turn: u32) -> Result<Vec<Cause>, ApiError> {
        let mut causes = Vec::new();
        let mut from = 0;
        while from < cells && self.is_asked(turn) {
            let to = (from + SEARCH_PAGE).min(cells);
            let page = ipc::call(ReadCells { run: run.clone(), from, to }).await?;
            model::gather(&mut causes, &page.cells);
            from = to;
        }
        causes.sort_by_key(|cause| std::cmp::Reverse(cause.cells));
        Ok(causes)
    }

    fn is_asked(self, turn: u32) -> bool {
        self.asked.get_untracked() == turn && self.open.get_untracked()
    }
}

/// The dialog.
#[component]
pub(super) fn Causes() -> impl IntoView {
    let board = context::<Board>();
    let search = board.causes();
    Effect::new(move || {
        if search.asked.get() == 0 {
            return;
        }
        let summary = board.standing().with_untracked(|s| s.as_ref().map(|s| s.summary.clone()));
        if let Some(summary) = summary {
            search.look(summary.run, summary.counts.total);
        }
    });
    view! {
        <Dialog open=search.open label="What failed, by its reason">
            <div class="dialog__head"><h2>"What failed, by its reason"</h2></div>
            <div class="dialog__body" data-testid="causes">
                {move || match search.found.get() {
                    Load::Loading => view! { <Loading what="Looking through the cells" /> }.into_any(),
                    Load::Failed(error) => view! {
                        <ErrorNote error actions=move || view! {
                            <Button small=true on_press=move |_| search.show()>"Look again"</Button>
                        } />
                    }
                    .into_any(),
                    Load::Ready(causes) => view! { <CauseList causes /> }.into_any(),
                }}
            </div>
            <Foot />
        </Dialog>
    }
}

#[component]
fn CauseList(causes: Vec<Cause>) -> impl IntoView {
    if causes.is_empty() {
        return view! { <p class="quiet">"Nothing has failed."</p> }.into_any();
    }
    let more = causes.len() == CAUSES;
    view! {
        <ul class="causes">{causes.into_iter().map(|cause| view! { <CauseLine cause /> }).collect_view()}</ul>
        {more.then(|| view! { <p class="quiet">{format!("The first {CAUSES} reasons; there are more.")}</p> })}
    }
    .into_any()
}

#[component]
fn CauseLine(cause: Cause) -> impl IntoView {
    let board = context::<Board>();
    let Cause { reason, cells, first, columns } = cause;
    let cells =
        if cells == 1 { "1 cell".to_owned() } else { format!("{} cells", grouped(cells.into())) };
    let models = models_of(board, &columns.into_iter().collect::<Vec<_>>());
    let go = move |_| {
        board.causes().hide();
        board.go_to_ordinal(first);
        board.open();
    };
    view! {
        <li class="causes__line">
            <span class="causes__count number">{cells}</span>
            <div class="grow">
                <p class="causes__reason">{reason.clone()}</p>
                <p class="quiet">{models}". "{model::failure_hint(CellState::Failed, &reason, 1)}</p>
            </div>
            <Button small=true kind=Kind::Quiet on_press=go>"First"</Button>
        </li>
    }
}

/// The models whose columns these are.
fn models_of(board: Board, columns: &[u32]) -> String {
    board.layout().with_untracked(|layout| {
        let Some(layout) = layout.as_ref().and_then(Load::ready) else { return String::new() };
        let named = columns.iter().filter_map(|place| layout.columns.get(*place as usize));
        let names: std::collections::BTreeSet<&str> =
            named.map(|column| column.model.as_str()).collect();
        names.into_iter().collect::<Vec<_>>().join(", ")
    })
}

/// One retry for all of them, once the run has ended.
#[component]
fn Foot() -> impl IntoView {
    let (board, runs) = (context::<Board>(), context::<Runs>());
    let offered = Memo::new(move |_| {
        board.standing().with(|standing| {
            let summary = &standing.as_ref()?.summary;
            let offers = model::offers(summary.state, 0, summary.counts.failed);
            offers.retry.then(|| (summary.run.clone(), summary.counts.failed))
        })
    });
    view! {
        <div class="dialog__foot">
            {move || offered.get().is_none().then(|| view! {
                <span class="quiet grow">"What failed can be retried once the run has ended."</span>
            })}
            <Button on_press=move |_| board.causes().hide()>"Close"</Button>
            {move || offered.get().map(|(run, failed)| {
                let retry = move |_| {
                    board.causes().hide();
                    board.take_focus();
                    runs.resume(run.clone(), true);
                };
                view! {
                    <Button kind=Kind::Primary icon=Mark::Reload testid="causes-retry" on_press=retry>
                        {format!("Retry {} failed", grouped(failed.into()))}
                    </Button>
                }
            })}
        </div>
    }
}
