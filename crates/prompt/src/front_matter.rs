//! One `.prompty` file: its front matter, its body, and the strict profile they keep.
//!
//! A file that cannot be read gives a variant with as much as was understood and errors that stop
//! it from being rendered: front matter is never sent to a model as if it were text.

use crate::characters::{check_byte_order_mark, check_characters};
use crate::closest::closest;
use crate::diagnostic::{Diagnostic, Report};
use crate::files::{self, Files};
use crate::fix::{Edit, Fix};
use crate::property::read_properties;
use crate::readings::Readings;
use crate::yaml::{self, Fields, Node, Yaml};
use crate::{Filter, ModelRef, Options, Property, Span, Template, Variant, codes};

/// What the text of one file says, before the files it refers to are looked at.
pub(crate) struct Front {
    /// The front matter, when it could be read.
    node: Option<Node>,
    /// Where the body stands.
    body: Span,
    template: Template,
}

/// Reads one `.prompty` file by itself.
pub(crate) fn read_text(text: &str, report: &mut Report) -> Front {
    let Some((front, body)) = split(text, report) else {
        let body = Span::at(text.len());
        return Front { node: None, body, template: Template::parse("", 0) };
    };
    let template = Template::parse(&text[body.start..body.end], body.start);
    let node = yaml::parse(&text[front.start..front.end], front.start, report);
    report_template(&template, report);
    check_characters(text, report);
    Front { node, body, template }
}

/// The variant `id` of a file that was read; few-shot choice and content id are the caller's to
/// fill in.
pub(crate) fn read_variant(
    id: &str,
    file: &str,
    front: &Front,
    files: &Files,
    readings: &mut Readings,
) -> (Variant, Vec<Diagnostic>) {
    let mut report = Report::new(file);
    let mut variant = Variant::empty(id, file);
    variant.body_span = front.body;
    variant.template = front.template.clone();
    if let Some(node) = &front.node {
        let mut schemas = Schemas { files, readings, found: Vec::new() };
        read_front(&mut variant, node, &mut schemas, &mut report);
        report.found.extend(schemas.found);
    }
    (variant, report.found)
}

/// The places of the YAML and of the body.
pub(crate) fn split(text: &str, report: &mut Report) -> Option<(Span, Span)> {
    let start = check_byte_order_mark(text, report);
    let mut lines = crate::span::lines(&text[start..]).map(|(at, line)| (at + start, line));
    let first = lines.next().unwrap_or((start, ""));
    if bare(first.1) != "---" {
        let span = Span::new(first.0, first.0 + first.1.len());
        report
            .error(codes::NO_FRONT_MATTER, span, format!("line 1 of {} must be `---`", report.file))
            .hint("put the front matter between two lines of `---`");
        return None;
    }
    let yaml_start = (first.0 + first.1.len() + 1).min(text.len());
    let Some((close, line)) = lines.find(|(_, line)| bare(line) == "---") else {
        report
            .error(
                codes::UNCLOSED_FRONT_MATTER,
                Span::new(first.0, first.0 + first.1.len()),
                format!("the front matter of {} is never closed", report.file),
            )
            .hint("end it with a line that is exactly `---`");
        return None;
    };
    let body = (close + line.len() + 1).min(text.len());
    Some((Span::new(yaml_start, close), Span::new(body, text.len())))
}

/// A line as it would be with plain line ends.
fn bare(line: &str) -> &str {
    line.strip_suffix('\r').unwrap_or(line)
}

/// Fills in what the front matter says.
fn read_front(variant: &mut Variant, node: &Node, schemas: &mut Schemas, report: &mut Report) {
    if let Some(span) = version_one(node) {
        report
            .error(codes::PROMPTY_V1, span, format!("{} is Prompty v1", report.file))
            .hint("import it: that converts it to v2 once");
        return;
    }
    let mut fields = Fields::open("the front matter", node, report);
    variant.name = fields.string("name", report);
    variant.display_name = fields.string("displayName", report);
    variant.description = fields.string("description", report);
    fields.node("metadata");
    if let Some(model) = fields.node("model") {
        variant.model = read_model(model, report);
    }
    if let Some(inputs) = fields.node("inputs") {
        variant.inputs = schemas.read("inputs", inputs, report);
    }
    if let Some(outputs) = fields.node("outputs") {
        variant.outputs = schemas.read("outputs", outputs, report);
    }
    let tools = fields.list("tools", report).unwrap_or_default();
    variant.tools = tools.iter().map(Node::to_json).collect();
    if let Some(template) = fields.node("template") {
        check_template_kind(template, report);
    }
    fields.warn_unknown(report);
}

/// The key that gives a v1 file away. Some v1 files have none of them and read as v2.
fn version_one(node: &Node) -> Option<Span> {
    let model = node.get("model");
    let old_model = ["api", "configuration", "parameters"].iter().find_map(|key| model?.entry(key));
    let old_input = || {
        let inputs = node.get("inputs")?.entries();
        inputs.iter().find_map(|input| input.node.entry("type"))
    };
    let entry = old_model.or_else(|| node.entry("sample")).or_else(old_input);
    entry.map(|entry| entry.key_span)
}

fn read_model(node: &Node, report: &mut Report) -> ModelRef {
    if let Yaml::String(id) = &node.value {
        return ModelRef { id: Some(id.clone()), ..ModelRef::default() };
    }
    let mut fields = Fields::open("model", node, report);
    let model = ModelRef {
        id: fields.string("id", report),
        provider: fields.string("provider", report),
        api_type: read_api_type(&mut fields, report),
        options: Options(fields.map("options", report).unwrap_or_default()),
    };
    // Kept in the file and never looked at: endpoints and keys come from the user's settings only.
    fields.node("connection");
    fields.warn_unknown(report);
    model
}

fn read_api_type(fields: &mut Fields, report: &mut Report) -> Option<String> {
    let kind = fields.string("apiType", report)?;
    let span = fields.node("apiType").map_or(fields.span(), |node| node.span);
    match kind.as_str() {
        "chat" => {}
        "responses" => {
            let message = "`apiType: responses` is run as chat";
            report.warning(codes::RESPONSES_AS_CHAT, span, message);
        }
        other => {
            let message = format!("`apiType: {other}` cannot run: only chat prompts can run");
            report.error(codes::NOT_CHAT, span, message);
        }
    }
    Some(kind)
}

/// Where schemas come from. Findings in schema files are kept apart, as those have their own names.
struct Schemas<'f> {
    files: &'f Files,
    readings: &'f mut Readings,
    found: Vec<Diagnostic>,
}

impl Schemas<'_> {
    /// A schema in place, or in the file a reference names.
    fn read(&mut self, key: &'static str, node: &Node, report: &mut Report) -> Vec<Property> {
        let Some(text) = node.as_str() else {
            return read_properties(key, node, report);
        };
        let Some(path) = files::reference(text) else {
            report
                .error(
                    codes::EMBEDDED_REFERENCE,
                    node.span,
                    format!("`{key}` must be a list or one `${{file:…}}`"),
                )
                .hint(format!("write `{key}: ${{file:{key}.yaml}}`"));
            return Vec::new();
        };
        let Some((file, text)) = files::find(self.files, path, node.span, report) else {
            return Vec::new();
        };
        let shelf = match key {
            "inputs" => &mut self.readings.inputs,
            _ => &mut self.readings.outputs,
        };
        let reading = shelf.get(file, |report| {
            let node = yaml::parse(text, 0, report);
            node.map(|node| read_properties(key, &node, report)).unwrap_or_default()
        });
        self.found.extend_from_slice(&reading.found);
        reading.value.clone()
    }
}

/// `template` may say what is true anyway: jinja2, read by prompty.
fn check_template_kind(node: &Node, report: &mut Report) {
    let kind = |node: &Node| {
        let inner = node.get("kind").unwrap_or(node);
        inner.as_str().map(str::to_owned)
    };
    let parts = match &node.value {
        Yaml::Map(entries) => {
            entries.iter().map(|entry| (entry.key.as_str(), &entry.node)).collect()
        }
        _ => vec![("format", node)],
    };
    for (key, part) in parts {
        let wanted = match key {
            "format" => "jinja2",
            "parser" => "prompty",
            _ => continue,
        };
        let named = kind(part).unwrap_or_default();
        if named != wanted {
            report
                .error(
                    codes::OTHER_TEMPLATE,
                    part.span,
                    format!("the template {key} `{named}` is not supported"),
                )
                .hint(format!("leave `template` out, or use {wanted}"));
        }
    }
}

fn report_template(template: &Template, report: &mut Report) {
    for error in &template.errors {
        let file = report.file;
        let diagnostic = report.error(error.code, error.span, error.message.clone());
        diagnostic.hint = error.hint.as_deref().map(Into::into);
        let name = template.text(error.span);
        let meant = (error.code == codes::UNKNOWN_FILTER).then(|| closest(name, Filter::names()));
        if let Some(meant) = meant.flatten() {
            let edits = vec![Edit::replace(file, error.span, meant)];
            diagnostic.fix(Fix::offered(format!("Change to `{meant}`"), edits));
        }
    }
}
