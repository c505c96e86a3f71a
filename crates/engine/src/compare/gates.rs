//! The gates that ask for a comparison: `nonInferior`.
//!
//! Such a gate holds when the interval of the change lies above what it calls worse. That not enough cases were asked to
//! show it is no success: the gate does not hold then, and says how many more it takes.

use assay_prompt::GateSpec;
use assay_score::verdict::{
    Comparison, Direction, Kind, Rules, ScorerVerdict, Verdict, Word, compare,
};
use assay_score::{GateCell, judge_gates};
use assay_store::{CellRecord, CellState};

use super::cases::{Asked, Cases};

/// A gate that asks for a comparison, judged.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparedGate {
    /// The scorer's id or the metric's name.
    pub subject: String,
    /// It is about cases with one of these tags; about all when empty.
    pub tags: Vec<String>,
    /// How much worse the head may be, in the measure's own unit.
    pub margin: f64,
    /// The verdict.
    pub word: GateWord,
    /// The least gain that the cases leave open: the lower end of its interval.
    pub low: Option<f64>,
    /// In words.
    pub reason: String,
}

/// What became of a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateWord {
    /// The head is not worse than the gate allows.
    Holds,
    /// It is worse.
    Broken,
    /// Too few cases show that it is not.
    NotShown,
    /// Too much is missing to say.
    Incomplete,
}

/// Judges the gates of the head.
pub(super) fn judge(cases: &Cases, verdict: &Verdict) -> Vec<ComparedGate> {
    let gates = cases.head().prompt.map_or(&[][..], |prompt| &prompt.evals.gates);
    let asks = |gate: &GateSpec| gate.non_inferior.filter(|margin| margin.is_finite());
    gates
        .iter()
        .filter_map(|gate| {
            let margin = asks(gate)?.abs();
            let judged = match (&gate.scorer, &gate.metric) {
                (Some(scorer), _) => scored(cases, verdict, scorer, &gate.tags, margin),
                (None, Some(metric)) => measured(cases, metric, &gate.tags, margin),
                (None, None) => return None,
            };
            let (word, low, reason) = match same_prompt(cases) {
                true => excused(judged, gate.scorer.is_none()),
                false => judged,
            };
            let subject = gate.scorer.as_ref().or(gate.metric.as_ref()).cloned()?;
            Some(ComparedGate { subject, tags: gate.tags.clone(), margin, word, low, reason })
        })
        .collect()
}

type Judged = (GateWord, Option<f64>, String);

/// What is the same need not be shown to be no worse, however few cases there are; and time and money, which have no
/// interval, differ from call to call. But what was shown to be worse is: models change under their names. And what
/// failed or was not judged is missing all the same.
fn excused((word, low, reason): Judged, is_metric: bool) -> Judged {
    let by_chance = word == GateWord::NotShown || (is_metric && word == GateWord::Broken);
    match by_chance {
        true => {
            let same = "the prompt and the model are the same on both sides";
            (GateWord::Holds, low, format!("{same} ({reason})"))
        }
        false => (word, low, reason),
    }
}

fn same_prompt(cases: &Cases) -> bool {
    let (base, head) = (cases.base().column, cases.head().column);
    base.content_id == head.content_id && base.model == head.model
}

fn scored(cases: &Cases, verdict: &Verdict, scorer: &str, tags: &[String], margin: f64) -> Judged {
    let found = match tags.is_empty() {
        true => Ok(verdict.scorers.iter().find(|found| found.scorer == scorer).cloned()),
        false => narrowed(cases, scorer, tags),
    };
    match found {
        Ok(Some(found)) => not_inferior(&found, margin),
        Ok(None) if !cases.paired.is_empty() && tags.is_empty() => {
            (GateWord::Incomplete, None, format!("`{scorer}` could not be compared"))
        }
        // Whoever edits every case, or runs others, has shown nothing.
        Ok(None) if cases.has_asked(scorer, tags) => {
            let reason = "none of its cases was asked alike on both sides";
            (GateWord::Incomplete, None, reason.to_owned())
        }
        Ok(None) => (GateWord::Holds, None, "not judged: there is no such case".to_owned()),
        Err(reason) => (GateWord::Incomplete, None, reason),
    }
}

/// The scorer over the cases with one of these tags; none when there is no such case.
fn narrowed(cases: &Cases, scorer: &str, tags: &[String]) -> Result<Option<ScorerVerdict>, String> {
    let Some(narrow) = cases.scorer_over(scorer, tags) else {
        return Err(format!("`{scorer}` could not be compared"));
    };
    if narrow.cases.is_empty() {
        return Ok(None);
    }
    let found = compare(&Comparison {
        rules: Rules::default(),
        ..Comparison::new("", "", "", vec![narrow])
    });
    found.map(|mut verdict| verdict.scorers.pop()).map_err(|error| error.to_string())
}

fn not_inferior(found: &ScorerVerdict, margin: f64) -> Judged {
    let unit = |value: f64| in_words(found.kind, value);
    if found.word == Word::Incomplete {
        let share = 100.0 * found.errors.share;
        return (
            GateWord::Incomplete,
            None,
            format!("{share:.1} % of the answers failed or were not judged"),
        );
    }
    let gain = |value: f64| match found.direction {
        Direction::HigherIsBetter => value,
        Direction::LowerIsBetter => -value,
    };
    let Some(ends) = ends(found) else {
        let reason = format!("not shown: {} cases do not tell how far it spreads", found.cases);
        return (GateWord::NotShown, None, reason);
    };
    let (low, high) = (ends.map(gain)[0].min(gain(ends[1])), gain(ends[0]).max(gain(ends[1])));
    let limit = -margin - 1e-9;
    if low >= limit && found.word != Word::Worse {
        let reason = format!("at worst {}, and {} is allowed", unit(low), unit(-margin));
        return (GateWord::Holds, Some(low), reason);
    }
    if high < limit || found.word == Word::Worse {
        let reason =
            format!("worse by {}, and {} is allowed", unit(gain(found.change)), unit(-margin));
        return (GateWord::Broken, Some(low), reason);
    }
    let more = found
        .more_cases
        .map_or(String::new(), |more| format!("; about {more} more would settle it"));
    let reason = format!(
        "not shown: {} cases leave {} open, and {} is allowed{more}",
        found.cases,
        unit(low),
        unit(-margin)
    );
    (GateWord::NotShown, Some(low), reason)
}

/// The ends of the change; none where it has an interval that nobody knows.
fn ends(found: &ScorerVerdict) -> Option<[f64; 2]> {
    if let Some(interval) = found.interval {
        return Some([interval.low, interval.high]);
    }
    // Without a spread every case changed alike, so the change is all there is to know. One case shows no spread. A corpus
    // score may have none because it is not defined without one of its cases, and it may change where no case is fixed or
    // broken (probabilities move and classes stay): only a change of nothing is known by itself.
    let several = found.sources.unwrap_or(found.cases) > 1;
    let nothing_changed = found.changed.fixed.is_empty() && found.changed.broken.is_empty();
    let is_nothing = nothing_changed && found.change == 0.0;
    let alike = several && (found.kind != Kind::Corpus || is_nothing);
    alike.then_some([found.change; 2])
}

/// A metric of all answers together: it has no interval, so the numbers decide.
fn measured(cases: &Cases, metric: &str, tags: &[String], margin: f64) -> Judged {
    let value = |side: for<'c> fn(&'c Asked<'_>) -> &'c [&'c CellRecord]| {
        let cells: Vec<GateCell> = cases
            .paired
            .iter()
            .flat_map(|asked| side(asked).iter().map(|cell| gate_cell(&asked.case.tags, cell)))
            .collect();
        let gate = GateSpec {
            scorer: None,
            metric: Some(metric.to_owned()),
            min: None,
            max: Some(f64::MAX),
            non_inferior: None,
            tags: tags.to_owned(),
        };
        let judged = judge_gates(&[gate], &cells, &[]).pop();
        judged.map_or(Err(String::new()), |result| result.value.ok_or(result.reason))
    };
    match (value(|asked| &asked.base), value(|asked| &asked.head)) {
        (Ok(base), Ok(head)) => {
            let word =
                if head - base <= margin + 1e-9 { GateWord::Holds } else { GateWord::Broken };
            let reason =
                format!("{} → {}, and {} more is allowed", short(base), short(head), short(margin));
            (word, Some(base - head), reason)
        }
        (Err(reason), _) | (_, Err(reason)) => (GateWord::Incomplete, None, reason),
    }
}

fn gate_cell<'a>(tags: &'a [String], cell: &CellRecord) -> GateCell<'a> {
    GateCell {
        tags,
        scores: &[],
        latency_ms: cell.latency_ms,
        cost: cell.cost,
        failed: cell.error.is_some(),
        unanswered: !matches!(cell.state, CellState::Done | CellState::Failed),
    }
}

/// A change as the verdict writes it: points of a share, else a number.
fn in_words(kind: Kind, value: f64) -> String {
    let text = match kind {
        Kind::PassFail => format!("{:+.1} points", 100.0 * value),
        _ => format!("{value:+.3}"),
    };
    text.replace('-', "−")
}

/// Up to four decimals, without zeros at the end.
fn short(value: f64) -> String {
    ((value * 1e4).round() / 1e4).to_string()
}
