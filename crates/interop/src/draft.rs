//! What importers fill in, and the one place where it becomes files of our own format.

use std::collections::BTreeSet;

use assay_prompt::edit::check_name;
use assay_prompt::{
    EvalModel, Files, GateSpec, ModelRef, Property, Row, ScorerSpec, Select, row_to_line,
};
use serde_json::{Map, Value, json};

use crate::yaml;

/// The longest name of a folder or file that is made up from an imported one, in bytes.
const MAX_NAME: usize = 80;

/// A prompt folder in the making.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PromptDraft {
    /// Its permanent id; filled in at the end of an import.
    pub id: String,
    /// The folder's name, see [`PromptDraft::named`].
    pub name: String,
    /// In column order; never empty in a finished draft.
    pub variants: Vec<VariantDraft>,
    /// How examples become turns.
    pub few_shot: Option<FewShotDraft>,
    /// Few-shot rows.
    pub examples: Vec<Row>,
    /// Evaluation rows.
    pub cases: Vec<Row>,
    /// What it is evaluated with.
    pub models: Vec<EvalModel>,
    /// In column order.
    pub scorers: Vec<ScorerSpec>,
    /// Limits.
    pub gates: Vec<GateSpec>,
    /// How often each cell is sampled; 0 and 1 are left unsaid.
    pub repeat: u32,
    /// Further text files to stand in the folder, by name.
    pub files: Files,
}

/// A variant in the making.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VariantDraft {
    /// Its id and the stem of its file.
    pub id: String,
    /// The whole file, when it is one of ours as it stands. All else but `id` is then ignored.
    pub verbatim: Option<String>,
    /// `name`; the prompt's name when absent.
    pub name: Option<String>,
    /// `displayName`.
    pub display_name: Option<String>,
    /// `description`.
    pub description: Option<String>,
    /// `metadata`: also what a format says that has no word here.
    pub metadata: Map<String, Value>,
    /// `model`.
    pub model: ModelRef,
    /// `inputs`.
    pub inputs: Vec<Property>,
    /// `outputs`.
    pub outputs: Vec<Property>,
    /// `tools`.
    pub tools: Vec<Value>,
    /// The template, see [`crate::Body`].
    pub body: String,
    /// Its own choice of examples.
    pub select: Option<Select>,
}

/// How examples become turns.
#[derive(Debug, Clone, PartialEq)]
pub struct FewShotDraft {
    /// The thread input that receives them.
    pub input: String,
    /// Which.
    pub select: Select,
    /// Template of the user's turn.
    pub user: String,
    /// The field with the answer.
    pub assistant: String,
}

/// What of a draft a person keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keep {
    /// Whether the prompt is kept at all.
    pub prompt: bool,
    /// Variants that are left out.
    pub without: BTreeSet<String>,
    /// Whether the cases are kept.
    pub cases: bool,
    /// Whether the examples are kept; without them a prompt shows none.
    pub examples: bool,
    /// Whether models, scorers and gates are kept.
    pub evals: bool,
}

impl Default for Keep {
    /// Everything.
    fn default() -> Self {
        Self { prompt: true, without: BTreeSet::new(), cases: true, examples: true, evals: true }
    }
}

impl PromptDraft {
    /// An empty draft whose name is made from `name`.
    pub fn named(name: &str) -> Self {
        Self { name: safe_name(name, "prompt"), ..Self::default() }
    }

    /// Adds a variant; its id is made safe and unique within the prompt.
    pub fn add(&mut self, mut variant: VariantDraft) -> &mut VariantDraft {
        let stem = safe_name(&variant.id, "variant");
        let taken = |id: &str| self.variants.iter().any(|v| v.id.eq_ignore_ascii_case(id));
        // After those that were numbered before: thousands of one name take no long time.
        let mut number = 1 + self.variants.iter().filter(|v| is_numbered(&v.id, &stem)).count();
        variant.id = stem.clone();
        while taken(&variant.id) {
            variant.id = format!("{stem}-{number}");
            number += 1;
        }
        self.variants.push(variant);
        let last = self.variants.len() - 1;
        &mut self.variants[last]
    }

    /// The files of the folder, as far as they are kept.
    pub fn files(&self, keep: &Keep) -> Files {
        if !keep.prompt {
            return Files::new();
        }
        let mut files = self.files.clone();
        let kept: Vec<&VariantDraft> =
            self.variants.iter().filter(|v| !keep.without.contains(&v.id)).collect();
        let schemas = Schemas::of(&kept);
        schemas.write(&mut files);
        for variant in &kept {
            files.insert(variant.file(), variant.text(&self.name, &schemas));
        }
        let examples = keep.examples && self.few_shot.is_some();
        let evals = (keep.evals && self.has_evals()) || (keep.cases && !self.cases.is_empty());
        if examples {
            files.insert("examples.jsonl".into(), jsonl(&self.examples));
        }
        if keep.cases && !self.cases.is_empty() {
            files.insert("cases.jsonl".into(), jsonl(&self.cases));
        }
        if evals {
            files.insert("evals.yaml".into(), self.evals(keep));
        }
        files.insert("prompt.yaml".into(), self.manifest(&kept, examples, evals));
        files
    }

    fn has_evals(&self) -> bool {
        !(self.models.is_empty() && self.scorers.is_empty() && self.gates.is_empty())
    }

    fn manifest(&self, kept: &[&VariantDraft], examples: bool, evals: bool) -> String {
        let variants: Vec<Value> = kept.iter().map(|variant| variant.entry()).collect();
        let mut map = Map::new();
        map.insert("format".into(), json!("assay/1"));
        map.insert("id".into(), json!(self.id));
        map.insert("variants".into(), json!(variants));
        if let Some(few_shot) = self.few_shot.as_ref().filter(|_| examples) {
            map.insert("fewShot".into(), few_shot.value());
        }
        if evals {
            map.insert("evals".into(), json!(["evals.yaml"]));
        }
        yaml::write(&Value::Object(map))
    }

    fn evals(&self, keep: &Keep) -> String {
        let mut map = Map::new();
        if keep.cases && !self.cases.is_empty() {
            map.insert("cases".into(), json!("cases.jsonl"));
        }
        if keep.evals {
            let models: Vec<Value> = self.models.iter().map(model_value).collect();
            let scorers: Vec<Value> = self.scorers.iter().map(scorer_value).collect();
            let gates: Vec<Value> = self.gates.iter().map(gate_value).collect();
            put_list(&mut map, "models", models);
            if self.repeat > 1 {
                map.insert("repeat".into(), json!(self.repeat));
            }
            put_list(&mut map, "scorers", scorers);
            put_list(&mut map, "gates", gates);
        }
        yaml::write(&Value::Object(map))
    }
}

impl VariantDraft {
    fn file(&self) -> String {
        format!("{}.prompty", self.id)
    }

    fn entry(&self) -> Value {
        let mut entry = json!({"id": self.id, "file": self.file()});
        if let Some(select) = &self.select {
            entry["fewShot"] = json!({"select": select_value(select)});
        }
        entry
    }

    fn text(&self, prompt: &str, schemas: &Schemas) -> String {
        if let Some(text) = &self.verbatim {
            return text.clone();
        }
        let mut front = Map::new();
        let mut put = |key: &str, value: Value| front.insert(key.to_owned(), value);
        put("name", json!(self.name.as_deref().unwrap_or(prompt)));
        if let Some(text) = &self.display_name {
            put("displayName", json!(text));
        }
        if let Some(text) = &self.description {
            put("description", json!(text));
        }
        if !self.metadata.is_empty() {
            put("metadata", json!(self.metadata));
        }
        if let Some(model) = self.model_value() {
            put("model", model);
        }
        if !self.inputs.is_empty() {
            put("inputs", schemas.reference("inputs", &self.inputs, &schemas.inputs));
        }
        if !self.outputs.is_empty() {
            put("outputs", schemas.reference("outputs", &self.outputs, &schemas.outputs));
        }
        if !self.tools.is_empty() {
            put("tools", json!(self.tools));
        }
        format!("---\n{}---\n{}", yaml::write(&Value::Object(front)), self.body)
    }

    fn model_value(&self) -> Option<Value> {
        let mut model = Map::new();
        let mut put = |key: &str, value: &Option<String>| {
            if let Some(value) = value {
                model.insert(key.to_owned(), json!(value));
            }
        };
        put("id", &self.model.id);
        put("provider", &self.model.provider);
        put("apiType", &self.model.api_type);
        if !self.model.options.0.is_empty() {
            model.insert("options".into(), json!(self.model.options));
        }
        (!model.is_empty()).then_some(Value::Object(model))
    }
}

impl FewShotDraft {
    fn value(&self) -> Value {
        json!({
            "input": self.input,
            "file": "examples.jsonl",
            "select": select_value(&self.select),
            "user": self.user,
            "assistant": self.assistant,
        })
    }
}

/// Schemas that all variants share stand in a file of their own.
struct Schemas {
    inputs: Option<Vec<Property>>,
    outputs: Option<Vec<Property>>,
}

impl Schemas {
    fn of(variants: &[&VariantDraft]) -> Self {
        let shared = |of: fn(&VariantDraft) -> &Vec<Property>| {
            let ours: Vec<_> = variants.iter().filter(|v| v.verbatim.is_none()).collect();
            let first = of(ours.first()?);
            let same = ours.iter().all(|variant| of(variant) == first);
            (same && !first.is_empty()).then(|| first.clone())
        };
        Self { inputs: shared(|v| &v.inputs), outputs: shared(|v| &v.outputs) }
    }

    fn write(&self, files: &mut Files) {
        for (key, shared) in [("inputs", &self.inputs), ("outputs", &self.outputs)] {
            if let Some(properties) = shared {
                files.insert(format!("{key}.yaml"), yaml::write(&properties_value(properties)));
            }
        }
    }

    fn reference(&self, key: &str, own: &[Property], shared: &Option<Vec<Property>>) -> Value {
        match shared {
            Some(_) => json!(format!("${{file:{key}.yaml}}")),
            None => properties_value(own),
        }
    }
}

fn put_list(map: &mut Map<String, Value>, key: &str, items: Vec<Value>) {
    if !items.is_empty() {
        map.insert(key.to_owned(), Value::Array(items));
    }
}

fn select_value(select: &Select) -> Value {
    match select {
        Select::All => json!("all"),
        Select::None => json!("none"),
        Select::First(count) => json!({"first": count}),
        Select::Ids(ids) => json!({"ids": ids}),
        Select::Nearest(count) => json!({"nearest": count}),
    }
}

/// A list of properties as `inputs.yaml` has it: what is absent or false is left unsaid.
pub(crate) fn properties_value(properties: &[Property]) -> Value {
    properties.iter().map(property_value).collect()
}

fn property_value(property: &Property) -> Value {
    let mut map = Map::new();
    if !property.name.is_empty() {
        map.insert("name".into(), json!(property.name));
    }
    map.insert("kind".into(), json!(property.kind.as_str()));
    if let Some(text) = &property.description {
        map.insert("description".into(), json!(text));
    }
    if property.required {
        map.insert("required".into(), json!(true));
    }
    if let Some(default) = &property.default {
        map.insert("default".into(), default.clone());
    }
    put_list(&mut map, "enumValues", property.enum_values.clone());
    if let Some(items) = &property.items {
        map.insert("items".into(), property_value(items));
    }
    if !property.properties.is_empty() {
        map.insert("properties".into(), properties_value(&property.properties));
    }
    Value::Object(map)
}

fn model_value(model: &EvalModel) -> Value {
    let mut value = json!({"id": model.id});
    if !model.options.0.is_empty() {
        value["options"] = json!(model.options);
    }
    value
}

fn scorer_value(scorer: &ScorerSpec) -> Value {
    let mut map = Map::new();
    map.insert("id".into(), json!(scorer.id));
    map.insert("type".into(), json!(scorer.kind));
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            map.insert(key.to_owned(), value);
        }
    };
    put("path", scorer.path.as_ref().map(|v| json!(v)));
    put("expected", scorer.expected.as_ref().map(|v| json!(v)));
    put("value", scorer.value.clone());
    put("threshold", scorer.threshold.map(number));
    put("min", scorer.min.map(number));
    put("max", scorer.max.map(number));
    put("weight", (scorer.weight != 1.0).then(|| number(scorer.weight)));
    put("negate", scorer.negate.then(|| json!(true)));
    put("tags", (!scorer.tags.is_empty()).then(|| json!(scorer.tags)));
    put("schema", scorer.schema.as_ref().map(|v| json!(v)));
    put("options", (!scorer.options.is_empty()).then(|| json!(scorer.options)));
    map.extend(scorer.extra.clone());
    Value::Object(map)
}

fn gate_value(gate: &GateSpec) -> Value {
    let mut map = Map::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            map.insert(key.to_owned(), value);
        }
    };
    put("scorer", gate.scorer.as_ref().map(|v| json!(v)));
    put("metric", gate.metric.as_ref().map(|v| json!(v)));
    put("min", gate.min.map(number));
    put("max", gate.max.map(number));
    put("nonInferior", gate.non_inferior.map(|margin| json!({"margin": number(margin)})));
    put("tags", (!gate.tags.is_empty()).then(|| json!(gate.tags)));
    Value::Object(map)
}

/// A limit of 5 is written `5`, as people write it.
fn number(value: f64) -> Value {
    let whole = value.fract() == 0.0 && value.abs() < 1e15;
    if whole { json!(value as i64) } else { json!(value) }
}

fn jsonl(rows: &[Row]) -> String {
    rows.iter().map(|row| row_to_line(row) + "\n").collect()
}

/// A scorer of a kind, with everything else unsaid.
pub(crate) fn scorer(id: &str, kind: &str) -> ScorerSpec {
    ScorerSpec::new(id, kind)
}

/// An input or output of a kind, with everything else unsaid.
pub(crate) fn property(name: &str, kind: assay_prompt::Kind) -> Property {
    Property::new(name, kind)
}

/// A name that can be a folder or file on every system, close to `name`; `otherwise` when nothing
/// of it is left.
pub(crate) fn safe_name(name: &str, otherwise: &str) -> String {
    let mut safe = String::new();
    for c in name.trim().chars() {
        if safe.len() >= MAX_NAME {
            break;
        }
        let plain = c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        match plain {
            true => safe.push(c),
            false if !safe.ends_with('-') => safe.push('-'),
            false => {}
        }
    }
    let safe = safe.trim_matches(['-', '.']);
    if safe.is_empty() {
        return otherwise.to_owned();
    }
    let names = [safe.to_owned(), format!("{safe}-{otherwise}")];
    let fit = |name: &String| check_name(name).is_ok();
    names.into_iter().find(fit).unwrap_or_else(|| otherwise.to_owned())
}

/// Whether `id` is `stem` or `stem-2`, `stem-3`, …
fn is_numbered(id: &str, stem: &str) -> bool {
    let (head, rest) = id.split_at(id.floor_char_boundary(stem.len()));
    let number = |rest: &str| rest.bytes().all(|byte| byte.is_ascii_digit());
    head.eq_ignore_ascii_case(stem)
        && (rest.is_empty() || rest.strip_prefix('-').is_some_and(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_prompt::{Kind, parse_folder};

    fn draft() -> PromptDraft {
        let mut draft = PromptDraft::named("My prompt!");
        draft.id = "01J8".to_owned();
        for id in ["a", "A"] {
            draft.add(VariantDraft {
                id: id.to_owned(),
                inputs: vec![property("x", Kind::String)],
                body: "user:\n{{ x }}\n".to_owned(),
                ..VariantDraft::default()
            });
        }
        draft.cases.push(Row {
            id: "c-1".into(),
            input: json!({"x": "yes"}).as_object().cloned().unwrap_or_default(),
            ..Row::default()
        });
        draft.scorers.push(scorer("has", "contains"));
        draft.scorers[0].value = Some(json!("a"));
        draft
    }

    #[test]
    fn a_draft_becomes_a_folder_without_findings() {
        let draft = draft();
        assert_eq!(draft.name, "My-prompt");
        let files = draft.files(&Keep::default());
        let prompt = parse_folder(&draft.name, &files);
        assert_eq!(prompt.diagnostics, [], "{files:#?}");
        assert_eq!(prompt.variants.len(), 2);
        assert_eq!(prompt.variants[1].id, "A-2");
        assert_eq!(prompt.evals.scorers[0].kind, "contains");
    }

    #[test]
    fn what_is_not_kept_is_not_written() {
        let keep = Keep {
            without: ["a".to_owned()].into(),
            cases: false,
            evals: false,
            ..Keep::default()
        };
        let files = draft().files(&keep);
        assert_eq!(files.keys().collect::<Vec<_>>(), ["A-2.prompty", "inputs.yaml", "prompt.yaml"]);
    }

    #[test]
    fn names_are_safe_on_every_system() {
        for (name, expected) in
            [("a/b", "a-b"), ("..", "x"), ("con.txt", "x"), ("é ü", "é-ü"), ("", "x")]
        {
            assert_eq!(safe_name(name, "x"), expected);
        }
        let long = "con.".repeat(40);
        for name in ["com²", "\u{3164}", "a\u{202e}b", "NUL", long.as_str()] {
            assert_eq!(check_name(&safe_name(name, "x")), Ok(()), "{name:?}");
        }
    }

    #[test]
    fn thousands_of_variants_of_one_name_take_no_long_time() {
        let mut draft = PromptDraft::named("p");
        for _ in 0..3_000 {
            draft.add(VariantDraft { id: "Same".into(), ..VariantDraft::default() });
        }
        assert_eq!(draft.variants[0].id, "Same");
        assert_eq!(draft.variants[2_999].id, "Same-3000");
    }
}
