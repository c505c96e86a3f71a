//! Scorers of a repository's own: `rhai`, and the `javascript` and `python` of other tools.
//!
//! Nothing runs here. Which text is a scorer's script is decided here, once for all who ask, and what
//! its verdict comes to; who runs it, and whether, is the matter of a [`Custom`].

use assay_prompt::ScorerSpec;
use serde_json::Value;

use super::answer::{Answer, Place};
use super::check::Value as Found;
use super::limits::Limits;
use super::metric::short;
use super::settings::Settings;
use super::{Check, Compiled, Fact, Stop};
use crate::Subject;
use crate::resources::{Custom, CustomRequest, CustomVerdict};

/// The key of a scorer that names a file beside the prompt.
pub const SCRIPT_FILE: &str = "script";

/// A language that a scorer's script is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScriptLanguage {
    /// Has no way out of its box.
    Rhai,
    /// A program with all that the user may do.
    JavaScript,
    /// Likewise.
    Python,
}

impl ScriptLanguage {
    /// The language of a type of scorer; nothing for one that is no script.
    #[must_use]
    pub fn of(kind: &str) -> Option<ScriptLanguage> {
        match kind {
            "rhai" => Some(ScriptLanguage::Rhai),
            "javascript" => Some(ScriptLanguage::JavaScript),
            "python" => Some(ScriptLanguage::Python),
            _ => None,
        }
    }
}

/// The text of a scorer's script.
///
/// # Errors
/// Why there is none. A file that the scorer names has to be read by whoever knows files, and its text
/// put in the place of `value`.
pub fn script_text(spec: &ScorerSpec) -> Result<&str, String> {
    match (&spec.value, spec.extra.get(SCRIPT_FILE)) {
        (Some(_), Some(_)) => {
            Err("has `value` and `script`; only one can be the script".to_owned())
        }
        (None, Some(Value::String(file))) => {
            Err(format!("its script `{file}` is not among the prompt's files"))
        }
        (None, Some(_)) => Err("`script` is the name of a file beside the prompt".to_owned()),
        (Some(Value::String(text)), None) if text.starts_with("file://") => Err(format!(
            "its script is in `{text}`, as another tool names files; name one beside the prompt with `script`"
        )),
        (Some(Value::String(text)), None) if !text.trim().is_empty() => Ok(text.as_str()),
        _ => Err("needs a script, as text in `value` or in a file named by `script`".to_owned()),
    }
}

/// `rhai`, `javascript`, `python`: what does a script of the repository say of the output?
///
/// *Definition.* The script is given the output, or the part at `path`, with the case's inputs, what it
/// expects, latency and cost. It says whether the output passes, gives a number, or both.
///
/// *Range* 0 to 1, higher is better. *Defaults*: a number without a verdict passes by `threshold`, and
/// only measures where there is none. *Source*: the repository's.
///
/// *Misleads* as far as its author does. Not judged when the script fails, exceeds a limit, or is a
/// program nobody has consented to.
pub(super) fn script(spec: &ScorerSpec, language: ScriptLanguage) -> Compiled {
    Settings::of(spec).refuse_others()?;
    Ok(Box::new(Script {
        language,
        source: script_text(spec)?.to_owned(),
        path: Place::of(spec.path.as_deref())?,
        limits: Limits::new(spec.min.or(spec.threshold), spec.max)?,
    }))
}

#[derive(Debug)]
struct Script {
    language: ScriptLanguage,
    source: String,
    path: Option<Place>,
    limits: Limits,
}

impl Check for Script {
    fn find(&self, subject: &Subject, answer: &Answer) -> Result<Fact, Stop> {
        let output = answer.text_at(self.path.as_ref())?;
        let request = CustomRequest {
            language: self.language,
            source: &self.source,
            output: &output,
            case: subject.case,
            latency_ms: subject.latency_ms,
            cost: subject.cost,
        };
        let custom: &dyn Custom = subject.resources.custom().map_err(Stop::CannotJudge)?;
        let verdict = custom.judge(&request).map_err(Stop::CannotJudge)?;
        Ok(self.fact(verdict))
    }
}

impl Script {
    fn fact(&self, verdict: CustomVerdict) -> Fact {
        let CustomVerdict { value, pass, reason } = verdict;
        if let Some(pass) = pass {
            let said = if pass { "the script passes it" } else { "the script fails it" };
            return Fact::share(pass, value, reason.unwrap_or_else(|| said.to_owned()));
        }
        let what = match reason {
            Some(reason) => format!("{reason} ({})", short(value)),
            None => format!("the script gives {}", short(value)),
        };
        // A share as all assertions give, so that its opposite is the rest.
        Fact { value: Found::Share(value), ..self.limits.measure(value, &what) }
    }
}
