//! What is compared and what came of it, shared by the Compare and the Charts view.
//!
//! The application works the comparison out; here is what was chosen and the part that is on screen. Nothing is asked
//! while neither view is.

use std::{collections::BTreeMap, sync::Arc};

use assay_wire::{
    ApiError, ColumnView, ComparedCaseLine, ComparedCasePage, ComparisonView, ListRuns, Notice,
    PairView, ReadComparedCases, ReadComparison, ReadRun, RunState, RunSummary, SideRef,
    VerdictView,
};
use leptos::{prelude::*, task::spawn_local};

use super::{
    model::{self, By},
    reading::{Outputs, read_outputs},
};
use crate::{
    ipc,
    state::{Desk, Latest, Load, Notices, Runs, Spending, Tab, context},
};

/// Cases that are listed; the broken and fixed ones come first.
pub const CASES: u32 = 5_000;

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
    asked: Latest,
    /// Whether what is on screen is being worked out anew.
    reading: RwSignal<bool>,
    /// For each side: the last choice of a run counts.
    picks: [Latest; 3],
    shown: Signal<Option<String>>,
    desk: Desk,
}

impl Versus {
    /// Compares the columns of the run that [`Runs`] shows, until something else is chosen.
    pub fn new() -> Self {
        let versus = Self::blank();
        let shown = versus.shown;
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
            asked: Latest::new(),
            reading: RwSignal::new(false),
            picks: [Latest::new(), Latest::new(), Latest::new()],
            shown: context::<Runs>().shown(),
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
        for side in [Side::Base, Side::Head, Side::Third] {
            self.picks(side).ask();
            self.side_signal(side).set(None);
        }
        self.asked.ask();
        self.reading.set(false);
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
        let question = self.asked.ask();
        self.view.set(Some(Load::Loading));
        spawn_local(async move {
            self.read_runs().await;
            let columns = self.read_columns(&run).await;
            // Another run may be shown by now, or two sides chosen.
            if !self.asked.is_last(question) {
                return;
            }
            match columns {
                Ok(columns) => self.begin(&run, &columns),
                Err(error) => self.view.set(Some(Load::Failed(error))),
            }
        });
    }

    async fn read_runs(self) {
        // Without the list the sides that are chosen are compared all the same.
        if let Ok(runs) = ipc::call(ListRuns { limit: RUNS }).await {
            self.runs.set(runs);
        }
    }

    /// The choices of a run for a side.
    fn picks(self, side: Side) -> Latest {
        self.picks[side as usize]
    }

    /// Compares two runs, whatever was compared before.
    fn compare(self, base: SideRef, head: SideRef) {
        let runs = [base.run.clone(), head.run.clone()];
        for side in [Side::Base, Side::Head, Side::Third] {
            self.picks(side).ask();
        }
        self.third.set(None);
        self.base.set(Some(base));
        self.head.set(Some(head));
        self.pair.set(0);
        self.verdict.set(0);
        self.read();
        spawn_local(async move {
            self.read_runs().await;
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
        let read = ipc::call(ReadRun { run: run.to_owned(), rows: false }).await?;
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
        let (signal, pick) = (self.side_signal(side), self.picks(side).ask());
        if run.is_empty() {
            signal.set(None);
            return self.read();
        }
        let kept = signal.get_untracked();
        spawn_local(async move {
            let columns = self.read_columns(&run).await.unwrap_or_default();
            // Another run was chosen for it meanwhile.
            if !self.picks(side).is_last(pick) {
                return;
            }
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
        self.picks(side).ask();
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
            self.picks(Side::Base).ask();
            self.picks(Side::Head).ask();
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
        let question = self.asked.ask();
        let Some(of) = self.question() else {
            self.reading.set(false);
            return self.view.set(None);
        };
        if !self.view.with_untracked(|view| view.as_ref().is_some_and(|v| v.ready().is_some())) {
            self.view.set(Some(Load::Loading));
        }
        self.reading.set(true);
        spawn_local(async move {
            let answer = ipc::call(of).await;
            // An answer that was overtaken is of no use.
            if !self.asked.is_last(question) {
                return;
            }
            let view = Load::from(answer.map(Arc::new));
            self.settle(&view);
            self.reading.set(false);
            self.view.set(Some(view));
            self.read_cases();
        });
    }

    /// Tries again after a failure, from wherever it was.
    pub fn try_again(self) {
        match self.base.with_untracked(Option::is_some) {
            true => self.read(),
            false => self.enter(self.shown.get_untracked()),
        }
    }

    /// Whether what is on screen is being worked out anew.
    pub fn is_reading(self) -> bool {
        self.reading.get()
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

    /// Reads the cases of the chosen pair and scorer.
    pub fn read_cases(self) {
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

    /// Reads the outputs of the chosen case.
    pub fn read_outputs(self) {
        self.change.set(None);
        let Some(case) = untrack(|| self.case()) else { return self.outputs.set(None) };
        let (Some(base), Some(head)) = (self.base.get_untracked(), self.head.get_untracked())
        else {
            return;
        };
        let third = self.third.get_untracked();
        self.outputs.set(Some(Load::Loading));
        let asked = self.asked.last();
        spawn_local(async move {
            let outputs = read_outputs(&case, (base, head), third).await;
            let is_chosen = untrack(|| self.case()).is_some_and(|now| now.case == case.case);
            // Sides that are chosen since have their outputs read after their cases.
            if is_chosen && self.asked.is_last(asked) {
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
            let Outputs { base, head, .. } = outputs;
            Some(model::outputs_beside(base, head, self.by.get_untracked()).changes)
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
