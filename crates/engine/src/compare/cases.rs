//! The cases that both sides were asked, and what each scorer said of the answers.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use assay_prompt::{Row, ScorerSpec};
use assay_score::verdict::{Answers, ComparedScorer, Measure, PairedCase, Verdict};
use assay_store::{CellRecord, CellState};

use super::Refused;
use super::corpora::Formula;
use super::people::{self, People};
use super::side::Column;

/// Tags that are looked at one by one.
const MOST_SLICES: usize = 40;

/// Scorers whose values go from 0 to 100, where two hundredths are nothing.
const OF_A_HUNDRED: &[&str] = &[
    "bleu",
    "chrf",
    "ter",
    "ratio",
    "partial-ratio",
    "token-sort-ratio",
    "token-set-ratio",
    "weighted-ratio",
];

/// Half a point of such a scale is no difference where no gate says otherwise.
const HALF_A_POINT: f64 = 0.5;
const TWO_POINTS: f64 = 0.02;

/// A case that both sides were asked.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparedCase {
    /// The case's id.
    pub id: String,
    /// The case, as the head was asked it.
    pub case: Row,
    /// The base's cells in its run, one for each sample.
    pub base: Vec<u32>,
    /// The head's.
    pub head: Vec<u32>,
    /// The mean value of each scorer of the verdict, base and head; none where nothing was judged.
    pub values: Vec<[Option<f64>; 2]>,
}

/// What is known of two columns beside the scores of their cells.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// Numbers about whole columns.
    pub formulas: &'a [Formula<'a>],
    pub people: &'a People,
}

/// What two columns have in common.
pub(super) struct Cases<'a> {
    base: &'a Column<'a>,
    head: &'a Column<'a>,
    known: Known<'a>,
    pub paired: Vec<Asked<'a>>,
    pub differing: Vec<String>,
    pub unpaired: Vec<String>,
    /// The tags that get a slice of their own.
    sliced: BTreeSet<&'a str>,
}

/// A case with the answers of both sides.
pub(super) struct Asked<'a> {
    pub case: &'a Row,
    pub base: Vec<&'a CellRecord>,
    pub head: Vec<&'a CellRecord>,
}

/// A case of one side, with its samples.
type Sampled<'a> = (&'a Row, Vec<&'a CellRecord>);

impl<'a> Cases<'a> {
    pub fn of(base: &'a Column<'a>, head: &'a Column<'a>, known: Known<'a>) -> Cases<'a> {
        let mut theirs = by_case(base);
        let (paired, differing, unpaired) = (Vec::new(), Vec::new(), Vec::new());
        let sliced = BTreeSet::new();
        let mut cases = Cases { base, head, known, paired, differing, unpaired, sliced };
        for (case, cells) in in_order(head) {
            match theirs.remove(case.id.as_str()) {
                None => cases.unpaired.push(case.id.clone()),
                Some((other, _)) if !asks_the_same(case, other) => {
                    cases.differing.push(case.id.clone());
                }
                Some((_, base)) => cases.paired.push(Asked { case, base, head: cells }),
            }
        }
        cases.unpaired.extend(theirs.into_keys().map(str::to_owned));
        cases.sliced = commonest_tags(cases.paired.iter().map(|asked| asked.case));
        cases
    }

    pub fn base(&self) -> &'a Column<'a> {
        self.base
    }

    pub fn head(&self) -> &'a Column<'a> {
        self.head
    }

    /// The scorers of the head with the values of both sides, and those that only one side has.
    pub fn scorers(&self) -> (Vec<ComparedScorer<'a>>, Vec<Refused>) {
        let (ours, theirs) = (specs(self.head), specs(self.base));
        let alone = |spec: &ScorerSpec, side: &str| Refused {
            scorer: spec.id.clone(),
            gate: self.is_gate(&spec.id),
            reason: format!("only the {side} has this scorer"),
        };
        let mut refused = Vec::new();
        let mut scorers = Vec::new();
        for spec in ours {
            match theirs.iter().find(|other| other.id == spec.id) {
                Some(other) => scorers.push(self.scorer(&spec.id, spec, other, &[])),
                None => refused.push(alone(spec, "head")),
            }
        }
        let gone = theirs.iter().filter(|spec| !ours.iter().any(|other| other.id == spec.id));
        refused.extend(gone.map(|spec| alone(spec, "base")));
        let others = self.known.formulas.iter().filter(|formula| formula.name != formula.scorer);
        scorers.extend(others.filter_map(|formula| self.scorer_over(formula.name, &[])));
        // What looks at none of these cases has nothing to say of them, and a judge of pairs nothing of its baseline.
        scorers.retain(|scorer| {
            let own = [self.base, self.head].map(|column| is_own_baseline(column, &scorer.scorer));
            !scorer.cases.is_empty() && own != [true; 2]
        });
        scorers.extend(people::Asked::ALL.into_iter().filter_map(|asked| self.rated(asked)));
        (scorers, refused)
    }

    /// One scorer, or one of its numbers, over the cases with one of these tags, or over all.
    pub fn scorer_over(&self, name: &str, tags: &[String]) -> Option<ComparedScorer<'a>> {
        let id = self.formula(name).map_or(name, |formula| formula.scorer);
        let of = |column| specs(column).iter().find(|spec: &&ScorerSpec| spec.id == id);
        Some(self.scorer(name, of(self.head)?, of(self.base)?, tags))
    }

    /// Whether the head was asked a case with one of these tags that a scorer looks at, be it one that can be compared or
    /// not.
    pub fn has_asked(&self, name: &str, tags: &[String]) -> bool {
        let id = self.formula(name).map_or(name, |formula| formula.scorer);
        let looks_at = specs(self.head).iter().find(|spec| spec.id == id).map(|spec| &spec.tags);
        let is_meant =
            |case: &Row| has_one(case, tags) && looks_at.is_none_or(|looked| has_one(case, looked));
        in_order(self.head).iter().any(|(case, _)| is_meant(case))
    }

    fn scorer(
        &self,
        name: &str,
        spec: &ScorerSpec,
        base: &ScorerSpec,
        tags: &[String],
    ) -> ComparedScorer<'a> {
        let meant = |case: &Row| {
            has_one(case, tags) && has_one(case, &spec.tags) && has_one(case, &base.tags)
        };
        let cases = self.cases(name, meant);
        let formula = self.formula(name);
        let measure = match formula {
            Some(formula) => Measure::Corpus(&*formula.score),
            None => measure(&cases),
        };
        let [base_signature, head_signature] = match formula {
            Some(formula) => formula.signatures.clone(),
            None => [self.base.made.signature(&base.id), self.head.made.signature(&spec.id)],
        };
        ComparedScorer {
            base_signature,
            head_signature,
            direction: match formula {
                Some(formula) => formula.direction,
                None => self.head.made.direction(&spec.id),
            },
            margin: self.margin(name).unwrap_or_else(|| usual_margin(spec)),
            gate: self.is_gate(name),
            ..ComparedScorer::new(name, measure, cases)
        }
    }

    /// What people say; nothing where no case was rated on both sides.
    fn rated(&self, asked: people::Asked) -> Option<ComparedScorer<'a>> {
        if self.is_scorer(asked.name()) {
            return None;
        }
        let mut cases = self.cases(asked.name(), |_| true);
        cases.retain(|case| !(case.base.values.is_empty() && case.head.values.is_empty()));
        let is_whole =
            |case: &PairedCase| !case.base.values.is_empty() && !case.head.values.is_empty();
        cases.iter().any(is_whole).then(|| ComparedScorer {
            base_signature: asked.signature().to_owned(),
            head_signature: asked.signature().to_owned(),
            gate: false,
            ..ComparedScorer::new(asked.name(), asked.measure(), cases)
        })
    }

    /// The cases that are meant, with what was said of their answers.
    fn cases(&self, name: &str, meant: impl Fn(&Row) -> bool) -> Vec<PairedCase> {
        let paired = self.paired.iter().filter(|asked| meant(asked.case));
        let case = |asked: &Asked| PairedCase {
            id: asked.case.id.clone(),
            source: asked.case.group.clone(),
            tags: self.slices_of(asked.case),
            base: self.said(0, name, &asked.base),
            head: self.said(1, name, &asked.head),
        };
        paired.map(case).collect()
    }

    /// What was said of the answers to a case, of the base (0) or the head (1): by people, by a number about the column,
    /// or by a scorer.
    fn said(&self, side: usize, name: &str, cells: &[&CellRecord]) -> Answers {
        let column = [self.base, self.head][side];
        let asked = people::Asked::named(name).filter(|_| !self.is_scorer(name));
        if let Some(asked) = asked {
            return asked.answers(self.known.people, &column.side.of.run, cells);
        }
        let Some(formula) = self.formula(name) else { return answers(column, name, cells) };
        let noted = cells.iter().filter_map(|cell| formula.noted(side, cell.ordinal));
        let statistics: Vec<_> = noted.cloned().collect();
        // Their values say which cases changed.
        let of_cells = answers(column, formula.scorer, cells);
        Answers { errors: cells.len() - statistics.len(), statistics, ..of_cells }
    }

    fn formula(&self, name: &str) -> Option<&'a Formula<'a>> {
        self.known.formulas.iter().find(|formula| formula.name == name)
    }

    fn is_scorer(&self, name: &str) -> bool {
        [self.base, self.head].iter().any(|side| specs(side).iter().any(|spec| spec.id == name))
    }

    fn slices_of(&self, case: &Row) -> Vec<String> {
        case.tags.iter().filter(|tag| self.sliced.contains(tag.as_str())).cloned().collect()
    }

    fn is_gate(&self, scorer: &str) -> bool {
        let gates = self.head.prompt.map_or(&[][..], |prompt| &prompt.evals.gates);
        gates.iter().any(|gate| gate.scorer.as_deref() == Some(scorer))
    }

    /// What a gate over all cases calls no difference.
    fn margin(&self, scorer: &str) -> Option<f64> {
        let gates = &self.head.prompt?.evals.gates;
        let mut of_all = gates
            .iter()
            .filter(|gate| gate.scorer.as_deref() == Some(scorer) && gate.tags.is_empty());
        of_all.find_map(|gate| gate.non_inferior.filter(|margin| margin.is_finite()))
    }

    /// The cases with their values, by the scorers of the verdict.
    pub fn listed(&self, verdict: &Verdict) -> Vec<ComparedCase> {
        let ordinals = |cells: &[&CellRecord]| cells.iter().map(|cell| cell.ordinal).collect();
        let value = |side, scorer: &str, cells: &[&CellRecord]| {
            let values = self.said(side, scorer, cells).values;
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        };
        let listed = |asked: &Asked| ComparedCase {
            id: asked.case.id.clone(),
            case: asked.case.clone(),
            base: ordinals(&asked.base),
            head: ordinals(&asked.head),
            values: verdict
                .scorers
                .iter()
                .map(|s| [value(0, &s.scorer, &asked.base), value(1, &s.scorer, &asked.head)])
                .collect(),
        };
        self.paired.iter().map(listed).collect()
    }
}

/// Two points of a share or a score of 0 to 1, half a point of one of 0 to 100.
fn usual_margin(spec: &ScorerSpec) -> f64 {
    if OF_A_HUNDRED.contains(&spec.kind.as_str()) { HALF_A_POINT } else { TWO_POINTS }
}

fn specs<'a>(column: &Column<'a>) -> &'a [ScorerSpec] {
    column.prompt.map_or(&[], |prompt| &prompt.evals.scorers)
}

/// A column's cases with their samples, in the order of the rows. What is another shard's is nobody's error: it is as
/// if it had not been asked.
fn in_order<'a>(column: &Column<'a>) -> Vec<Sampled<'a>> {
    let mut cases: Vec<Sampled> = Vec::new();
    let mut places = BTreeMap::new();
    for (case, cell) in column.cells().filter(|(_, cell)| cell.state != CellState::Skipped) {
        let place = *places.entry(case.id.as_str()).or_insert(cases.len());
        match cases.get_mut(place) {
            Some((_, cells)) => cells.push(cell),
            None => cases.push((case, vec![cell])),
        }
    }
    cases
}

fn by_case<'a>(column: &Column<'a>) -> BTreeMap<&'a str, Sampled<'a>> {
    in_order(column).into_iter().map(|sampled| (sampled.0.id.as_str(), sampled)).collect()
}

/// The tags that most cases have: a tag of one case is no slice, and a file of nothing but tags must not keep anybody
/// waiting.
fn commonest_tags<'a>(cases: impl Iterator<Item = &'a Row>) -> BTreeSet<&'a str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for tag in cases.flat_map(|case| &case.tags) {
        *counts.entry(tag).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().filter(|(_, cases)| *cases > 1).collect();
    counts.sort_by_key(|(tag, cases)| (Reverse(*cases), *tag));
    counts.into_iter().take(MOST_SLICES).map(|(tag, _)| tag).collect()
}

/// Whether two cases of the same id ask the same and expect the same.
fn asks_the_same(ours: &Row, theirs: &Row) -> bool {
    ours.input == theirs.input
        && ours.expected == theirs.expected
        && ours.references == theirs.references
        && ours.contexts == theirs.contexts
        && ours.attachments == theirs.attachments
}

fn has_one(case: &Row, tags: &[String]) -> bool {
    tags.is_empty() || case.tags.iter().any(|tag| tags.contains(tag))
}

/// Whether a scorer is a judge of pairs that holds the others against this very column.
fn is_own_baseline(column: &Column, scorer: &str) -> bool {
    let variant = Some(column.column.variant.as_str());
    let baseline = |spec: &ScorerSpec| {
        spec.extra.get("baseline").and_then(|id| id.as_str()).map(str::trim) == variant
    };
    specs(column).iter().any(|spec| spec.id == scorer && spec.kind == "pairwise" && baseline(spec))
}

/// What a judge of pairs would say of its baseline: that it is as good as itself.
const TIE: f64 = 0.5;

/// What a scorer said of the answers to one case. One that failed, is not there yet or was not judged is an error.
fn answers(column: &Column, scorer: &str, cells: &[&CellRecord]) -> Answers {
    let place = column.side.detail.scorers.iter().position(|known| known == scorer);
    let mut answers = Answers::default();
    let own = is_own_baseline(column, scorer);
    for cell in cells {
        if own && cell.state == CellState::Done {
            answers.values.push(TIE);
            continue;
        }
        let said = cell.scores.iter().find(|score| Some(usize::from(score.scorer)) == place);
        let said = said.filter(|_| cell.state == CellState::Done);
        match said.and_then(|score| Some((score.value.filter(|v| v.is_finite())?, score.pass))) {
            Some((value, pass)) => {
                answers.values.push(value);
                answers.passed.extend(pass);
            }
            None => answers.errors += 1,
        }
    }
    // A metric without a limit says no pass; half of them would say nothing of the case.
    if answers.passed.len() < answers.values.len() {
        answers.passed.clear();
    }
    answers
}

/// A scorer that says yes or no is tested as such; the values show its scale, which no comparison changes.
fn measure(cases: &[PairedCase]) -> Measure<'static> {
    let mut values = cases.iter().flat_map(|case| case.base.values.iter().chain(&case.head.values));
    match values.all(|value| *value == 0.0 || *value == 1.0) {
        true => Measure::PassFail,
        false => Measure::Score,
    }
}
