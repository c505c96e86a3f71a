//! One assertion as a scorer: what promptfoo's types are called here, and what of them runs.

use assay_prompt::ScorerSpec;
use serde_json::{Map, Value, json};

use super::context::{Context, FileRef, map};
use super::{providers, table, transform};
use crate::draft::scorer;

/// promptfoo's types of assertion that a table's cell may name, without `not-`.
pub(super) const TYPES: [&str; 66] = [
    "agent-rubric",
    "answer-relevance",
    "bleu",
    "classifier",
    "contains",
    "contains-all",
    "contains-any",
    "contains-html",
    "contains-json",
    "contains-sql",
    "contains-xml",
    "context-faithfulness",
    "context-recall",
    "context-relevance",
    "conversation-relevance",
    "cost",
    "equals",
    "factuality",
    "finish-reason",
    "g-eval",
    "gleu",
    "guardrails",
    "icontains",
    "icontains-all",
    "icontains-any",
    "is-html",
    "is-json",
    "is-refusal",
    "is-sql",
    "is-valid-function-call",
    "is-valid-openai-function-call",
    "is-valid-openai-tools-call",
    "is-xml",
    "javascript",
    "latency",
    "levenshtein",
    "llm-rubric",
    "meteor",
    "model-graded-closedqa",
    "model-graded-factuality",
    "moderation",
    "perplexity",
    "perplexity-score",
    "pi",
    "python",
    "regex",
    "rouge-n",
    "ruby",
    "search-rubric",
    "similar",
    "similar:cosine",
    "similar:dot",
    "similar:euclidean",
    "skill-used",
    "starts-with",
    "tool-call-f1",
    "trace-error-spans",
    "trace-span-count",
    "trace-span-duration",
    "trajectory:goal-success",
    "trajectory:step-count",
    "trajectory:tool-args-match",
    "trajectory:tool-sequence",
    "trajectory:tool-used",
    "webhook",
    "word-count",
];

/// Types under another name here; the others keep theirs.
const NAMES: [(&str, &str); 12] = [
    ("contains-all", "contains"),
    ("icontains-all", "icontains"),
    ("context-faithfulness", "faithfulness"),
    ("is-html", "html"),
    ("is-json", "json"),
    ("is-refusal", "refusal"),
    ("is-sql", "sql"),
    ("is-xml", "xml"),
    ("model-graded-closedqa", "closed-qa"),
    ("model-graded-factuality", "factuality"),
    ("similar:cosine", "similar"),
    ("word-count", "max-words"),
];

/// Types with a scorer in this version or a planned one, by their names here.
const KNOWN: [&str; 37] = [
    "answer-relevance",
    "bleu",
    "closed-qa",
    "contains",
    "contains-all",
    "contains-any",
    "contains-html",
    "contains-json",
    "contains-sql",
    "contains-xml",
    "context-recall",
    "context-relevance",
    "cost",
    "equals",
    "factuality",
    "faithfulness",
    "finish-reason",
    "g-eval",
    "gleu",
    "html",
    "icontains",
    "icontains-all",
    "icontains-any",
    "json",
    "json-schema",
    "latency",
    "levenshtein",
    "llm-rubric",
    "max-words",
    "meteor",
    "refusal",
    "regex",
    "rouge-n",
    "similar",
    "starts-with",
    "tool-call-f1",
    "word-count",
];

/// The keys an assertion has.
const KEYS: [&str; 11] = [
    "type",
    "value",
    "threshold",
    "weight",
    "metric",
    "provider",
    "rubricPrompt",
    "transform",
    "contextTransform",
    "config",
    "assert",
];

/// Types whose scorers here are programs, which run with consent to their text.
const PROGRAMS: [&str; 2] = ["javascript", "python"];
/// Why one of them does not run at once.
const NEEDS_CONSENT: &str = "code decides; it runs when you allow it with `assay consent`";
/// Why a scorer does not run that would judge the output as it was.
const CHANGED_BY_CODE: &str = "code changes the output first; it is kept and not run";

/// Types that ask a model, whose text is a rubric.
const JUDGES: [&str; 6] = [
    "llm-rubric",
    "g-eval",
    "closed-qa",
    "agent-rubric",
    "search-rubric",
    "conversation-relevance",
];

/// An assertion in our words.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scored {
    /// All but its id, its tags and what it compares with.
    pub spec: ScorerSpec,
    /// What it would be called.
    pub name: String,
    /// What it compares with; may be a template.
    pub subject: Option<Value>,
    /// The tags of its rows, where it says them: our own way out writes them.
    pub tags: Vec<String>,
}

impl Scored {
    /// Whether the subject is a rubric for a judge.
    pub fn is_judge(&self) -> bool {
        JUDGES.contains(&self.spec.kind.as_str())
    }

    /// The spec with its subject in place.
    pub fn with(&self, subject: Option<Value>) -> ScorerSpec {
        let mut spec = self.spec.clone();
        match subject {
            Some(subject) if self.is_judge() => {
                spec.extra.insert("rubric".to_owned(), subject);
            }
            subject => spec.value = subject.or(spec.value),
        }
        spec
    }
}

/// Reads one assertion of a case with these options.
pub(super) fn read(
    written: &Value,
    options: &Map<String, Value>,
    place: &str,
    context: &mut Context,
) -> Option<Scored> {
    let from_text = written.as_str().map(table::assertion);
    let written = from_text.or_else(|| written.as_object().map(one_of_set));
    let Some(entry) = written else {
        context.notes.left_out(place, "assertion", "an assertion is a map with a `type`");
        return None;
    };
    let Some(full) = entry.get("type").and_then(Value::as_str) else {
        context.notes.left_out(place, "assertion", "an assertion is a map with a `type`");
        return None;
    };
    let (negate, there) = match full.strip_prefix("not-") {
        Some(rest) => (true, rest),
        None => (false, full),
    };
    let metric = entry.get("metric").and_then(Value::as_str);
    let mut reading = Reading {
        scored: Scored {
            spec: scorer("", kind_of(there)),
            name: metric.unwrap_or(full).to_owned(),
            subject: None,
            tags: Vec::new(),
        },
        entry: &entry,
        there,
        place,
        context,
        opaque: None,
    };
    reading.scored.spec.negate = negate;
    reading.common();
    reading.subject();
    reading.of_kind();
    reading.judge(options);
    reading.transform(options);
    Some(reading.finish())
}

/// A set of assertions that all look for a text: one that looks for a list of them, of which so
/// many must be there.
fn one_of_set(entry: &Map<String, Value>) -> Map<String, Value> {
    let members = entry.get("assert").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let text =
        |member: &Value, key: &str| member.get(key).and_then(Value::as_str).map(str::to_owned);
    let kind = members.first().and_then(|first| text(first, "type")).unwrap_or_default();
    let transform = members.first().and_then(|first| first.get("transform"));
    let alike = members.iter().all(|member| {
        let keys = member.as_object().into_iter().flat_map(Map::keys);
        text(member, "type").as_ref() == Some(&kind)
            && text(member, "value").is_some_and(|value| !value.starts_with("file://"))
            && member.get("transform") == transform
            && keys.into_iter().all(|key| matches!(key.as_str(), "type" | "value" | "transform"))
    });
    let finds = matches!(kind.as_str(), "contains" | "icontains");
    if entry.get("type") != Some(&json!("assert-set")) || !finds || !alike || members.len() < 2 {
        return entry.clone();
    }
    let mut one = entry.clone();
    one.shift_remove("assert");
    one.insert("type".to_owned(), json!(format!("{kind}-all")));
    let values: Value = members.iter().filter_map(|member| member.get("value").cloned()).collect();
    one.insert("value".to_owned(), values);
    if let Some(transform) = transform {
        one.insert("transform".to_owned(), transform.clone());
    }
    one
}

fn kind_of(there: &str) -> &str {
    NAMES.iter().find(|(name, _)| *name == there).map_or(there, |(_, here)| here)
}

struct Reading<'r, 's> {
    scored: Scored,
    entry: &'r Map<String, Value>,
    there: &'r str,
    place: &'r str,
    context: &'r mut Context<'s>,
    /// Why it cannot be judged here, when it cannot.
    opaque: Option<String>,
}

impl Reading<'_, '_> {
    fn number(&self, key: &str) -> Option<f64> {
        self.entry.get(key).and_then(Value::as_f64)
    }

    fn keep(&mut self, key: &str, value: Value) {
        self.scored.spec.extra.insert(key.to_owned(), value);
    }

    fn common(&mut self) {
        for key in self.entry.keys().filter(|key| !KEYS.contains(&key.as_str())) {
            let why = "promptfoo's assertions have no such key";
            self.context.notes.left_out(self.place, format!("assertion.{key}"), why);
        }
        self.scored.spec.weight = self.number("weight").unwrap_or(1.0);
        self.scored.spec.threshold = self.number("threshold");
        for key in ["metric", "rubricPrompt", "assert", "contextTransform"] {
            if let Some(value) = self.entry.get(key) {
                self.keep(key, value.clone());
            }
        }
        let mut config = map(self.entry.get("config"));
        let tags = config.shift_remove("tags");
        self.scored.tags = tags.as_ref().and_then(providers::strings).unwrap_or_default();
        if !config.is_empty() {
            self.keep("config", Value::Object(config));
        }
    }

    /// The value, read from its file where it stands in one.
    fn subject(&mut self) {
        // Only `equals` can ask for null; elsewhere it says nothing.
        let said = |value: &&Value| !value.is_null() || self.there == "equals";
        let Some(value) = self.entry.get("value").filter(said) else {
            return;
        };
        self.scored.subject = Some(match value {
            Value::String(text) => self.text_value(text),
            Value::Array(items) => items
                .iter()
                .map(|item| {
                    item.as_str().map_or_else(|| item.clone(), |text| self.text_value(text))
                })
                .collect(),
            other => other.clone(),
        });
    }

    fn text_value(&mut self, text: &str) -> Value {
        if !text.starts_with("file://") {
            return Value::from(text);
        }
        let file = FileRef::parse(text);
        if file.is_script() {
            self.opaque = Some("code decides; it is kept and not run".to_owned());
            return Value::from(text);
        }
        let found = match file.extension().as_str() {
            "yaml" | "yml" | "json" => self.context.data(file.path, self.place),
            _ => self.context.text(file.path, self.place).map(|text| Value::from(text.trim())),
        };
        found.unwrap_or_else(|| Value::from(text))
    }

    fn of_kind(&mut self) {
        match self.there {
            "contains-all" | "icontains-all" | "contains-any" | "icontains-any" => self.texts(),
            "is-json" => self.is_json(),
            "word-count" => self.word_count(),
            "latency" | "cost" => self.limit(),
            "levenshtein" => {
                self.scored.spec.max = self.scored.spec.threshold.take().or(Some(5.0));
            }
            "starts-with" => self.scored.spec.threshold = None,
            "similar" | "similar:cosine" => {
                self.default_threshold(0.75);
                self.translated("the embedded model compares here; another's limit may not fit it");
            }
            "rouge-n" => self.another_metric(0.75),
            "bleu" | "gleu" | "meteor" => self.another_metric(0.5),
            "is-refusal" => self.translated("our own list of words of refusal decides here"),
            "contains-json" => self.contains_json(),
            "is-xml" | "contains-xml" => self.xml(),
            "is-sql" | "contains-sql" => self.sql(),
            "is-html" | "contains-html" => self.translated("our own rule of what HTML is decides"),
            // One that stands in a file of its own is refused already.
            "javascript" | "python" => {
                self.opaque.get_or_insert_with(|| NEEDS_CONSENT.to_owned());
            }
            "ruby" | "webhook" => {
                self.opaque = Some("code decides; it is kept and not run".to_owned());
            }
            _ if !KNOWN.contains(&self.scored.spec.kind.as_str()) => {
                self.opaque = Some("there is no local scorer of this type; it is kept".to_owned());
            }
            _ => {}
        }
    }

    /// Says that the scorer decides by a rule of ours that is not promptfoo's to the letter.
    fn translated(&mut self, why: &str) {
        self.context.notes.translated(self.place, self.there, why);
    }

    /// A metric that has the name of ours, and other values: on another scale, or of other words.
    fn another_metric(&mut self, threshold: f64) {
        self.default_threshold(threshold);
        let why = "promptfoo computes it otherwise, so its limit does not fit ours; it is kept";
        self.opaque = Some(why.to_owned());
    }

    /// The value is a schema.
    fn contains_json(&mut self) {
        let schema = match self.scored.subject.take() {
            Some(Value::String(text)) if text.trim().is_empty() => None,
            Some(Value::String(text)) if text.starts_with("file://") => Some(Value::from(text)),
            Some(Value::String(text)) => Some(self.schema(&text)),
            other => other,
        };
        self.scored.spec.value = schema;
    }

    /// The value names elements that must be there.
    fn xml(&mut self) {
        let listed = |value: &Value| providers::strings(value).map(|names| json!(names));
        let subject = self.scored.subject.take();
        let elements = match subject.clone() {
            None => return self.translated("our own reading of XML decides"),
            Some(Value::Object(fields)) => fields.get("requiredElements").and_then(listed),
            Some(list @ Value::Array(_)) => listed(&list),
            Some(Value::String(name)) if !name.contains([',', '{', '/']) => Some(json!([name])),
            Some(_) => None,
        };
        match elements {
            Some(elements) => {
                self.scored.spec.options.insert("elements".to_owned(), elements);
                self.translated("our own reading of XML decides");
            }
            None => {
                self.scored.subject = subject;
                self.opaque = Some("its elements are asked for in another way here".to_owned());
            }
        }
    }

    /// The value names a database, and perhaps tables that may be used.
    fn sql(&mut self) {
        const DIALECTS: [(&str, &str); 11] = [
            ("bigquery", "bigquery"),
            ("hive", "hive"),
            ("mariadb", "mysql"),
            ("mysql", "mysql"),
            ("postgresql", "postgresql"),
            ("postgres", "postgresql"),
            ("redshift", "redshift"),
            ("snowflake", "snowflake"),
            ("sqlite", "sqlite"),
            ("transactsql", "mssql"),
            ("mssql", "mssql"),
        ];
        let subject = self.scored.subject.take();
        let settings = map(subject.as_ref());
        let database = settings.get("databaseType").and_then(Value::as_str);
        let dialect = database.map(|name| {
            let name = name.to_lowercase();
            DIALECTS.iter().find(|(there, _)| *there == name).map(|(_, here)| *here)
        });
        let others = settings.keys().any(|key| key != "databaseType");
        match dialect {
            _ if others => {
                self.opaque = Some("tables and columns are not looked at here".to_owned());
            }
            Some(None) => self.opaque = Some("its dialect is not known here".to_owned()),
            Some(Some(dialect)) => {
                self.scored.spec.options.insert("dialect".to_owned(), json!(dialect));
                self.translated("another parser of SQL decides");
            }
            None => self.translated("another parser of SQL decides"),
        }
        if self.opaque.is_some() {
            self.scored.subject = subject;
        }
    }

    fn default_threshold(&mut self, threshold: f64) {
        self.scored.spec.threshold.get_or_insert(threshold);
    }

    /// Lists may be one text there. Some negated forms mean another type here: none of them is
    /// what `contains` negated asks, and not all of them is what it does not.
    fn texts(&mut self) {
        if let Some(Value::String(text)) = &self.scored.subject {
            self.scored.subject = Some(json!(table::listed(text)));
        }
        let spec = &mut self.scored.spec;
        // Only a set has one: the share of its members that must hold.
        let share = spec.threshold.filter(|share| *share > 0.0 && *share < 1.0);
        spec.threshold = share.filter(|_| self.there.ends_with("-all") && !spec.negate);
        let kind = match (self.there, spec.negate) {
            ("contains-any", true) => "contains",
            ("icontains-any", true) => "icontains",
            ("contains-all" | "icontains-all", true) => self.there,
            _ => return,
        };
        spec.kind = kind.to_owned();
    }

    fn is_json(&mut self) {
        let why = "a code fence around the JSON is let through here";
        self.context.notes.translated(self.place, "is-json", why);
        let schema = match self.scored.subject.take() {
            Some(Value::String(text)) if text.starts_with("file://") => Some(Value::from(text)),
            Some(Value::String(text)) if text.trim().is_empty() => None,
            Some(Value::String(text)) => Some(self.schema(&text)),
            other => other,
        };
        if let Some(schema) = schema {
            self.scored.spec.kind = "json-schema".to_owned();
            self.scored.spec.value = Some(schema);
        }
    }

    fn schema(&mut self, text: &str) -> Value {
        match crate::yaml::read("schema", text, 1, crate::yaml::Dialect::Core) {
            Ok(document) => document.value,
            Err(_) => Value::from(text),
        }
    }

    fn word_count(&mut self) {
        let spec = &mut self.scored.spec;
        let subject = self.scored.subject.take();
        let number = |value: &Value| {
            value.as_f64().or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()))
        };
        match &subject {
            Some(Value::Object(limits)) => {
                spec.min = limits.get("min").and_then(number);
                spec.max = limits.get("max").and_then(number);
            }
            Some(value) => {
                spec.min = number(value);
                spec.max = spec.min;
            }
            None => {}
        }
        if spec.max.is_none() {
            spec.kind = "word-count".to_owned();
        }
        if spec.min.is_none() && spec.max.is_none() {
            self.opaque = Some("a scorer of words needs a limit".to_owned());
            self.scored.subject = subject.filter(|value| !value.is_object());
        }
    }

    fn limit(&mut self) {
        self.scored.spec.max = self.scored.spec.threshold.take();
        if self.scored.spec.max.is_none() {
            let why = "it has no `threshold`, so it only measures; set `max` to judge";
            self.context.notes.left_out(self.place, self.there, why);
        }
    }

    /// Which model judges, and by what prompt.
    fn judge(&mut self, options: &Map<String, Value>) {
        let provider = self.entry.get("provider").or_else(|| options.get("provider"));
        let asks = self.scored.is_judge() || needs_model(&self.scored.spec.kind);
        if let Some(provider) = provider.filter(|_| asks || self.entry.contains_key("provider")) {
            let id = provider.as_str().or_else(|| provider.get("id").and_then(Value::as_str));
            match id {
                Some(id) => {
                    if providers::is_code(id) {
                        let why = "promptfoo asks code to judge here";
                        self.context.notes.not_run(self.place, format!("grader {id}"), why);
                    }
                    self.keep("model", Value::from(providers::model_id(id)));
                }
                None => self.keep("provider", provider.clone()),
            }
            let settings = map(provider.get("config"));
            if !settings.is_empty() {
                let options = providers::options(&settings, self.place, self.context);
                self.scored.spec.options.extend(options.0);
            }
        }
        if let Some(prompt) = options.get("rubricPrompt").filter(|_| asks)
            && !self.entry.contains_key("rubricPrompt")
        {
            self.keep("rubricPrompt", prompt.clone());
        }
    }

    fn transform(&mut self, options: &Map<String, Value>) {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let whole = options.get("transform").or_else(|| options.get("postprocess"));
        let (whole, own) = (text(whole), text(self.entry.get("transform")));
        match transform::path(whole.as_deref(), own.as_deref()) {
            Ok(path) => self.scored.spec.path = path.filter(|path| self.needs_path(path)),
            Err(code) => {
                self.keep("transform", Value::from(code));
                self.opaque = Some(CHANGED_BY_CODE.to_owned());
            }
        }
    }

    /// What reads JSON anyway needs no path to all of it.
    fn needs_path(&self, path: &str) -> bool {
        let reads_json = matches!(self.scored.spec.kind.as_str(), "json" | "json-schema");
        !(path == "$" && reads_json)
    }

    fn finish(mut self) -> Scored {
        if let Some(why) = self.opaque {
            let is_changed = why == CHANGED_BY_CODE;
            self.context.notes.not_run(self.place, self.there, why);
            let kind = self.scored.spec.kind.as_str();
            // A scorer of ours by that name would judge something else.
            if KNOWN.contains(&kind) || (PROGRAMS.contains(&kind) && is_changed) {
                self.scored.spec.kind = format!("promptfoo/{}", self.there);
            }
        }
        if self.scored.spec.extra.get("metric").and_then(Value::as_str) == Some(&self.scored.name) {
            self.scored.spec.extra.shift_remove("metric");
        }
        self.scored
    }
}

fn needs_model(kind: &str) -> bool {
    let judges =
        ["factuality", "answer-relevance", "context-recall", "context-relevance", "faithfulness"];
    judges.contains(&kind)
}

/// promptfoo's name for a type of ours.
pub(super) fn type_there(kind: &str) -> &str {
    NAMES.iter().find(|(_, here)| *here == kind).map_or(kind, |(there, _)| there)
}
