//! What judging a run may cost, before there is anything to judge.

use assay_prompt::{Row, estimate_tokens};
use serde_json::Value;

use super::Judging;
use crate::cost::Estimate;
use crate::models::Target;
use crate::plan::Column;

/// Tokens of an output that is still to come, where no option limits it to fewer.
const ASSUMED_OUTPUT: u64 = 300;

/// Tokens that a repair says more than what it repeats: what was wrong with the reply.
const REPAIR: u64 = 80;

/// Calls of one judge to one model about one output.
pub(crate) struct Expected<'a> {
    pub target: &'a Target,
    /// Calls that are made in any case.
    pub calls: u32,
    pub each: Estimate,
    /// As many calls may be made once more, because a reply cannot be read.
    pub repair: Estimate,
}

impl Judging {
    /// The calls about one cell. The steps that a `g-eval` makes once are not among them.
    pub fn expected<'a>(
        &'a self,
        column: &'a Column,
        case: &'a Row,
    ) -> impl Iterator<Item = Expected<'a>> {
        let scorers = self.of_prompt(column.prompt).iter();
        let about = scorers.filter(move |scorer| scorer.looks_at(case, &column.variant));
        let judges = about.filter_map(|scorer| scorer.judge.as_ref().ok());
        judges.flat_map(move |judge| {
            let each = self.estimate(judge.prompts().last().copied(), column, case);
            let calls = judge.calls(case) / judge.models().len().max(1) as u32;
            let targets = judge.models().iter().filter_map(move |model| self.models.named(model));
            let repair = Estimate { input: each.input + REPAIR, ..each };
            targets.map(move |target| Expected { target, calls, each, repair })
        })
    }

    fn estimate(&self, prompt: Option<&str>, column: &Column, case: &Row) -> Estimate {
        let variant = prompt.and_then(|name| self.prompts.get(name)?.variants.first());
        let template = variant.map_or(0, |variant| tokens(&variant.template.source));
        let output = column.options.integer("maxOutputTokens").unwrap_or(ASSUMED_OUTPUT);
        Estimate {
            input: template + of_case(case) + output.min(ASSUMED_OUTPUT),
            output_max: variant.and_then(|v| v.model.options.integer("maxOutputTokens")),
        }
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
