//! What judging a run may cost, before there is anything to judge.

use assay_prompt::{Row, estimate_tokens};
use assay_score::judge::Judge;
use serde_json::Value;

use super::Judging;
use crate::cost::Estimate;
use crate::models::Target;
use crate::plan::Column;

/// Tokens of an output that is still to come, where no option limits it to fewer.
const ASSUMED_OUTPUT: u64 = 300;

/// Tokens that a repair says more than what it repeats: what was wrong with the reply.
const REPAIR: u64 = 80;

/// Calls of one judge to one model: about one output, or once for all of them.
pub(crate) struct Expected<'a> {
    pub target: &'a Target,
    /// Calls that are made in any case.
    pub calls: u32,
    pub each: Estimate,
    /// As many calls may be made once more, because a reply cannot be read.
    pub repair: Estimate,
}

/// A judge of a run: the place of its prompt, and its own among that prompt's.
pub(crate) type JudgeAt = (usize, usize);

impl Judging {
    /// The judges that say something of a case as a column answers it.
    pub fn about<'a>(&'a self, column: &'a Column, case: &'a Row) -> impl Iterator<Item = JudgeAt> {
        let scorers = self.of_prompt(column.prompt).iter().enumerate();
        let about = scorers.filter(move |(_, scorer)| scorer.looks_at(case, &column.variant));
        about.map(move |(place, _)| (column.prompt, place))
    }

    /// The calls about one cell. Those that are made once for all cells are not among them.
    pub fn expected<'a>(
        &'a self,
        column: &'a Column,
        case: &'a Row,
    ) -> impl Iterator<Item = Expected<'a>> {
        let judges = self.about(column, case).filter_map(move |at| self.judge_at(at));
        judges.flat_map(move |judge| {
            let each = self.estimate(judge.prompts().last().copied(), column, case);
            let calls = judge.calls(case) / judge.models().len().max(1) as u32;
            self.calls(judge, calls, each)
        })
    }

    /// The calls that these judges make once for all outputs, such as the steps of a `g-eval`.
    pub fn shared<'a>(
        &'a self,
        judges: impl IntoIterator<Item = JudgeAt> + 'a,
    ) -> impl Iterator<Item = Expected<'a>> {
        let judges = judges.into_iter().filter_map(move |at| self.judge_at(at));
        let shared = judges.filter_map(|judge| Some((judge, judge.shared()?)));
        shared.flat_map(move |(judge, prompt)| self.calls(judge, 1, self.of_template(prompt)))
    }

    fn judge_at(&self, (prompt, place): JudgeAt) -> Option<&Judge> {
        self.of_prompt(prompt).get(place)?.judge.as_ref().ok()
    }

    /// So many calls to each model of a judge.
    fn calls<'a>(
        &'a self,
        judge: &'a Judge,
        calls: u32,
        each: Estimate,
    ) -> impl Iterator<Item = Expected<'a>> {
        let repair = Estimate { input: each.input + REPAIR, ..each };
        let targets = judge.models().iter().filter_map(move |model| self.models.named(model));
        targets.map(move |target| Expected { target, calls, each, repair })
    }

    /// What a prompt asks for by itself.
    fn of_template(&self, prompt: &str) -> Estimate {
        let variant = self.prompts.get(prompt).and_then(|prompt| prompt.variants.first());
        Estimate {
            input: variant.map_or(0, |variant| tokens(&variant.template.source)),
            output_max: variant.and_then(|v| v.model.options.integer("maxOutputTokens")),
        }
    }

    fn estimate(&self, prompt: Option<&str>, column: &Column, case: &Row) -> Estimate {
        let nothing = Estimate { input: 0, output_max: None };
        let template = prompt.map_or(nothing, |prompt| self.of_template(prompt));
        let output = column.options.integer("maxOutputTokens").unwrap_or(ASSUMED_OUTPUT);
        let about = of_case(case) + output.min(ASSUMED_OUTPUT);
        Estimate { input: template.input + about, ..template }
    }
}

fn of_case(case: &Row) -> u64 {
    let values = case.input.values().chain(&case.expected).map(|value| match value {
        Value::String(text) => tokens(text),
        other => tokens(&other.to_string()),
    });
    values.sum::<u64>() + case.contexts.iter().map(|text| tokens(text)).sum::<u64>()
}

fn tokens(text: &str) -> u64 {
    estimate_tokens(text) as u64
}
