//! A prompt as `.prompt.yml` files, one for each variant.

use std::collections::BTreeMap;

use assay_prompt::{
    ExprKind, Files, Kind, Message, Origin, Prompt, Property, Row, TemplateNode, Variant,
    json_schema, line_col, render,
};
use serde_json::{Map, Value, json};

use super::{METADATA, evaluators, theirs};
use crate::report::Names;
use crate::schema;
use crate::yaml::{self, Dialect};
use crate::{Export, Notes, Refusal};

/// Writes every variant as a file of its own.
pub(crate) fn export(prompt: &Prompt, files: &Files) -> Result<Export, Refusal> {
    if prompt.variants.is_empty() {
        return Err(Refusal::new(&prompt.name, "variants", "the prompt has none"));
    }
    let mut notes = Notes::default();
    let mut written = BTreeMap::new();
    let mut names = Names::default();
    for variant in &prompt.variants {
        let stem = match prompt.variants.len() {
            1 => prompt.name.clone(),
            _ => format!("{}.{}", prompt.name, variant.id),
        };
        let name = names.file(&stem, ".prompt.yml", &variant.file, &mut notes);
        let writer = Writer::new(prompt, variant, files);
        written.insert(name, yaml::write(&Value::Object(writer.write(&mut notes)?)));
    }
    note_the_rest(prompt, &mut notes);
    Ok(Export { files: written, notes: notes.list().to_vec() })
}

fn note_the_rest(prompt: &Prompt, notes: &mut Notes) {
    let place = prompt.evals.file.as_deref().unwrap_or(&prompt.name);
    let mut absent = |there: bool, what: &str| {
        if there {
            notes.left_out(place, what, "GitHub Models has no word for it");
        }
    };
    absent(!prompt.evals.gates.is_empty(), "gates");
    absent(prompt.evals.repeat > 1, "repeat");
    absent(!prompt.evals.models.is_empty(), "models");
}

/// Writes one variant.
struct Writer<'p> {
    prompt: &'p Prompt,
    variant: &'p Variant,
    /// The text of its file.
    text: &'p str,
    /// What an import kept of the file it came from.
    kept: Value,
}

impl<'p> Writer<'p> {
    fn new(prompt: &'p Prompt, variant: &'p Variant, files: &'p Files) -> Self {
        let text = files.get(&variant.file).map_or("", String::as_str);
        Self { prompt, variant, text, kept: kept_metadata(text).unwrap_or_default() }
    }

    fn write(&self, notes: &mut Notes) -> Result<Map<String, Value>, Refusal> {
        let mut file = Map::new();
        let mut put = |key: &str, value: Value| {
            let absent = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
            if !absent {
                file.insert(key.to_owned(), value);
            }
        };
        put("name", json!(self.variant.name.as_deref().unwrap_or(&self.prompt.name)));
        put("description", json!(self.variant.description));
        put("model", self.model());
        put("modelParameters", self.parameters());
        let (format, schema) = self.schema();
        put("responseFormat", format);
        put("jsonSchema", schema);
        put("messages", self.messages()?);
        put("testData", self.rows(notes));
        put("evaluators", self.evaluators(notes));
        for (key, value) in self.kept["other"].as_object().into_iter().flatten() {
            put(key, value.clone());
        }
        Ok(file)
    }

    fn model(&self) -> Value {
        let model = &self.variant.model;
        match (&model.provider, &model.id) {
            (Some(provider), Some(id)) => json!(format!("{provider}/{id}")),
            (None, Some(id)) => json!(id),
            _ => Value::Null,
        }
    }

    fn parameters(&self) -> Value {
        let options = &self.variant.model.options.0;
        if options.is_empty() {
            return Value::Null;
        }
        let names = &self.kept["parameters"];
        let name = |key: &str| names[key].as_str().unwrap_or_else(|| theirs(key)).to_owned();
        options.iter().map(|(key, value)| (name(key), value.clone())).collect()
    }

    /// The schema of the file an import read, as long as the outputs still say the same.
    fn schema(&self) -> (Value, Value) {
        let outputs = &self.variant.outputs;
        let kept = &self.kept["jsonSchema"];
        let unchanged = !kept.is_null()
            && schema::outputs(kept).map_or(outputs.is_empty(), |(said, _)| said == *outputs);
        if unchanged || outputs.is_empty() {
            let text = if unchanged { kept.clone() } else { Value::Null };
            return (self.kept["responseFormat"].clone(), text);
        }
        let named = json!({"name": self.prompt.name, "schema": json_schema(outputs)});
        (json!("json_schema"), json!(named.to_string()))
    }

    fn messages(&self) -> Result<Value, Refusal> {
        self.check_template()?;
        let rendered = render(self.prompt, self.variant, &self.marked_case()).map_err(|found| {
            Refusal::new(&found.file.clone(), found.code, found.message.clone())
        })?;
        let breaks = self.kept["lineBreaks"].as_array();
        let breaks = breaks.filter(|list| list.len() == rendered.messages.len());
        let messages = rendered.messages.iter().enumerate().map(|(at, message)| {
            let end = breaks.and_then(|list| list[at].as_str()).unwrap_or_default();
            let content = self.content(message)? + end;
            Ok(json!({"role": message.role.as_str(), "content": content}))
        });
        messages.collect()
    }

    /// A case in which every input has a value, so that each leaves a segment where it stands.
    fn marked_case(&self) -> Row {
        let texts = self.variant.inputs.iter().filter(|input| input.kind != Kind::Thread);
        let input = texts.map(|input| (input.name.clone(), json!("x"))).collect();
        Row { id: "export".to_owned(), input, ..Row::default() }
    }

    fn content(&self, message: &Message) -> Result<String, Refusal> {
        if message.shows_media() {
            let why = "GitHub Models has texts only";
            return Err(Refusal::new(&self.variant.file, "a picture or file", why));
        }
        let mut content = String::new();
        for segment in &message.segments {
            match &segment.from {
                Origin::Input(name) => content.push_str(&format!("{{{{{}}}}}", self.foreign(name))),
                Origin::Template | Origin::Example(_) => {
                    self.check_text(&segment.text)?;
                    content.push_str(&segment.text);
                }
            }
        }
        Ok(content)
    }

    /// Text that would be replaced cannot be written.
    fn check_text(&self, text: &str) -> Result<(), Refusal> {
        let replaced =
            |input: &&Property| text.contains(&format!("{{{{{}}}}}", self.foreign(&input.name)));
        match self.variant.inputs.iter().find(replaced) {
            None => Ok(()),
            Some(input) => {
                let what = format!("the text {{{{{}}}}}", self.foreign(&input.name));
                Err(Refusal::new(&self.variant.file, what, "GitHub Models would replace it"))
            }
        }
    }

    /// The name an input had in the file it came from.
    fn foreign<'a>(&'a self, name: &'a str) -> &'a str {
        self.kept["inputs"][name].as_str().unwrap_or(name)
    }

    /// Only plain text and names of inputs can be said.
    fn check_template(&self) -> Result<(), Refusal> {
        for node in &self.variant.template.nodes {
            let (what, span) = match node {
                TemplateNode::Text(_) => continue,
                TemplateNode::If { arms, .. } => {
                    ("if", arms.first().map_or(self.variant.body_span, |arm| arm.0.span))
                }
                TemplateNode::For { name_span, .. } => ("for", *name_span),
                TemplateNode::Print(expr) => match &expr.kind {
                    ExprKind::Variable(_) | ExprKind::Literal(Value::String(_)) => continue,
                    ExprKind::Filter { .. } => ("a filter", expr.span),
                    _ => ("an expression", expr.span),
                },
            };
            let place = format!("{}:{}", self.variant.file, line_col(self.text, span.start).0);
            let why = "GitHub Models replaces names and nothing else";
            return Err(Refusal::new(&place, what, why));
        }
        self.check_threads()
    }

    fn check_threads(&self) -> Result<(), Refusal> {
        let examples = self.prompt.few_shot.as_ref().map(|few_shot| few_shot.input.as_str());
        let thread =
            |input: &&Property| input.kind == Kind::Thread && Some(input.name.as_str()) != examples;
        match self.variant.inputs.iter().find(thread) {
            None => Ok(()),
            Some(input) => Err(Refusal::new(
                &self.variant.file,
                format!("the thread `{}`", input.name),
                "GitHub Models has fixed messages only",
            )),
        }
    }

    fn rows(&self, notes: &mut Notes) -> Value {
        let cases = self.prompt.run_cases();
        let defaults_only = self.prompt.cases.rows.is_empty();
        let rows: Vec<Value> = cases
            .iter()
            .map(|case| self.row(case, notes))
            .filter(|row| !row.as_object().is_some_and(Map::is_empty) || !defaults_only)
            .collect();
        if defaults_only && !rows.is_empty() {
            let why = "they stand in a test row: inputs have no defaults in GitHub Models";
            notes.translated(&self.variant.file, "defaults", why);
        }
        Value::Array(rows)
    }

    fn row(&self, case: &Row, notes: &mut Notes) -> Value {
        let mut row = Map::new();
        for (name, value) in &case.input {
            let name = self.foreign(name);
            // A placeholder that stands for itself is one without a value.
            if *value != json!(format!("{{{{{name}}}}}")) {
                row.insert(name.to_owned(), value.clone());
            }
        }
        for input in
            self.variant.inputs.iter().filter(|input| !case.input.contains_key(&input.name))
        {
            if let Some(default) = &input.default {
                row.insert(self.foreign(&input.name).to_owned(), default.clone());
            }
        }
        if let Some(expected) = &case.expected {
            row.entry("expected").or_insert_with(|| expected.clone());
        }
        self.note_row(case, notes);
        Value::Object(row)
    }

    fn note_row(&self, case: &Row, notes: &mut Notes) {
        let place = self.prompt.cases.file.as_deref().unwrap_or(&self.variant.file);
        let more = [
            (!case.tags.is_empty(), "tags"),
            (case.group.is_some(), "group"),
            (case.weight.is_some(), "weight"),
            (!case.references.is_empty(), "references"),
            (!case.contexts.is_empty(), "contexts"),
            (!case.extra.is_empty(), "further keys"),
        ];
        for (_, what) in more.iter().filter(|(there, _)| *there) {
            notes.left_out(
                place,
                format!("{what} of cases"),
                "test rows have inputs and `expected`",
            );
        }
    }

    fn evaluators(&self, notes: &mut Notes) -> Value {
        let mut list = Vec::new();
        for scorer in &self.prompt.evals.scorers {
            match evaluators::write(scorer) {
                Ok(evaluator) => list.push(evaluator),
                Err(why) => {
                    let place = self.prompt.evals.file.as_deref().unwrap_or(&self.prompt.name);
                    notes.left_out(place, format!("scorer `{}`", scorer.id), why);
                }
            }
        }
        Value::Array(list)
    }
}

/// What stands under our key in the metadata of a `.prompty` file.
fn kept_metadata(text: &str) -> Option<Value> {
    let front = text.strip_prefix("---\n")?.split("\n---\n").next()?;
    let document = yaml::read("", front, 1, Dialect::Core).ok()?;
    Some(document.get(&format!("/metadata/{METADATA}")).clone())
}
