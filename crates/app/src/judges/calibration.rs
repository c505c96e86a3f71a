//! Labelling outputs blind, and holding a judge against the labels.

use assay_engine::JudgedScorer;
use assay_prompt::{Prompt, ScorerSpec};
use assay_score::judge::{Calibration, Judge, LABELS_NEEDED, Labelled};
use assay_store::{LabelRecord, LabelTopic};
use assay_wire::*;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::items::{Item, Items, OUTPUTS, Wanted};
use super::labels::Standing;
use super::{hex, topic, unhex, views};
use crate::app::App;
use crate::error::Explain;
use crate::prompts::{find, refuse_broken};
use crate::ratings::is_name;
use crate::router::Answer;

/// A judge of a prompt as it is in the repository now.
struct Chosen {
    key: String,
    prompt: Prompt,
    judge: Judge,
    topic: LabelTopic,
    /// What makes its scores comparable.
    signature: Option<String>,
}

impl Chosen {
    fn wanted(&self, most: usize) -> Wanted<'_> {
        let Chosen { key, judge, topic, .. } = self;
        Wanted { workspace: &topic.workspace, key, judge, most }
    }
}

impl Answer<ListJudges> for App {
    fn answer(&self, command: ListJudges) -> Result<Vec<JudgeLine>, ApiError> {
        let open = self.workspace()?;
        let key = find(&open, &command.prompt)?;
        let prompt = open.workspace.load(&key).map_err(|e| e.explain())?;
        let judges = JudgedScorer::all(&prompt);
        // Of a file that cannot be read nobody knows which judges it names.
        if judges.is_empty() {
            refuse_broken(&open, &key, &prompt)?;
        }
        // A judge whose prompt is missing is listed; it has no signature, so nothing was held against it.
        let signatures = self.signatures_now(&open, &key, &prompt).unwrap_or_default();
        let line = |scorer: &JudgedScorer| {
            let signature = signatures.get(&(key.key.clone(), scorer.id.clone()));
            self.judge_line(&open.id, &key.key, &prompt, scorer, signature.map(String::as_str))
        };
        judges.iter().map(line).collect()
    }
}

impl Answer<NextToLabel> for App {
    fn answer(&self, command: NextToLabel) -> Result<LabelTask, ApiError> {
        let chosen = self.chosen(&command.prompt, &command.scorer)?;
        let rater = rater(&command.rater)?;
        let labels = self.labels_of(&chosen.topic)?;
        let items = self.judge_items(&chosen.wanted(OUTPUTS))?;
        let has = |item: &Item| {
            labels.iter().any(|label| label.subject == item.subject && label.rater == rater)
        };
        let open = items.all.iter().filter(|item| !has(item));
        let open = open.filter(|item| !command.skip.contains(&hex(&item.subject)));
        let next = open.min_by_key(|item| order(command.seed, &item.subject));
        Ok(LabelTask {
            labelled: items.all.iter().filter(|item| has(item)).count() as u32,
            outputs: items.all.len() as u32,
            needed: LABELS_NEEDED as u32,
            item: next.map(|item| views::item(item, &question(&chosen), hex(&item.subject))),
        })
    }
}

impl Answer<SetLabel> for App {
    fn answer(&self, command: SetLabel) -> Result<(), ApiError> {
        let chosen = self.chosen(&command.prompt, &command.scorer)?;
        let rater = rater(&command.rater)?;
        let subject = unhex(&command.subject).ok_or_else(|| {
            ApiError::new(Code::BadInput, format!("`{}` is no output's subject", command.subject))
        })?;
        let at_ms = self.inner.environment.now_ms();
        let label = LabelRecord { subject, rater, pass: command.pass, at_ms };
        self.say(&chosen.topic, vec![label])
    }
}

impl Answer<TakeLabels> for App {
    fn answer(&self, command: TakeLabels) -> Result<LabelsTaken, ApiError> {
        let chosen = self.chosen(&command.prompt, &command.scorer)?;
        let items = self.items_of(&chosen)?;
        let at_ms = self.inner.environment.now_ms();
        let (mut labels, mut refused) = (Vec::new(), Vec::new());
        for (line, number) in command.labels.iter().zip(1..) {
            let rater = rater(line.rater.as_deref().unwrap_or(&command.rater));
            match (named(&items, line), rater) {
                (Ok(item), Ok(rater)) => {
                    let (subject, pass) = (item.subject, Some(line.pass));
                    labels.push(LabelRecord { subject, rater, pass, at_ms });
                }
                (Err(reason), _) => refused.push((number, reason)),
                (_, Err(error)) => refused.push((number, error.message)),
            }
        }
        let labelled = labels.len() as u32;
        self.say(&chosen.topic, labels)?;
        Ok(LabelsTaken { labelled, refused })
    }
}

impl Answer<ShowJudge> for App {
    fn answer(&self, command: ShowJudge) -> Result<JudgeView, ApiError> {
        let open = self.workspace()?;
        let chosen = self.chosen(&command.prompt, &command.scorer)?;
        let items = self.items_of(&chosen)?;
        let labels = self.labels_of(&chosen.topic)?;
        let judged = match &items.run {
            Some(run) => self.judged(run, &chosen.wanted(OUTPUTS))?,
            None => (0, 0),
        };
        let calibration = Calibration::of(&labelled(&items, &labels), judged);
        let older = self.older_labels(&chosen.topic)?;
        if let Some(signature) = &items.signature {
            // Whoever asks for the numbers has held the judge against the labels.
            let held = calibration.labels - calibration.unseen;
            let held = (held, calibration.is_weak());
            self.keep_calibration(&open, &chosen.topic, signature, held)?;
        }
        let models = match &items.run {
            Some(run) => {
                let reports = self.inner.engine.judge_reports(run).map_err(|e| e.explain())?;
                reports
                    .get(&(chosen.key.clone(), command.scorer.clone()))
                    .cloned()
                    .unwrap_or_default()
            }
            None => Vec::new(),
        };
        let judges = JudgedScorer::all(&chosen.prompt);
        let scorer = judges.iter().find(|scorer| scorer.id == command.scorer);
        let scorer = scorer.ok_or_else(|| no_judge(&command.scorer, &judges))?;
        let signature = chosen.signature.as_deref();
        let line = self.judge_line(&open.id, &chosen.key, &chosen.prompt, scorer, signature)?;
        let refused = self.refused_labels(&chosen.topic);
        Ok(JudgeView { refused, ..views::judge(line, &items, &calibration, older, &models) })
    }
}

impl App {
    fn judge_line(
        &self,
        workspace: &str,
        key: &str,
        prompt: &Prompt,
        scorer: &JudgedScorer,
        signature: Option<&str>,
    ) -> Result<JudgeLine, ApiError> {
        let standing = match &scorer.judge {
            Ok(judge) => self.standing_of(&topic(workspace, key, prompt, judge), signature)?,
            Err(_) => Standing::default(),
        };
        Ok(views::line(scorer, prompt, &standing))
    }

    fn chosen(&self, prompt: &str, scorer: &str) -> Result<Chosen, ApiError> {
        let open = self.workspace()?;
        let key = find(&open, prompt)?;
        let prompt = open.workspace.load(&key).map_err(|e| e.explain())?;
        // A judge prompt that is not there is told before anybody labels for it.
        let mut signatures = self.signatures_now(&open, &key, &prompt)?;
        let mut judges = JudgedScorer::all(&prompt);
        let Some(place) = judges.iter().position(|judge| judge.id == scorer) else {
            return Err(no_judge(scorer, &judges));
        };
        let judge = judges.swap_remove(place).judge;
        let judge = judge.map_err(|problem| ApiError::new(Code::BadInput, problem.to_string()))?;
        let topic = topic(&open.id, &key.key, &prompt, &judge);
        let signature = signatures.remove(&(key.key.clone(), judge.id().to_owned()));
        Ok(Chosen { key: key.key, prompt, judge, topic, signature })
    }

    fn items_of(&self, chosen: &Chosen) -> Result<Items, ApiError> {
        self.judge_items(&chosen.wanted(usize::MAX))
    }
}

fn no_judge(scorer: &str, judges: &[JudgedScorer]) -> ApiError {
    let error = ApiError::new(Code::NotFound, format!("there is no judge `{scorer}`"));
    let names: Vec<&str> = judges.iter().map(|judge| judge.id.as_str()).collect();
    match names.is_empty() {
        true => {
            error.hint("No scorer of this prompt asks a model, such as one of type llm-rubric.")
        }
        false => error.hint(format!("Its judges are {}.", names.join(", "))),
    }
}

fn rater(name: &str) -> Result<String, ApiError> {
    match name.trim() {
        "" => Err(ApiError::new(Code::BadInput, "a label needs the name of who gives it")),
        name if !is_name(name) => {
            Err(ApiError::new(Code::BadInput, "a rater's name is one short line"))
        }
        name => Ok(name.to_owned()),
    }
}

/// What the scorer asks about an output, in the words of its file.
fn question(chosen: &Chosen) -> String {
    let spec = chosen.prompt.evals.scorers.iter().find(|spec| spec.id == chosen.judge.id());
    let rubric =
        spec.and_then(|spec: &ScorerSpec| spec.extra.get("rubric").or(spec.value.as_ref()));
    match rubric {
        Some(Value::String(text)) => text.clone(),
        Some(other) => serde_json::to_string_pretty(other).unwrap_or_default(),
        None => chosen.judge.kind().to_owned(),
    }
}

/// The labels of each output, those included that no run of now has any more: people still agree or not on them.
fn labelled(items: &Items, labels: &[LabelRecord]) -> Vec<Labelled> {
    let mut all: Vec<Labelled> = Vec::new();
    for label in labels {
        let Some(pass) = label.pass else { continue };
        let said = (label.rater.clone(), pass);
        match all.last_mut().filter(|one| one.subject == label.subject) {
            Some(one) => one.labels.push(said),
            None => {
                let judge = items.verdict(&label.subject);
                all.push(Labelled { subject: label.subject, labels: vec![said], judge });
            }
        }
    }
    all
}

/// The only output that a line of a file can mean.
fn named<'a>(items: &'a Items, line: &LabelLine) -> Result<&'a Item, String> {
    let fits = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|text| text == is);
    let mut found = items.all.iter().filter(|item| {
        item.case.id == line.case
            && fits(&line.output, &item.output)
            && item
                .columns
                .iter()
                .any(|(variant, model)| fits(&line.variant, variant) && fits(&line.model, model))
    });
    match (found.next(), found.count()) {
        (Some(only), 0) => Ok(only),
        (Some(_), more) => {
            Err(format!("names {} outputs; add `variant`, `model` or `output`", more + 1))
        }
        (None, _) => Err(format!("no run has such an output of case `{}`", line.case)),
    }
}

/// A place in the order of a seed: no order of files, variants or verdicts shines through.
fn order(seed: u64, subject: &[u8; 32]) -> [u8; 32] {
    Sha256::new().chain_update(seed.to_le_bytes()).chain_update(subject).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_seed_is_another_order() {
        let subjects: Vec<[u8; 32]> = (0..20).map(|n| [n; 32]).collect();
        let by = |seed| {
            let mut ordered = subjects.clone();
            ordered.sort_by_key(|subject| order(seed, subject));
            ordered
        };
        assert_eq!(by(1), by(1));
        assert_ne!(by(1), by(2));
        assert_ne!(by(1), subjects);
    }
}
