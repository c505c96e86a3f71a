//! OpenAI Evals: samples of `{input, ideal}`, and the registry entries that name a class to judge
//! them with.

use assay_prompt::ScorerSpec;
use serde_json::{Map, Value};

use crate::draft::scorer;
use crate::messages_jsonl::{self, Talk, draft, stem};
use crate::source::beside;
use crate::yaml::{self, Dialect, Document};
use crate::{Notes, PromptDraft, Refusal, Source};

/// The most rows that one registry file may bring: its entries can name the same samples again.
const MAX_ROWS: usize = 100_000;
/// A share so small that one of the wanted texts is enough.
const ANY: f64 = 0.001;

pub(crate) fn import(
    file: &str,
    source: &dyn Source,
) -> Result<(Vec<PromptDraft>, Notes), Refusal> {
    if file.ends_with(".yaml") || file.ends_with(".yml") {
        return registry(file, source);
    }
    let mut notes = Notes::default();
    let talks = samples(file, source, &mut notes)?;
    let scorer = plain_scorer(&talks);
    if let Some(scorer) = &scorer {
        let why = format!(
            "which class judges stands in the registry, not here: `{}` was taken",
            scorer.kind
        );
        notes.translated(file, "ideal", why);
    }
    let mut draft = draft(stem(file), file, talks, &mut notes);
    draft.scorers.extend(scorer);
    Ok((vec![draft], notes))
}

fn samples(file: &str, source: &dyn Source, notes: &mut Notes) -> Result<Vec<Talk>, Refusal> {
    let pointer = "version https://git-lfs.github.com/spec/";
    if source.head(file).is_ok_and(|head| head.starts_with(pointer.as_bytes())) {
        let why = "the samples themselves were not fetched: run `git lfs pull`";
        return Err(Refusal::new(file, "a Git LFS pointer", why));
    }
    let talks = messages_jsonl::talks(file, source, notes)?;
    if talks.iter().all(|talk| talk.answer.is_some()) {
        let why = "samples are lines of `{\"input\": …, \"ideal\": …}`";
        return Err(Refusal::new(file, "samples", why));
    }
    Ok(talks)
}

/// The scorer that asks for `ideal`, when any row has one.
fn plain_scorer(talks: &[Talk]) -> Option<ScorerSpec> {
    let mut wanted = talks.iter().filter_map(|talk| talk.expected.as_ref()).peekable();
    wanted.peek()?;
    if wanted.any(Value::is_array) {
        return Some(any_of("contains", talks));
    }
    Some(scorer("ideal", "equals"))
}

/// A scorer that is content with one of the wanted texts.
fn any_of(kind: &str, talks: &[Talk]) -> ScorerSpec {
    let lengths = talks.iter().filter_map(|talk| talk.expected.as_ref()?.as_array());
    let longest = lengths.map(Vec::len).max().unwrap_or(1);
    let threshold = if longest > 1_000 { 0.5 / longest as f64 } else { ANY };
    ScorerSpec { threshold: (longest > 1).then_some(threshold), ..scorer("ideal", kind) }
}

/// Reads every eval of a registry file whose samples are there.
fn registry(file: &str, source: &dyn Source) -> Result<(Vec<PromptDraft>, Notes), Refusal> {
    let text =
        source.text(file).map_err(|error| Refusal::new(file, "the file", error.to_string()))?;
    let document = yaml::read(file, &text, 1, Dialect::Python)?;
    let mut notes = Notes::default();
    let mut drafts = Vec::new();
    let mut problem = None;
    // Each eval counts for a thousand rows more, so that their number is bounded too.
    let mut rows = 0;
    for (name, entry) in document.value.as_object().into_iter().flatten() {
        let Some(class) = entry.get("class").and_then(Value::as_str) else {
            continue;
        };
        let place = document.place(&format!("/{}", name.replace('~', "~0").replace('/', "~1")));
        let eval = Eval { file, name, class, place, args: arguments(entry) };
        if rows > MAX_ROWS {
            notes.left_out(&eval.place, "evals", format!("at most {MAX_ROWS} rows are read"));
            break;
        }
        match eval.read(source, &document, &mut notes) {
            Ok(draft) => {
                rows += draft.cases.len() + draft.examples.len() + 1_000;
                drafts.push(draft);
            }
            Err(refusal) => {
                notes.left_out(&eval.place, format!("eval `{name}`"), refusal.to_string());
                rows += 1_000;
                problem.get_or_insert(refusal);
            }
        }
    }
    if drafts.is_empty() {
        let why = "a registry file has entries with a `class` and `args.samples_jsonl`";
        return Err(problem.unwrap_or_else(|| Refusal::new(file, "evals", why)));
    }
    Ok((drafts, notes))
}

fn arguments(entry: &Value) -> Map<String, Value> {
    entry.get("args").and_then(Value::as_object).cloned().unwrap_or_default()
}

/// One eval of a registry.
struct Eval<'d> {
    file: &'d str,
    name: &'d str,
    class: &'d str,
    place: String,
    args: Map<String, Value>,
}

impl Eval<'_> {
    fn read(
        &self,
        source: &dyn Source,
        document: &Document,
        notes: &mut Notes,
    ) -> Result<PromptDraft, Refusal> {
        let path = self.args.get("samples_jsonl").and_then(Value::as_str);
        let path = path.ok_or_else(|| {
            Refusal::new(&self.place, "samples_jsonl", "the eval names no samples")
        })?;
        let file = self.find(path, source)?;
        let talks = samples(&file, source, notes)?;
        let scorer = self.scorer(&talks, notes);
        let mut draft = draft(self.name, &file, talks, notes);
        draft.scorers.push(scorer);
        if let Some(variant) = draft.variants.first_mut() {
            variant.description = self.description(document);
        }
        Ok(draft)
    }

    /// Samples stand in `data` beside the folder of the registry's evals, or beside the file.
    fn find(&self, path: &str, source: &dyn Source) -> Result<String, Refusal> {
        let near = [path.to_owned(), format!("../data/{path}"), format!("data/{path}")];
        near.iter()
            .filter_map(|path| beside(self.file, path))
            .find(|path| source.head(path).is_ok())
            .ok_or_else(|| {
                let what = format!("samples_jsonl: {path}");
                Refusal::new(&self.place, what, "there is no such file beside the registry")
            })
    }

    /// What the entry that points here says about it.
    fn description(&self, document: &Document) -> Option<String> {
        let entries = document.value.as_object()?.iter();
        let points = |entry: &Value| entry.get("id").and_then(Value::as_str) == Some(self.name);
        let mut texts = entries
            .filter(|(name, entry)| *name == self.name || points(entry))
            .filter_map(|(_, entry)| entry.get("description")?.as_str());
        texts.next().map(str::to_owned)
    }

    fn scorer(&self, talks: &[Talk], notes: &mut Notes) -> ScorerSpec {
        let class = self.class.rsplit([':', '.']).next().unwrap_or(self.class);
        for key in ["num_few_shot", "few_shot_jsonl", "max_tokens"] {
            if self.args.contains_key(key) {
                notes.left_out(&self.place, key, "the samples come over as they are");
            }
        }
        match class {
            "Match" => {
                let why = "an answer that starts with any of `ideal` passes";
                notes.translated(&self.place, class, why);
                scorer("ideal", "starts-with")
            }
            "Includes" => {
                let ignores = self.args.get("ignore_case").and_then(Value::as_bool) == Some(true);
                let why = "an answer that contains any of `ideal` passes";
                notes.translated(&self.place, class, why);
                any_of(if ignores { "icontains" } else { "contains" }, talks)
            }
            "ModelBasedClassify" => self.judge(notes),
            _ => self.unknown(class, notes),
        }
    }

    /// The question it asks stands in another folder of the registry and is not read.
    fn judge(&self, notes: &mut Notes) -> ScorerSpec {
        let spec = self.args.get("modelgraded_spec").and_then(Value::as_str).unwrap_or_default();
        let kind = match spec {
            "fact" => "factuality",
            "closedqa" => "closed-qa",
            _ => "llm-rubric",
        };
        let why =
            format!("it is kept as `{kind}`; the question it asks a model is not in this file");
        notes.not_run(&self.place, format!("ModelBasedClassify ({spec})"), why);
        ScorerSpec { extra: self.kept(), ..scorer("ideal", kind) }
    }

    fn unknown(&self, class: &str, notes: &mut Notes) -> ScorerSpec {
        let kind = if class == "FuzzyMatch" { "fuzzy-match" } else { class };
        notes.not_run(
            &self.place,
            class,
            "the class is code; a scorer of its name keeps the place",
        );
        ScorerSpec { extra: self.kept(), ..scorer("ideal", kind) }
    }

    /// The arguments, under a key that no scorer uses.
    fn kept(&self) -> Map<String, Value> {
        let mut extra = Map::new();
        extra.insert("class".to_owned(), Value::from(self.class));
        let args: Map<String, Value> = self
            .args
            .iter()
            .filter(|(key, _)| *key != "samples_jsonl")
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        if !args.is_empty() {
            extra.insert("args".to_owned(), Value::Object(args));
        }
        extra
    }
}
