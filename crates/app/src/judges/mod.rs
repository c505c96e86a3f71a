//! Judges of the open repository: the prompts they ask with, what their gates may say, how one came to what it says
//! ([`told`]), and [`calibration`].
//!
//! A calibration is of one judge: its prompts' contents, its models and its settings, as its signature says. So a gate,
//! and a verdict of a comparison, ask for the signature that its run noted, and say when nobody has held that one
//! against people's labels.

mod calibration;
mod items;
mod labels;
mod told;
mod views;

use std::collections::{BTreeMap, HashMap};

use assay_engine::{
    BUILT_IN_JUDGES, JudgedScorer, MediaFiles, PromptSource, RunSpec, built_in_judge,
    judge_signatures,
};
use assay_prompt::edit::{self, EditError, YamlPart};
use assay_prompt::{Files, Prompt, Row};
use assay_repo::{PromptKey, Step};
use assay_score::judge::ORDER_DEPENDENT;
use assay_score::{GateResult, Outcome, Score};
use assay_store::{LabelRecord, LabelTopic, NewColumn, RunId};
use assay_wire::*;

use crate::app::{App, Open};
use crate::at::At;
use crate::edits::writes;
use crate::error::Explain;
use crate::planned::PlannedRun;
use crate::prompts::{find, lone_file, refuse_broken};
use crate::router::Answer;
use crate::templates::fresh;
pub(crate) use labels::LabelCache;
use labels::Standing;

/// Where judge prompts of a repository stand unless somebody moves them.
const FOLDER: &str = "judges";

/// The file of a repository's settings.
const CONFIG: &str = "assay.yaml";

impl Answer<AddJudge> for App {
    fn answer(&self, command: AddJudge) -> Result<Edited, ApiError> {
        let open = self.workspace()?;
        let source = built_in_judge(&command.name).ok_or_else(|| {
            let message = format!("there is no judge prompt `{}`", command.name);
            ApiError::new(Code::NotFound, message)
                .hint(format!("There are {}.", BUILT_IN_JUDGES.join(", ")))
        })?;
        let folder = format!("{FOLDER}/{}", command.name);
        let files: Files =
            source.files.iter().map(|(name, text)| (name.clone(), fresh(text))).collect();
        let done = format!(
            "Copied the judge prompt to {folder}; a scorer uses it with `prompt: {folder}`"
        );
        let mut steps = writes(&folder, files);
        steps.extend(listed(&open)?);
        self.edit(&open, None, Some(folder), done, &steps)
    }
}

/// The step that adds the folder of judge prompts to those of `assay.yaml`, so that they are checked, compared and
/// edited like any other; none when it is there.
fn listed(open: &Open) -> Result<Option<Step>, ApiError> {
    let (config, _) = open.workspace.config();
    if config.prompts.iter().any(|folder| folder.trim_end_matches('/') == FOLDER) {
        return Ok(None);
    }
    let Ok(before) = open.workspace.read_text(CONFIG) else { return Ok(None) };
    let refused = |error: EditError| ApiError::new(Code::BadInput, format!("{CONFIG}: {error}"));
    let mut value = edit::value(&before.text, YamlPart::File).map_err(refused)?;
    let Some(fields) = value.as_object_mut() else { return Ok(None) };
    let folders = config.prompts.into_iter().chain([FOLDER.to_owned()]);
    fields.insert("prompts".to_owned(), folders.collect());
    let text = edit::write(&before.text, YamlPart::File, &value).map_err(refused)?;
    Ok(Some(Step::Write { path: CONFIG.to_owned(), text, base: Some(before.digest) }))
}

/// Whether a prompt is run only when it is named: it is there for other prompts' scorers.
pub(crate) fn is_judge_prompt(key: &str, judges: &BTreeMap<String, PromptSource>) -> bool {
    key.split('/').next() == Some(FOLDER) || judges.values().any(|source| source.key == key)
}

/// Adds the judge prompts of the repository that a prompt's scorers name.
pub(crate) fn add_kept(
    open: &Open,
    prompt: &Prompt,
    judges: &mut BTreeMap<String, PromptSource>,
) -> Result<(), ApiError> {
    for scorer in JudgedScorer::all(prompt) {
        let Some(name) = scorer.judge.as_ref().ok().and_then(|judge| judge.kept_prompt()) else {
            continue;
        };
        if judges.contains_key(name) {
            continue;
        }
        if let Some(source) = kept(open, name)? {
            judges.insert(name.to_owned(), source);
        }
    }
    Ok(())
}

/// The prompt of that name or folder; none when it is the name of a built-in one that the repository does not keep.
fn kept(open: &Open, name: &str) -> Result<Option<PromptSource>, ApiError> {
    let key = find(open, name).unwrap_or_else(|_| in_folder(name));
    let files = match open.workspace.files(&key) {
        Ok(files) => files,
        Err(_) if built_in_judge(name).is_some() => return Ok(None),
        Err(error) => {
            return Err(error.explain().hint(format!(
                "A scorer names the judge prompt `{name}`; `assay judge add` copies a built-in one to {FOLDER}/."
            )));
        }
    };
    let source = PromptSource {
        lone: lone_file(&key),
        key: key.key.clone(),
        name: key.name.clone(),
        files,
        media: MediaFiles::new(),
        questions: None,
        judged_by: None,
    };
    refuse_broken(open, &key, &source.parse())?;
    Ok(Some(source))
}

/// Whether a scorer can ask with the prompt of that name or folder.
pub(crate) fn has_judge_prompt(open: &Open, name: &str) -> bool {
    let key = find(open, name).unwrap_or_else(|_| in_folder(name));
    built_in_judge(name).is_some() || open.workspace.files(&key).is_ok()
}

/// A folder below the root that is none of the repository's folders of prompts.
fn in_folder(path: &str) -> PromptKey {
    let path = path.trim_end_matches('/');
    let name = path.rsplit('/').next().unwrap_or(path).to_owned();
    PromptKey { key: path.to_owned(), lone: name.ends_with(".prompty"), name }
}

/// What the gates of a run must know about its judges.
#[derive(Default)]
pub(crate) struct JudgedGates {
    /// By the key of the prompt.
    judges: HashMap<String, Vec<JudgedScorer>>,
    /// How each judge stands to people's labels, by the key of its prompt and its id.
    standings: HashMap<(String, String), Standing>,
    /// In how many cells of a column nothing but the order of two answers decided, by the judge's id.
    by_order: HashMap<(NewColumn, String), u32>,
}

impl JudgedGates {
    /// Adds what a judge has not come to: without it, a mean over the rest would look like a mean over all.
    pub fn mark_unjudged(&self, prompt: &str, variant: &str, case: &Row, scores: &mut Vec<Score>) {
        for scorer in self.judges.get(prompt).into_iter().flatten() {
            let judged = scores.iter().any(|score| score.scorer == scorer.id);
            if !judged && scorer.looks_at(case, variant) {
                let outcome = Outcome::NotJudged { reason: "not judged yet".to_owned() };
                scores.push(Score { scorer: scorer.id.clone(), outcome });
            }
        }
    }

    /// Adds what is to be said of a column's gate whose scorer is a judge.
    pub fn speak_of(&self, gate: &mut GateResult, column: &NewColumn) {
        if self.is_baseline(&column.prompt, &gate.subject, &column.variant) {
            gate.ok = true;
            "not judged: the baseline is not compared with itself".clone_into(&mut gate.reason);
        } else if let Some(note) = self.note(column, &gate.subject) {
            gate.reason = format!("{}; {note}", gate.reason);
        }
    }

    /// Whether a scorer is a judge of pairs that holds the others against this variant: it says nothing of it then.
    fn is_baseline(&self, prompt: &str, scorer: &str, variant: &str) -> bool {
        let mut judges = self.judges.get(prompt).into_iter().flatten();
        let judge = judges.find(|judge| judge.id == scorer);
        let judge = judge.and_then(|scorer| scorer.judge.as_ref().ok());
        judge.is_some_and(|judge| judge.baseline() == Some(variant))
    }

    /// Whether one of the judges is of pairs.
    fn has_pairs(&self) -> bool {
        let is_of_pairs = |scorer: &JudgedScorer| {
            scorer.judge.as_ref().is_ok_and(|judge| judge.baseline().is_some())
        };
        self.judges.values().flatten().any(is_of_pairs)
    }

    /// What is to be said beside a gate of a column whose scorer is a judge.
    fn note(&self, column: &NewColumn, scorer: &str) -> Option<String> {
        self.noted(column, scorer, self.by_order(column, scorer))
    }

    /// That a judge is not calibrated as it judged here, or weak, and that in so many cells nothing but the order of two
    /// answers decided.
    fn noted(&self, column: &NewColumn, scorer: &str, by_order: u32) -> Option<String> {
        let standing = self.standings.get(&(column.prompt.clone(), scorer.to_owned()))?;
        let leaning = (by_order > 0)
            .then(|| format!("the order of the answers decided {by_order} of its verdicts"));
        let notes: Vec<String> = standing.caveat().into_iter().chain(leaning).collect();
        (!notes.is_empty()).then(|| notes.join("; "))
    }

    fn by_order(&self, column: &NewColumn, scorer: &str) -> u32 {
        self.by_order.get(&(column.clone(), scorer.to_owned())).copied().unwrap_or_default()
    }
}

/// What a comparison must know about its judges. The head's say how they stand to people's labels; where the baseline of
/// a judge of pairs is the head, it is in the base's column alone that the order of two answers decided.
#[derive(Default)]
pub(crate) struct ComparedJudges {
    /// Of the base's run, where that is another one and can matter.
    base: Option<JudgedGates>,
    head: JudgedGates,
}

impl ComparedJudges {
    /// What is to be said beside a gate or verdict between two columns whose scorer is a judge.
    pub fn note(&self, base: &NewColumn, head: &NewColumn, scorer: &str) -> Option<String> {
        let of_base = self.base.as_ref().unwrap_or(&self.head);
        let by_order = self.head.by_order(head, scorer) + of_base.by_order(base, scorer);
        self.head.noted(head, scorer, by_order)
    }
}

impl App {
    /// Reads what a comparison of two runs must know.
    pub(crate) fn compared_judges(
        &self,
        base: &RunId,
        head: &RunId,
    ) -> Result<ComparedJudges, ApiError> {
        let of_head = self.judged_gates_of(head)?;
        let is_needed = base != head && of_head.has_pairs();
        let base = is_needed.then(|| self.judged_gates_of(base)).transpose()?;
        Ok(ComparedJudges { base, head: of_head })
    }

    /// Reads what the gates of a run must know. `signatures` are those of the run, by the key of the prompt and the id of
    /// the scorer.
    pub(crate) fn judged_gates(
        &self,
        planned: &PlannedRun,
        signatures: &[SignatureView],
    ) -> Result<JudgedGates, ApiError> {
        let record = &planned.detail.record;
        let mut gates = JudgedGates::default();
        for (key, prompt) in &planned.prompts {
            let judges = JudgedScorer::all(prompt);
            for judge in judges.iter().filter_map(|scorer| scorer.judge.as_ref().ok()) {
                let noted = signatures.iter().find(|s| s.prompt == *key && s.scorer == judge.id());
                let signature = noted.map(|noted| noted.signature.as_str());
                let topic = topic(&record.workspace, key, prompt, judge);
                let standing = self.standing_of(&topic, signature)?;
                gates.standings.insert((key.clone(), judge.id().to_owned()), standing);
            }
            gates.judges.insert(key.clone(), judges);
        }
        if gates.has_pairs() {
            let counted = self.inner.store.count_reasons(&record.id, ORDER_DEPENDENT);
            let counted = counted.map_err(|e| e.explain())?.into_iter();
            let of_column =
                |((place, scorer), count)| Some(((planned.column(place)?.clone(), scorer), count));
            gates.by_order = counted.filter_map(of_column).collect();
        }
        Ok(gates)
    }

    /// What makes the scores of a prompt's judges comparable, as the repository is now.
    fn signatures_now(
        &self,
        open: &Open,
        key: &PromptKey,
        prompt: &Prompt,
    ) -> Result<BTreeMap<(String, String), String>, ApiError> {
        let (config, _) = open.workspace.config();
        let mut judges = BTreeMap::new();
        add_kept(open, prompt, &mut judges)?;
        let source = At::Disk(&open.workspace).source(key)?;
        Ok(judge_signatures(&RunSpec {
            workspace: open.id.clone(),
            prompts: source.into_iter().collect(),
            aliases: config.models,
            judge_aliases: None,
            options: config.options,
            request: assay_engine::RunRequest::default(),
            judges,
            commit: None,
        }))
    }
}

/// How many outputs have more labels of one kind than of the other: as a
/// [`Calibration`](assay_score::judge::Calibration) counts them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Decided {
    passes: usize,
    failures: usize,
}

impl Decided {
    fn of(labels: &[LabelRecord]) -> Decided {
        let mut balance: HashMap<[u8; 32], i64> = HashMap::new();
        for (label, pass) in labels.iter().filter_map(|label| Some((label, label.pass?))) {
            *balance.entry(label.subject).or_default() += if pass { 1 } else { -1 };
        }
        let passes = balance.values().filter(|balance| **balance > 0).count();
        Decided { passes, failures: balance.values().filter(|balance| **balance < 0).count() }
    }

    fn count(self) -> usize {
        self.passes + self.failures
    }

    /// What all of them are. How a judge does on the other kind nobody knows then.
    fn only(self) -> Option<&'static str> {
        match (self.passes, self.failures) {
            (0, _) => Some("failures"),
            (_, 0) => Some("passes"),
            _ => None,
        }
    }
}

/// What the labels of a judge are kept under.
fn topic(
    workspace: &str,
    key: &str,
    prompt: &Prompt,
    judge: &assay_score::judge::Judge,
) -> LabelTopic {
    LabelTopic {
        workspace: workspace.to_owned(),
        prompt: prompt.id.clone().unwrap_or_else(|| key.to_owned()),
        scorer: judge.id().to_owned(),
        asks: judge.asks().to_owned(),
    }
}

fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let bytes: Vec<u8> = (0..text.len().min(65))
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect::<Option<_>>()?;
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_that_people_are_divided_on_calibrates_nothing() {
        let label = |subject: u8, rater: &str, pass: bool| LabelRecord {
            subject: [subject; 32],
            rater: rater.to_owned(),
            pass: Some(pass),
            at_ms: 1,
        };
        let divided = [label(1, "ann", true), label(1, "ben", false)];
        assert_eq!(Decided::of(&divided), Decided::default());
        let third = [divided.to_vec(), vec![label(1, "cem", false), label(2, "ann", true)]];
        assert_eq!(Decided::of(&third.concat()), Decided { passes: 1, failures: 1 });
    }

    #[test]
    fn what_the_order_decided_is_told_whichever_side_is_the_baseline() {
        let column = |variant: &str| NewColumn {
            prompt: "p".to_owned(),
            variant: variant.to_owned(),
            content_id: variant.to_owned(),
            model: "m".to_owned(),
        };
        let gates = |variant: &str, count| JudgedGates {
            judges: HashMap::new(),
            standings: [(("p".to_owned(), "kind".to_owned()), Standing::default())].into(),
            by_order: [((column(variant), "kind".to_owned()), count)].into(),
        };
        let (plain, warm) = (column("plain"), column("warm"));
        let told = |judges: &ComparedJudges, words: &str| {
            let both = [(&plain, &warm), (&warm, &plain)];
            both.map(|(base, head)| {
                judges.note(base, head, "kind").is_some_and(|n| n.contains(words))
            })
        };
        let one_run = ComparedJudges { base: None, head: gates("warm", 3) };
        assert_eq!(told(&one_run, "decided 3 of its verdicts"), [true, true]);
        let two_runs = ComparedJudges { base: Some(gates("warm", 2)), head: gates("plain", 0) };
        assert_eq!(told(&two_runs, "decided 2 of its verdicts"), [false, true]);
        assert_eq!(one_run.note(&plain, &warm, "another"), None, "it is no judge");
    }

    #[test]
    fn a_subject_reads_back_and_nothing_else_does() {
        let subject = [0xa7; 32];
        assert_eq!(unhex(&hex(&subject)), Some(subject));
        for text in ["", "a", "zz", &"a".repeat(63), &"a".repeat(66), &"é".repeat(32)] {
            assert_eq!(unhex(text), None, "{text}");
        }
    }
}
