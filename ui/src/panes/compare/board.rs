//! What is compared and what came of it, shared by the Compare and the Charts view.
//!
//! The application works the comparison out; here is what was chosen and the part that is on screen. Nothing is asked
//! while neither view is.

use std::{collections::BTreeMap, sync::Arc};

use assay_wire::{
    ApiError, CellView, ColumnView, ComparedCaseLine, ComparedCasePage, ComparisonView, ListRuns,
    Notice, PairView, ReadCell, ReadComparedCases, ReadComparison, ReadRun, RunState, RunSummary,
    SideRef, VerdictView,
};
use leptos::{prelude::*, task::spawn_local};

use super::model::{self, By};
use crate::{
    ipc,
    state::{Desk, Load, Notices, Runs, Spending, Tab, context},
};

/// Cases that are listed; the broken and fixed ones come first.
const CASES: u32 = 5_000;

/// Runs to choose from.
const RUNS: u32 = 50;

/// Which side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The one that stands.
    Base,
    /// The one that may replace it.
    Head,
    /// One more, to look at.
    Third,
}

/// The outputs of one case.
#[derive(Debug, Clone, PartialEq)]
pub struct Outputs {
    /// The base's.
    pub base: CellView,
    /// The head's.
    pub head: CellView,
    /// Those of one more column.
    pub third: Option<CellView>,
}

/// What is compared.
#[derive(Clone, Copy)]
pub struct Versus {
    base: RwSignal<Option<SideRef>>,
    head: RwSignal<Option<SideRef>>,
    third: RwSignal<Option<SideRef>>,
    runs: RwSignal<Vec<RunSummary>>,
    columns: RwSignal<BTreeMap<String, Vec<ColumnView>>>,
    view: RwSignal<Option<Load<Arc<ComparisonView>>>>,
    pair: RwSignal<usize>,
    verdict: RwSignal<usize>,
    cases: RwSignal<Load<Arc<ComparedCasePage>>>,
    chosen: RwSignal<usize>,
    outputs: RwSignal<Option<Load<Outputs>>>,
    by: RwSignal<By>,
    change: RwSignal<Option<usize>>,
    stale: RwSignal<bool>,
    turn: StoredValue<u64>,
    desk: Desk,
}

impl Versus {
    /// Compares the columns of the run that [`Runs`] shows, until something else is chosen.
    pub fn new() -> Self {
        let versus = Self::blank();
        let shown = context::<Runs>().shown();
        Effect::new(move |before: Option<Option<String>>| {
            let run = shown.get();
            if before.as_ref() != Some(&run) {
                versus.forget();
            }
            run
        });
        Effect::new(move || {
            let run = shown.get();
            if versus.is_seen() {
                versus.enter(run);
            }
        });
        let revisions = context::<Spending>().compared();
        Effect::new(move || {
            if let Some((base, head)) = revisions.get() {
                versus.compare(base, head);
            }
        });
        versus
    }

    /// Shows a comparison that was read elsewhere, from its first pair on.
    pub fn show(self, view: Arc<ComparisonView>) {
        if self.view.with_untracked(|now| now.as_ref().and_then(Load::ready) == Some(&view)) {
            return;
        }
        self.forget();
        self.base.set(Some(view.base.clone()));
        self.head.set(Some(view.head.clone()));
        self.pair.set(0);
        self.verdict.set(0);
        self.chosen.set(0);
        self.view.set(Some(Load::Ready(view)));
        self.read_cases();
    }

    /// Compares nothing, and follows nothing.
    pub fn blank() -> Self {
        Self {
            base: RwSignal::new(None),
            head: RwSignal::new(None),
            third: RwSignal::new(None),
            runs: RwSignal::new(Vec::new()),
            columns: RwSignal::new(BTreeMap::new()),
            view: RwSignal::new(None),
            pair: RwSignal::new(0),
            verdict: RwSignal::new(0),
            cases: RwSignal::new(Load::Loading),
            chosen: RwSignal::new(0),
            outputs: RwSignal::new(None),
            by: RwSignal::new(By::Words),
            change: RwSignal::new(None),
            stale: RwSignal::new(false),
            turn: StoredValue::new(0),
            desk: context(),
        }
    }

    /// Follows the application's notices.
    pub fn follow(self, notices: Notices) {
        notices.listen(move |notice| {
            let Notice::RunChanged { run, state, .. } = notice else { return };
            if *state != RunState::Running && self.is_about(run) {
                self.stale.set(true);
                if untrack(|| self.is_seen()) {
                    self.read();
                }
            }
        });
    }

    fn is_seen(self) -> bool {
        matches!(self.desk.tab.get(), Tab::Compare | Tab::Charts)
    }

    fn is_about(self, run: &str) -> bool {
        let is = |side: RwSignal<Option<SideRef>>| {
            side.with_untracked(|side| side.as_ref().is_some_and(|side| side.run == run))
        };
        is(self.base) || is(self.head)
    }

    fn forget(self) {
        for side in [self.base, self.head, self.third] {
            side.set(None);
        }
        self.turn.update_value(|turn| *turn += 1);
        self.view.set(None);
        self.outputs.set(None);
        self.cases.set(Load::Loading);
    }

    /// The view is on screen: reads what is missing.
    fn enter(self, run: Option<String>) {
        let Some(run) = run else { return };
        if self.stale.get_untracked() {
            self.read();
        }
        if self.base.with_untracked(Option::is_some) {
            return;
        }
        spawn_local(async move {
            if let Ok(runs) = ipc::call(ListRuns { limit: RUNS }).await {
                self.runs.set(runs);
            }
            match self.read_columns(&run).await {
                Ok(columns) => self.begin(&run, &columns),
                Err(error) => self.view.set(Some(Load::Failed(error))),
            }
        });
    }

    /// Compares two runs, whatever was compared before.
    fn compare(self, base: SideRef, head: SideRef) {
        let runs = [base.run.clone(), head.run.clone()];
        self.third.set(None);
        self.base.set(Some(base));
        self.head.set(Some(head));
        self.pair.set(0);
        self.verdict.set(0);
        self.read();
        spawn_local(async move {
            if let Ok(runs) = ipc::call(ListRuns { limit: RUNS }).await {
                self.runs.set(runs);
            }
            for run in &runs {
                // Without its columns a side can still be compared as a whole.
                let _ = self.read_columns(run).await;
            }
        });
    }

    fn begin(self, run: &str, columns: &[ColumnView]) {
        let usual = model::usual_sides(run, columns);
        let (base, head) = match usual {
            Some((base, head)) => (base, Some(head)),
            None => (SideRef::run(run), None),
        };
        self.base.set(Some(base));
        self.head.set(head);
        self.read();
    }

    async fn read_columns(self, run: &str) -> Result<Vec<ColumnView>, ApiError> {
        if let Some(known) = self.columns.with_untracked(|known| known.get(run).cloned()) {
            return Ok(known);
        }
        let read = ipc::call(ReadRun { run: run.to_owned() }).await?;
        let columns: Vec<_> = read.columns.into_iter().map(|stats| stats.column).collect();
        self.columns.update(|known| {
            known.insert(run.to_owned(), columns.clone());
        });
        Ok(columns)
    }

    fn side_signal(self, side: Side) -> RwSignal<Option<SideRef>> {
        match side {
            Side::Base => self.base,
            Side::Head => self.head,
            Side::Third => self.third,
        }
    }

    /// A side as it was chosen.
    pub fn side(self, side: Side) -> Option<SideRef> {
        self.side_signal(side).get()
    }

    /// Runs to choose from, newest first.
    pub fn runs(self) -> Vec<RunSummary> {
        self.runs.get()
    }

    /// The columns of a run, once they are known.
    pub fn columns_of(self, run: &str) -> Vec<ColumnView> {
        self.columns.with(|known| known.get(run).cloned().unwrap_or_default())
    }

    /// Chooses a run for a side; the column stays if the run has it.
    pub fn choose_run(self, side: Side, run: String) {
        let signal = self.side_signal(side);
        if run.is_empty() {
            signal.set(None);
            return self.read();
        }
        let kept = signal.get_untracked();
        spawn_local(async move {
            let columns = self.read_columns(&run).await.unwrap_or_default();
            let has = |kept: &SideRef| {
                let is = |wanted: &Option<String>, found: &String| {
                    wanted.as_ref().is_none_or(|wanted| wanted == found)
                };
                columns.iter().any(|c| is(&kept.variant, &c.variant) && is(&kept.model, &c.model))
            };
            let kept = kept.filter(has).unwrap_or_default();
            signal.set(Some(SideRef { run, label: None, ..kept }));
            self.read();
        });
    }

    /// Chooses a column of a side's run.
    pub fn choose_column(self, side: Side, value: &str) {
        let signal = self.side_signal(side);
        let run = signal.get_untracked().or(self.base.get_untracked()).map(|side| side.run);
        if let Some(run) = run {
            signal.set(Some(model::side_of_value(&run, value)));
            self.read();
        }
    }

    /// Turns base and head round.
    pub fn turn_round(self) {
        let (base, head) = (self.base.get_untracked(), self.head.get_untracked());
        if let (Some(base), Some(head)) = (base, head) {
            self.base.set(Some(head));
            self.head.set(Some(base));
            self.read();
        }
    }

    fn question(self) -> Option<ReadComparison> {
        let (base, head) = (self.base.get_untracked()?, self.head.get_untracked()?);
        Some(ReadComparison { base, head, prompts: Vec::new() })
    }

    /// Asks again.
    pub fn read(self) {
        self.stale.set(false);
        let turn = self.turn.try_update_value(|turn| {
            *turn += 1;
            *turn
        });
        let Some(question) = self.question() else { return self.view.set(None) };
        if !self.view.with_untracked(|view| view.as_ref().is_some_and(|v| v.ready().is_some())) {
            self.view.set(Some(Load::Loading));
        }
        spawn_local(async move {
            let answer = ipc::call(question).await;
            // An answer that was overtaken is of no use.
            if self.turn.try_get_value() != turn {
                return;
            }
            let view = Load::from(answer.map(Arc::new));
            self.settle(&view);
            self.view.set(Some(view));
            self.read_cases();
        });
    }

    /// A pair or a scorer that is not there any more gives way to the first.
    fn settle(self, view: &Load<Arc<ComparisonView>>) {
        let Some(view) = view.ready() else { return };
        let pair = self.pair.get_untracked();
        if pair >= view.pairs.len() {
            self.pair.set(0);
        }
        let verdicts = view.pairs.get(self.pair.get_untracked()).map_or(0, |p| p.verdicts.len());
        if self.verdict.get_untracked() >= verdicts {
            self.verdict.set(0);
        }
        self.chosen.set(0);
    }

    /// The comparison; `None` when there are no two sides.
    pub fn view(self) -> Signal<Option<Load<Arc<ComparisonView>>>> {
        self.view.into()
    }

    /// The place of the chosen pair.
    pub fn pair_at(self) -> Signal<usize> {
        self.pair.into()
    }

    /// The place of the chosen scorer.
    pub fn verdict_at(self) -> Signal<usize> {
        self.verdict.into()
    }

    /// The chosen pair.
    pub fn pair(self) -> Option<PairView> {
        let at = self.pair.get();
        self.view.with(|view| view.as_ref()?.ready()?.pairs.get(at).cloned())
    }

    /// The chosen scorer's verdict.
    pub fn verdict(self) -> Option<VerdictView> {
        let at = self.verdict.get();
        self.pair().and_then(|pair| pair.verdicts.into_iter().nth(at))
    }

    /// Chooses a pair and a scorer.
    pub fn choose(self, pair: usize, verdict: usize) {
        self.pair.set(pair);
        self.verdict.set(verdict);
        self.chosen.set(0);
        self.read_cases();
    }

    fn read_cases(self) {
        let Some(of) = self.question() else { return };
        let (pair, verdict) = (self.pair.get_untracked(), self.verdict.get_untracked());
        let asked = (of.clone(), pair, verdict);
        let still = move || {
            self.question().as_ref() == Some(&asked.0)
                && (self.pair.get_untracked(), self.verdict.get_untracked()) == (asked.1, asked.2)
        };
        spawn_local(async move {
            let page = ipc::call(ReadComparedCases {
                of,
                pair: pair as u32,
                verdict: verdict as u32,
                from: 0,
                to: CASES,
            });
            let page = page.await;
            if still() {
                self.cases.set(page.map(Arc::new).into());
                self.read_outputs();
            }
        });
    }

    /// The cases, broken ones first.
    pub fn cases(self) -> Signal<Load<Arc<ComparedCasePage>>> {
        self.cases.into()
    }

    /// The place of the chosen case.
    pub fn chosen(self) -> Signal<usize> {
        self.chosen.into()
    }

    /// The chosen case.
    pub fn case(self) -> Option<ComparedCaseLine> {
        let at = self.chosen.get();
        self.cases.with(|cases| cases.ready()?.cases.get(at).cloned())
    }

    /// Chooses a case by its place in the list.
    pub fn choose_case(self, at: usize) {
        let count = self.case_count();
        let at = at.min(count.saturating_sub(1));
        if self.chosen.get_untracked() != at {
            self.chosen.set(at);
            self.read_outputs();
        }
    }

    /// Chooses a case by its id.
    pub fn choose_case_named(self, id: &str) {
        let at = self
            .cases
            .with_untracked(|cases| cases.ready()?.cases.iter().position(|case| case.case == id));
        if let Some(at) = at {
            self.choose_case(at);
        }
    }

    fn case_count(self) -> usize {
        self.cases.with_untracked(|cases| cases.ready().map_or(0, |page| page.cases.len()))
    }

    fn read_outputs(self) {
        self.change.set(None);
        let Some(case) = untrack(|| self.case()) else { return self.outputs.set(None) };
        let (Some(base), Some(head)) = (self.base.get_untracked(), self.head.get_untracked())
        else {
            return;
        };
        let third = self.third.get_untracked();
        self.outputs.set(Some(Load::Loading));
        spawn_local(async move {
            let outputs = read_outputs(&case, (base, head), third).await;
            if untrack(|| self.case()).is_some_and(|now| now.case == case.case) {
                self.outputs.set(outputs.map(|outputs| outputs.into()));
            }
        });
    }

    /// The outputs of the chosen case.
    pub fn outputs(self) -> Signal<Option<Load<Outputs>>> {
        self.outputs.into()
    }

    /// How the outputs are held against each other.
    pub fn by(self) -> RwSignal<By> {
        self.by
    }

    /// Which change the keyboard is at.
    pub fn change(self) -> Signal<Option<usize>> {
        self.change.into()
    }

    /// Goes on to the next change, or back; out of a case into the next one.
    pub fn step(self, by: i32) {
        let changes = self.outputs.with_untracked(|outputs| {
            let outputs = outputs.as_ref()?.ready()?;
            let texts = (model::text_of(&outputs.base), model::text_of(&outputs.head));
            Some(model::side_by_side(texts.0, texts.1, self.by.get_untracked()).changes)
        });
        let next = model::stepped(self.change.get_untracked(), by, changes.unwrap_or(0));
        if next.is_some() {
            return self.change.set(next);
        }
        let at = self.chosen.get_untracked() as i64 + i64::from(by);
        if let Ok(at) = usize::try_from(at) {
            self.choose_case(at);
        }
    }
}

impl Default for Versus {
    fn default() -> Self {
        Self::new()
    }
}

type Sides = (SideRef, SideRef);

/// The first sample of both sides, and of one more column where that has the case.
async fn read_outputs(
    case: &ComparedCaseLine,
    (base, head): Sides,
    third: Option<SideRef>,
) -> Option<Result<Outputs, ApiError>> {
    let cell = |run: &str, cells: &[u32]| {
        let cell = cells.first().copied()?;
        Some(ReadCell { run: run.to_owned(), cell })
    };
    let (ours, theirs) = (cell(&base.run, &case.base_cells)?, cell(&head.run, &case.head_cells)?);
    let read = async {
        let (ours, theirs) = (ipc::call(ours).await?, ipc::call(theirs).await?);
        let third = match third {
            Some(third) => read_third(case, base, third).await?,
            None => None,
        };
        Ok::<Outputs, ApiError>(Outputs { base: ours, head: theirs, third })
    };
    Some(read.await)
}

/// The third column has its cell for the case in a comparison of its own.
async fn read_third(
    case: &ComparedCaseLine,
    base: SideRef,
    third: SideRef,
) -> Result<Option<CellView>, ApiError> {
    let run = third.run.clone();
    let of = ReadComparison { base, head: third, prompts: Vec::new() };
    let page = ipc::call(ReadComparedCases { of, pair: 0, verdict: 0, from: 0, to: CASES }).await?;
    let cell = page.cases.iter().find(|line| line.case == case.case);
    match cell.and_then(|line| line.head_cells.first().copied()) {
        Some(cell) => ipc::call(ReadCell { run, cell }).await.map(Some),
        None => Ok(None),
    }
}
