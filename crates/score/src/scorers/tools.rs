//! Scorers of tool calls: `tool-calls` and `tool-calls-f1`.

use assay_prompt::ScorerSpec;
use serde_json::Value;

use super::answer::{Answer, quote};
use super::equality::equal;
use super::limits::Limits;
use super::metric::short;
use super::settings::Settings;
use super::wanted::Wanted;
use super::{Check, Compiled, Direction, Fact, Stop};
use crate::{Subject, ToolCall};

/// Wanted or made calls beyond so many are not compared: each is held against each.
const MOST_CALLS: usize = 1_000;

/// `tool-calls`: did the model ask for these tools?
///
/// *Definition.* The wanted calls are a list of `{name, arguments}`, or of names. A call is found
/// when the model made one of that name; where `arguments` are wanted, each of them must be there
/// with an equal value (other arguments may be as well, unless `options: {arguments: exact}`). The
/// score is the share of the wanted calls that were found, each made call counting once. It passes
/// when all were found and, unless `options: {extra: true}`, no other call was made; with
/// `options: {ordered: true}` they must come in this order. An empty list wants no call at all.
///
/// *Range* 0 to 1, higher is better. *Defaults*: the wanted calls are the case's `expected`.
///
/// *Misleads* where several calls lead to the goal. Arguments that are text are compared letter by
/// letter.
pub(super) fn tool_calls(spec: &ScorerSpec) -> Compiled {
    let settings = Settings::of(spec);
    let check = ToolCalls {
        wanted: Wanted::of(spec)?,
        ordered: settings.flag("ordered", false)?,
        extra: settings.flag("extra", false)?,
        exact: settings.choice("arguments", &[("subset", false), ("exact", true)])?,
    };
    settings.refuse_others()?;
    refuse_path(spec)?;
    Ok(Box::new(check))
}

fn refuse_path(spec: &ScorerSpec) -> Result<(), String> {
    match &spec.path {
        Some(_) => Err("has a `path`; tool calls are looked at as they are".to_owned()),
        None => Ok(()),
    }
}

#[derive(Debug)]
struct ToolCalls {
    wanted: Wanted,
    ordered: bool,
    extra: bool,
    exact: bool,
}

impl Check for ToolCalls {
    fn find(&self, subject: &Subject, _: &Answer) -> Result<Fact, Stop> {
        let wanted = wanted_calls(&self.wanted.for_case(subject.case)?)?;
        let made = made_calls(subject)?;
        let found = self.found(&wanted, &made);
        let missing: Vec<&WantedCall> =
            wanted.iter().zip(&found).filter(|(_, at)| at.is_none()).map(|(w, _)| w).collect();
        let others = made.len() - (wanted.len() - missing.len());
        let share = match wanted.len() {
            0 if others == 0 || self.extra => 1.0,
            0 => 0.0,
            all => (all - missing.len()) as f64 / all as f64,
        };
        let holds = missing.is_empty() && (self.extra || others == 0);
        Ok(Fact::share(holds, share, told(&wanted, &missing, others, &made)))
    }
}

impl ToolCalls {
    /// For each wanted call the place of the one that was made.
    fn found(&self, wanted: &[WantedCall], made: &[ToolCall]) -> Vec<Option<usize>> {
        let mut taken = vec![false; made.len()];
        let mut from = 0;
        let mut found = Vec::with_capacity(wanted.len());
        for call in wanted {
            let places = if self.ordered { from..made.len() } else { 0..made.len() };
            let at = places.into_iter().find(|at| !taken[*at] && call.is(&made[*at], self.exact));
            if let Some(at) = at {
                taken[at] = true;
                from = at + 1;
            }
            found.push(at);
        }
        found
    }
}

fn told(
    wanted: &[WantedCall],
    missing: &[&WantedCall],
    others: usize,
    made: &[ToolCall],
) -> String {
    let called = || {
        let names: Vec<String> = made.iter().take(5).map(|call| quote(&call.name)).collect();
        if names.is_empty() { "no tool".to_owned() } else { names.join(", ") }
    };
    match (missing, others) {
        ([], 0) if wanted.is_empty() => "calls no tool".to_owned(),
        ([], 0) => format!("calls {}", called()),
        ([], _) => format!("calls {}, which is more than wanted", called()),
        ([first, ..], _) => format!("does not call {}; it calls {}", first.shown(), called()),
    }
}

/// `tool-calls-f1`: how well do the tools that were asked for match the wanted ones?
///
/// *Definition.* The harmonic mean of precision (share of the calls that were wanted) and recall
/// (share of the wanted calls that were made), each call counting once, compared by name. With
/// `options: {match: call}` arguments must be equal too.
///
/// *Range* 0 to 1, higher is better; 1 where nothing was wanted and nothing called. *Defaults*: the
/// wanted calls are the case's `expected`; no threshold.
///
/// *Misleads* about order and, by name, about arguments.
pub(super) fn tool_calls_f1(spec: &ScorerSpec) -> Compiled {
    let settings = Settings::of(spec);
    let whole = settings.choice("match", &[("name", false), ("call", true)])?;
    settings.refuse_others()?;
    refuse_path(spec)?;
    let limits = Limits::of_metric(spec, Direction::Higher)?;
    Ok(Box::new(F1 { wanted: Wanted::of(spec)?, whole, limits }))
}

#[derive(Debug)]
struct F1 {
    wanted: Wanted,
    whole: bool,
    limits: Limits,
}

impl Check for F1 {
    fn find(&self, subject: &Subject, _: &Answer) -> Result<Fact, Stop> {
        let mut wanted = wanted_calls(&self.wanted.for_case(subject.case)?)?;
        let made = made_calls(subject)?;
        if !self.whole {
            wanted.iter_mut().for_each(|call| call.arguments = None);
        }
        let all = ToolCalls {
            wanted: Wanted::Literal(Value::Null),
            ordered: false,
            extra: true,
            exact: true,
        };
        let hits = all.found(&wanted, &made).into_iter().flatten().count();
        let total = wanted.len() + made.len();
        let f1 = if total == 0 { 1.0 } else { 2.0 * hits as f64 / total as f64 };
        let what = format!(
            "F1 {} ({hits} of {} wanted calls, {} made)",
            short(f1),
            wanted.len(),
            made.len()
        );
        Ok(self.limits.measure(f1, &what))
    }
}

/// A call that is wanted, whatever its arguments where none are named.
struct WantedCall {
    name: String,
    arguments: Option<Value>,
}

impl WantedCall {
    fn is(&self, made: &ToolCall, exact: bool) -> bool {
        self.name == made.name
            && self.arguments.as_ref().is_none_or(|wanted| match (wanted, &made.arguments) {
                (Value::Object(wanted), Value::Object(made)) => {
                    let there = wanted
                        .iter()
                        .all(|(key, value)| made.get(key).is_some_and(|made| equal(made, value)));
                    there && (!exact || wanted.len() == made.len())
                }
                (wanted, made) => equal(wanted, made),
            })
    }

    fn shown(&self) -> String {
        match &self.arguments {
            Some(arguments) => quote(&format!("{}{arguments}", self.name)),
            None => quote(&self.name),
        }
    }
}

fn wanted_calls(value: &Value) -> Result<Vec<WantedCall>, Stop> {
    let wrong =
        || Stop::CannotJudge("needs a list of tools by name, or of {name, arguments}".to_owned());
    let call = |value: &Value| match value {
        Value::String(name) => Some(WantedCall { name: name.clone(), arguments: None }),
        Value::Object(fields) => Some(WantedCall {
            name: fields.get("name")?.as_str()?.to_owned(),
            arguments: fields.get("arguments").filter(|value| !value.is_null()).cloned(),
        }),
        _ => None,
    };
    let calls: Option<Vec<WantedCall>> = match value {
        Value::Array(items) if items.len() <= MOST_CALLS => items.iter().map(call).collect(),
        Value::Array(_) | Value::Null => None,
        one => call(one).map(|call| vec![call]),
    };
    calls.ok_or_else(wrong)
}

/// The calls that were made: as they came, or as the output has them when it consists of them.
fn made_calls(subject: &Subject) -> Result<Vec<ToolCall>, Stop> {
    let calls = match subject.tool_calls {
        Some(calls) => calls.to_vec(),
        None => match serde_json::from_str::<Vec<ToolCall>>(subject.output) {
            Ok(calls) => calls,
            Err(_) if subject.finish == Some("tool_calls") => {
                let reason = "the model said something beside its tool calls, which are not kept";
                return Err(Stop::CannotJudge(reason.to_owned()));
            }
            Err(_) => Vec::new(),
        },
    };
    if calls.len() > MOST_CALLS {
        return Err(Stop::CannotJudge(format!("has more than {MOST_CALLS} tool calls")));
    }
    Ok(calls)
}
