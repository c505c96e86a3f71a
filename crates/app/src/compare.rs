//! Comparisons: what a person names, the verdict between two sides, and its cases by the page.

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard, OnceLock, PoisonError};

use assay_engine::{
    Compared, ComparedCase, ComparedGate, ComparedPair, GateWord, Power, SideOf, Spent, What,
};
use assay_score::stats::Interval;
use assay_score::verdict::{
    Changed, Direction, Kind, Leaning, ScorerVerdict, Slice, Verdict, Word,
};
use assay_score::{Mean, mean_score};
use assay_store::{RunId, RunRecord, StoreError};
use assay_wire::*;

use crate::app::App;
use crate::at::revision_named;
use crate::error::Explain;
use crate::judges::ComparedJudges;
use crate::prefix::Prefixes;
use crate::ratings::Spoken;
use crate::results::{column_view, no_run, preview};
use crate::router::Answer;

/// Cases a page may hold.
const MAX_PAGE: u32 = 20_000;

/// Runs that a trend looks through at most, and how large they may be: it is drawn while somebody waits.
const MOST_OF_TREND: u32 = 50;
const MOST_CELLS_OF_TREND: u32 = 20_000;

/// Comparisons that are kept.
const MOST_KEPT: usize = 3;

/// A comparison that is worked out or being worked out, and of what.
pub(crate) struct KeptComparison {
    of: ReadComparison,
    /// How far its runs were, and what people had said.
    stands: ([Stand; 2], Spoken),
    found: Arc<Found>,
}

/// What came of a comparison, as soon as somebody has worked it out.
type Found = OnceLock<Result<Arc<Worked>, ApiError>>;

/// A comparison with what a provider's cache can keep of each pair.
#[derive(Clone)]
pub(crate) struct Worked {
    compared: Compared,
    prefixes: Vec<Option<PrefixView>>,
}

/// How far a run is: another answer, or another score, is another comparison.
type Stand = (u32, u32, Option<i64>, bool);

impl Answer<ResolveSide> for App {
    fn answer(&self, command: ResolveSide) -> Result<SideFound, ApiError> {
        let ResolveSide { name } = command;
        if let Some(side) = self.named_run(&name)? {
            return Ok(SideFound::Run(side));
        }
        let open = self.workspace()?;
        match revision_named(&open.workspace, &name) {
            Ok(revision) => Ok(SideFound::Revision { name, commit: revision.id() }),
            Err(error) => Err(error.hint("A run goes by its id; `assay runs` lists them.")),
        }
    }
}

impl Answer<ReadComparison> for App {
    fn answer(&self, command: ReadComparison) -> Result<ComparisonView, ApiError> {
        let (worked, going) = self.compared(&command)?;
        let Worked { compared, prefixes } = worked.as_ref();
        let judges = self.compared_judges(&compared.base.run, &compared.head.run)?;
        Ok(ComparisonView {
            base: command.base,
            head: command.head,
            going,
            pairs: compared
                .pairs
                .iter()
                .zip(prefixes)
                .map(|(pair, prefix)| PairView { prefix: *prefix, ..pair_view(pair, &judges) })
                .collect(),
            left_out: compared.left_out.clone(),
            ok: compared.holds() && !compared.is_incomplete(),
            broken: compared.is_broken(),
            incomplete: compared.is_incomplete(),
        })
    }
}

impl Answer<ReadComparedCases> for App {
    fn answer(&self, command: ReadComparedCases) -> Result<ComparedCasePage, ApiError> {
        let ReadComparedCases { of, pair, verdict, from, to } = command;
        if to.saturating_sub(from) > MAX_PAGE {
            let message = format!("a page holds at most {MAX_PAGE} cases, not {}", to - from);
            return Err(ApiError::new(Code::BadInput, message));
        }
        let (worked, _) = self.compared(&of)?;
        let pair = worked.compared.pairs.get(pair as usize).ok_or_else(|| {
            ApiError::new(Code::NotFound, format!("this comparison has no pair {pair}"))
        })?;
        let lines = case_lines(pair, verdict as usize);
        let total = lines.len() as u32;
        let page = lines.into_iter().skip(from as usize).take(to.saturating_sub(from) as usize);
        Ok(ComparedCasePage { total, from, cases: page.collect() })
    }
}

impl Answer<ReadTrend> for App {
    fn answer(&self, command: ReadTrend) -> Result<Vec<TrendPoint>, ApiError> {
        let open = self.workspace()?;
        let limit = command.limit.min(MOST_OF_TREND) as usize;
        let runs = self.inner.store.runs(&open.id, limit).map_err(|e| e.explain())?;
        let mut points = Vec::new();
        for run in runs.iter().rev().filter(|run| run.total <= MOST_CELLS_OF_TREND) {
            points.extend(self.trend_of(run, &command.prompt).map_err(|e| e.explain())?);
        }
        Ok(points)
    }
}

impl App {
    fn trend_of(&self, run: &RunRecord, prompt: &str) -> Result<Vec<TrendPoint>, StoreError> {
        let store = &self.inner.store;
        let columns = store.columns(&run.id)?;
        if !columns.iter().any(|column| column.prompt == prompt) {
            return Ok(Vec::new());
        }
        let scorers = store.scorers(&run.id)?;
        let mut points = Vec::new();
        for stats in store.column_stats(&run.id)? {
            let column = columns.get(stats.column as usize).filter(|c| c.prompt == prompt);
            let Some(column) = column else { continue };
            let means = stats.scores.iter().map(|scores| mean_score(&scores.values));
            let judged = scorers.iter().zip(means).filter_map(|(id, mean)| Some((id, mean?)));
            points.extend(judged.map(|(scorer, mean)| TrendPoint {
                run: run.id.to_string(),
                created_ms: run.created_ms,
                column: column_view(column),
                scorer: scorer.clone(),
                mean: mean_view(mean),
            }));
        }
        Ok(points)
    }

    /// A run, or `RUN/VARIANT`, `RUN@MODEL`, `RUN/VARIANT@MODEL`; none when the name begins with no run.
    fn named_run(&self, name: &str) -> Result<Option<SideRef>, ApiError> {
        let end = name.find(['/', '@']).unwrap_or(name.len());
        let (run, rest) = name.split_at(end);
        let run = match run {
            "last" => self.answer(ListRuns { limit: 1 })?.into_iter().next().map(|run| run.run),
            run => {
                let record = self.inner.store.run_record(&RunId::new(run));
                record.map_err(|e| e.explain())?.map(|record| record.id.to_string())
            }
        };
        let Some(run) = run else { return Ok(None) };
        let (variant, model) = match rest.split_once('@') {
            Some((variant, model)) => (variant, Some(model)),
            None => (rest, None),
        };
        let named = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let side = SideRef {
            variant: named(variant.trim_start_matches('/')),
            model: model.and_then(named),
            ..SideRef::run(run)
        };
        self.refuse_unknown_part(&side)?;
        Ok(Some(side))
    }

    fn refuse_unknown_part(&self, side: &SideRef) -> Result<(), ApiError> {
        let detail = self.inner.store.run(&RunId::new(&side.run)).map_err(|e| e.explain())?;
        let columns = detail.ok_or_else(|| no_run(&side.run))?.columns;
        let unknown = |what: &str, name: &str, mut known: Vec<String>| {
            known.sort();
            known.dedup();
            ApiError::new(Code::NotFound, format!("run `{}` has no {what} `{name}`", side.run))
                .hint(format!("It has {}.", known.join(", ")))
        };
        match (&side.variant, &side.model) {
            (Some(variant), _) if !columns.iter().any(|c| c.variant == *variant) => {
                Err(unknown("variant", variant, columns.into_iter().map(|c| c.variant).collect()))
            }
            (_, Some(model)) if !columns.iter().any(|c| c.model == *model) => {
                Err(unknown("model", model, columns.into_iter().map(|c| c.model).collect()))
            }
            _ => Ok(()),
        }
    }

    /// The comparison, and whether a side is still being answered. The last few are kept: their cases are asked page by
    /// page, and a third column beside two others is a comparison of its own.
    ///
    /// It takes seconds to work out, and nobody who asks for another waits for it. Who asks for the same does.
    fn compared(&self, of: &ReadComparison) -> Result<(Arc<Worked>, bool), ApiError> {
        let records = [self.record(&of.base.run)?, self.record(&of.head.run)?];
        let stands = [self.stand(&records[0]), self.stand(&records[1])];
        let going = stands.iter().any(|stand| stand.3);
        let found = self.comparison_of(of, (stands, self.spoken()?));
        let compared = found.get_or_init(|| self.work_out(of)).clone();
        if compared.is_err() {
            // What stood in the way may be gone the next time.
            self.kept_comparisons().retain(|kept| !Arc::ptr_eq(&kept.found, &found));
        }
        Ok((compared?, going))
    }

    /// Where a comparison stands, or will stand.
    fn comparison_of(&self, of: &ReadComparison, stands: ([Stand; 2], Spoken)) -> Arc<Found> {
        let mut all = self.kept_comparisons();
        if let Some(kept) = all.iter().find(|kept| kept.of == *of && kept.stands == stands) {
            return Arc::clone(&kept.found);
        }
        all.retain(|kept| kept.of != *of);
        if all.len() == MOST_KEPT {
            all.remove(0);
        }
        let found = Arc::default();
        all.push(KeptComparison { of: of.clone(), stands, found: Arc::clone(&found) });
        found
    }

    fn work_out(&self, of: &ReadComparison) -> Result<Arc<Worked>, ApiError> {
        let people = self.people_of([&of.base.run, &of.head.run])?;
        let (base, head) = (side_of(&of.base), side_of(&of.head));
        let compared = self.inner.engine.compare_with(&base, &head, &of.prompts, &people);
        let compared = compared.map_err(|e| e.explain())?;
        let known = Prefixes::of(self, &compared)?;
        let prefixes = compared.pairs.iter().map(|pair| known.of_pair(pair)).collect();
        Ok(Arc::new(Worked { compared, prefixes }))
    }

    fn kept_comparisons(&self) -> MutexGuard<'_, Vec<KeptComparison>> {
        self.inner.compared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stand(&self, record: &RunRecord) -> Stand {
        (record.done, record.failed, record.ended_ms, self.is_going(record))
    }
}

fn side_of(side: &SideRef) -> SideOf {
    SideOf {
        run: RunId::new(&side.run),
        label: side.label.clone().unwrap_or_else(|| side.run.clone()),
        variant: side.variant.clone(),
        model: side.model.clone(),
    }
}

fn pair_view(pair: &ComparedPair, judges: &ComparedJudges) -> PairView {
    let verdict = &pair.verdict;
    PairView {
        prompt: pair.prompt.clone(),
        subject: verdict.subject.clone(),
        base_name: verdict.base.clone(),
        head_name: verdict.head.clone(),
        base: column_view(&pair.base),
        head: column_view(&pair.head),
        cases: pair.cases.len() as u32,
        verdicts: verdict
            .scorers
            .iter()
            .map(|scorer| {
                let note = judges.note(&pair.base, &pair.head, &scorer.scorer);
                verdict_view(verdict, scorer, note)
            })
            .collect(),
        refused: pair
            .refused
            .iter()
            .map(|refused| RefusedView {
                scorer: refused.scorer.clone(),
                gate: refused.gate,
                reason: refused.reason.clone(),
            })
            .collect(),
        gates: pair.gates.iter().map(|gate| gate_view(pair, gate, judges)).collect(),
        spent: pair.spent.iter().map(spent_view).collect(),
        prefix: None,
        differing: pair.differing.clone(),
        unpaired: pair.unpaired.clone(),
    }
}

/// `note` is what is to be said of a scorer that is a judge.
fn verdict_view(verdict: &Verdict, scorer: &ScorerVerdict, note: Option<String>) -> VerdictView {
    let text = text(verdict, scorer);
    let line = noted(one_line(&text), note.as_deref());
    let text = note.map_or_else(|| text.clone(), |note| format!("{}\n{note}", text.trim_end()));
    let first = |cases: &[String]| cases.iter().take(MOST_NAMED).cloned().collect();
    VerdictView {
        scorer: scorer.scorer.clone(),
        signature: scorer.signature.clone(),
        is_rate: scorer.kind == Kind::PassFail,
        lower_is_better: scorer.direction == Direction::LowerIsBetter,
        gate: scorer.gate,
        word: word(scorer.word),
        leaning: scorer.leaning.map(|leaning| match leaning {
            Leaning::Better => VerdictWord::Better,
            Leaning::Worse => VerdictWord::Worse,
        }),
        cases: scorer.cases as u32,
        sources: scorer.sources.map(|sources| sources as u32),
        base: mean_view(scorer.base),
        head: mean_view(scorer.head),
        change: scorer.change,
        interval: interval(scorer.interval),
        test: scorer.test.clone(),
        p: scorer.p,
        p_adjusted: scorer.holm_p,
        margin: scorer.margin,
        detectable: scorer.detectable,
        rows_needed: scorer.more_cases.map(|more| more as u32),
        fixed: scorer.changed.fixed.len() as u32,
        broken: scorer.changed.broken.len() as u32,
        unchanged: scorer.changed.unchanged.len() as u32,
        fixed_cases: first(&scorer.changed.fixed),
        broken_cases: first(&scorer.changed.broken),
        errors: (scorer.errors.base as u32, scorer.errors.head as u32),
        slices: scorer.slices.iter().map(slice_view).collect(),
        line,
        text,
    }
}

/// One scorer's verdict on one line, with what is to be said of a judge.
pub(crate) fn verdict_line(
    pair: &ComparedPair,
    scorer: &ScorerVerdict,
    judges: Option<&ComparedJudges>,
) -> String {
    let note = judges.and_then(|judges| judges.note(&pair.base, &pair.head, &scorer.scorer));
    noted(one_line(&text(&pair.verdict, scorer)), note.as_deref())
}

fn noted(line: String, note: Option<&str>) -> String {
    note.map_or_else(|| line.clone(), |note| format!("{line} · {note}"))
}

/// One scorer's verdict as a paragraph of its own.
fn text(verdict: &Verdict, scorer: &ScorerVerdict) -> String {
    Verdict { scorers: vec![scorer.clone()], ..verdict.clone() }.to_string()
}

/// The paragraph on one line: what is compared, the numbers and the word, without the advice.
fn one_line(text: &str) -> String {
    let mut lines = text.lines();
    let (what, numbers) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let word = lines.next().and_then(|line| line.split("**").nth(1)).unwrap_or_default();
    format!("{what} · {} · {word}", numbers.replace("**", ""))
}

fn word(word: Word) -> VerdictWord {
    match word {
        Word::Better => VerdictWord::Better,
        Word::Worse => VerdictWord::Worse,
        Word::Equivalent => VerdictWord::Equivalent,
        Word::Inconclusive => VerdictWord::Inconclusive,
        Word::Incomplete => VerdictWord::Incomplete,
    }
}

fn slice_view(slice: &Slice) -> SliceView {
    SliceView {
        tag: slice.tag.clone(),
        cases: slice.cases as u32,
        base: mean_view(slice.base),
        head: mean_view(slice.head),
        change: slice.change,
        interval: interval(slice.interval),
        p_adjusted: slice.adjusted_p,
        fixed: slice.fixed as u32,
        broken: slice.broken as u32,
    }
}

fn gate_view(
    pair: &ComparedPair,
    gate: &ComparedGate,
    judges: &ComparedJudges,
) -> ComparedGateView {
    let note = judges.note(&pair.base, &pair.head, &gate.subject);
    ComparedGateView {
        subject: gate.subject.clone(),
        tags: gate.tags.clone(),
        margin: gate.margin,
        word: match gate.word {
            GateWord::Holds => ComparedGateWord::Holds,
            GateWord::Broken => ComparedGateWord::Broken,
            GateWord::NotShown => ComparedGateWord::NotShown,
            GateWord::Incomplete => ComparedGateWord::Incomplete,
        },
        reason: note.map_or_else(|| gate.reason.clone(), |note| format!("{}; {note}", gate.reason)),
    }
}

fn spent_view(spent: &Spent) -> SpentView {
    let what = match spent.what {
        What::Cost => "cost",
        What::Latency => "latencyMs",
        What::InputTokens => "inputTokens",
        What::OutputTokens => "outputTokens",
    };
    SpentView {
        what: what.to_owned(),
        base: spent.base,
        head: spent.head,
        change: mean_view(spent.change),
    }
}

fn mean_view(mean: Mean) -> MeanView {
    MeanView { mean: mean.mean, low: mean.low, high: mean.high, n: mean.n as u32 }
}

fn interval(interval: Option<Interval>) -> Option<IntervalView> {
    interval.map(|Interval { low, high }| IntervalView { low, high })
}

/// The cases of a pair as one scorer sees them: broken first, then fixed, as the verdict orders them, then the others.
fn case_lines(pair: &ComparedPair, verdict: usize) -> Vec<ComparedCaseLine> {
    let mut places: HashMap<&str, (usize, usize)> = HashMap::new();
    if let Some(scorer) = pair.verdict.scorers.get(verdict) {
        let Changed { broken, fixed, unchanged } = &scorer.changed;
        for (list, ids) in [broken, fixed, unchanged].into_iter().enumerate() {
            // The unchanged keep the order of the file, as the matrix has them.
            let at = |place: usize| if list < 2 { place } else { 0 };
            places.extend(ids.iter().enumerate().map(|(n, id)| (id.as_str(), (list, at(n)))));
        }
    }
    let place = |case: &ComparedCase| places.get(case.id.as_str()).copied().unwrap_or((3, 0));
    let mut lines: Vec<_> = pair.cases.iter().map(|case| (place(case), case)).collect();
    lines.sort_by_key(|(place, _)| *place);
    lines.into_iter().map(|((list, _), case)| case_line(case, list, verdict)).collect()
}

fn case_line(case: &ComparedCase, list: usize, verdict: usize) -> ComparedCaseLine {
    let [base, head] = case.values.get(verdict).copied().unwrap_or_default();
    ComparedCaseLine {
        case: case.id.clone(),
        preview: preview(&case.case),
        tags: case.case.tags.clone(),
        turn: match list {
            0 => CaseTurn::Broken,
            1 => CaseTurn::Fixed,
            2 => CaseTurn::Unchanged,
            _ => CaseTurn::Unjudged,
        },
        base,
        head,
        base_cells: case.base.clone(),
        head_cells: case.head.clone(),
    }
}

/// What so many cases can show, in words.
pub(crate) fn power_view(power: Power) -> PowerView {
    let counted = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let size = match power.sources {
        Some(sources) => {
            format!("{} of {}", counted(power.cases, "case"), counted(sources, "source"))
        }
        None => counted(power.cases, "case"),
    };
    let known = match &power.told_by {
        Some(run) => format!("as the answers of run {run} differ"),
        None => "if one case in five changes".to_owned(),
    };
    PowerView {
        text: format!(
            "{}: {size} can detect ±{:.1} points, {known}",
            power.name,
            100.0 * power.detectable
        ),
        prompt: power.prompt,
        cases: power.cases as u32,
        sources: power.sources.map(|sources| sources as u32),
        detectable: power.detectable,
        told_by: power.told_by.map(|run| run.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_on_one_line_says_what_the_numbers_and_the_word() {
        let text = "p · b against a · 9 cases, paired · s\n1 → 2 · change **+1** · p = .5\n**Better.** More.";
        assert_eq!(
            one_line(text),
            "p · b against a · 9 cases, paired · s · 1 → 2 · change +1 · p = .5 · Better."
        );
    }

    #[test]
    fn power_is_said_in_points() {
        let power = Power {
            prompt: "prompts/triage".to_owned(),
            name: "triage".to_owned(),
            cases: 60,
            sources: None,
            detectable: 0.1669,
            told_by: None,
        };
        assert_eq!(
            power_view(power).text,
            "triage: 60 cases can detect ±16.7 points, if one case in five changes"
        );
    }
}
