//! Prompty v2 out: one file for each variant, which stands alone.
//!
//! Schemas stand in the file itself, and the examples of a variant as literal turns, because Prompty
//! has no word for them. What would be read as something else there is refused: Prompty looks for
//! role lines in rendered text, and cuts the front matter at the first `---` it finds.

use assay_prompt::{
    ExprKind, Files, Kind, Prompt, Row, Select, Span, Template, TemplateNode, Variant, line_col,
    shot_query,
};

use serde_json::Value;

use super::front::Front;
use super::split::split;
use crate::body::{looks_like_role, role_of};
use crate::draft::properties_value;
use crate::report::Names;
use crate::yaml::{self, Dialect};
use crate::{Body, Export, Notes, Refusal};

/// Writes the variants that can be said in Prompty; refused when none can.
pub(crate) fn export(prompt: &Prompt, files: &Files) -> Result<Export, Refusal> {
    let mut notes = Notes::default();
    let mut out = Export::default();
    let mut names = Names::default();
    let mut first = None;
    for variant in &prompt.variants {
        match write(prompt, variant, files, &mut notes) {
            Ok(text) => {
                let name = names.file(&variant.id, ".prompty", &variant.file, &mut notes);
                out.files.insert(name, text);
            }
            Err(refusal) => {
                notes.left_out(&refusal.place, refusal.what.clone(), refusal.why.clone());
                first.get_or_insert(refusal);
            }
        }
    }
    if let Some(refusal) = first.filter(|_| out.files.is_empty()) {
        return Err(refusal);
    }
    if !(prompt.cases.rows.is_empty() && prompt.evals.scorers.is_empty()) {
        notes.left_out(&prompt.name, "cases, scorers and gates", "Prompty has no word for them");
    }
    out.notes = notes.list().to_vec();
    Ok(out)
}

fn write(
    prompt: &Prompt,
    variant: &Variant,
    files: &Files,
    notes: &mut Notes,
) -> Result<String, Refusal> {
    let text = files.get(&variant.file).map_or("", String::as_str);
    if let Some(found) = prompt.errors().find(|found| found.file == variant.file) {
        let place = format!("{}:{}", variant.file, line_col(text, found.span.start).0);
        return Err(Refusal::new(&place, found.code, found.message.clone()));
    }
    if let Some((line, span)) = printed_role(&variant.template.nodes) {
        let place = format!("{}:{}", variant.file, line_col(text, span.start).0);
        let why = "Prompty would open a message there";
        return Err(Refusal::new(&place, format!("the printed line `{}`", line.trim()), why));
    }
    let plain = text.replace("\r\n", "\n");
    let parts = split(&variant.file, &plain)?;
    let document = yaml::read(&variant.file, parts.front, parts.front_line, Dialect::Core)?;
    let values = document.value.as_object().cloned().unwrap_or_default();
    let mut front = Front::new(parts.front, &values);
    let shots = prompt.few_shot.as_ref().map(|few_shot| few_shot.input.as_str());
    let mut body = parts.body.to_owned();
    if let Some(input) = shots.filter(|input| variant.input(input).is_some()) {
        let turns = turns(prompt, variant)?;
        body = with_turns(&body, input, &turns, variant)?;
        let count = turns.len() / 2;
        let what = format!("{count} few-shot examples");
        notes.translated(&variant.file, what, "literal turns, so that the file stands alone");
    }
    schemas(&mut front, variant, shots);
    let front = guarded(&front, parts.front, &variant.file)?;
    printed_otherwise(variant, text, notes);
    let end = if body.ends_with('\n') { "" } else { "\n" };
    Ok(format!("---\n{front}---\n{body}{end}"))
}

/// Inputs and outputs in place, without the input that the examples filled.
fn schemas(front: &mut Front, variant: &Variant, shots: Option<&str>) {
    let without = |name: &str| shots != Some(name);
    let inputs: Vec<_> =
        variant.inputs.iter().filter(|input| without(&input.name)).cloned().collect();
    let changed = inputs.len() < variant.inputs.len();
    for (key, list, changed) in [("inputs", &inputs, changed), ("outputs", &variant.outputs, false)]
    {
        if changed && list.is_empty() {
            front.take(key);
        } else if changed || front.get(key).is_string() {
            front.set(key, properties_value(list));
        }
    }
}

/// The front matter, such that PyYAML and Prompty's own pattern read what was meant.
fn guarded(front: &Front, original: &str, file: &str) -> Result<String, Refusal> {
    let mut text = front.text();
    let read = |text: &str, dialect| yaml::read(file, text, 2, dialect).map(|read| read.value);
    let meant = read(&text, Dialect::Core)?;
    if read(&text, Dialect::Python).ok().as_ref() != Some(&meant) {
        text = yaml::write(&meant);
    }
    if text.contains("---") || text.contains("+++") {
        let at = original.find("---").or_else(|| original.find("+++")).unwrap_or(0);
        let place = format!("{file}:{}", line_col(original, at).0 + 1);
        let why = "Prompty would end the front matter there: write it in another way";
        return Err(Refusal::new(&place, "`---` inside the front matter", why));
    }
    Ok(text)
}

/// The examples as pairs of texts: what the user says and the answer.
fn turns(prompt: &Prompt, variant: &Variant) -> Result<Vec<String>, Refusal> {
    let field = prompt.few_shot.as_ref().map_or("output", |few_shot| few_shot.assistant.as_str());
    let refuse = |what: String, why: &str| Refusal::new(&variant.file, what, why);
    let mut out = Vec::new();
    for row in shown(prompt, variant)? {
        let user = shot_query(prompt, variant, row)
            .map_err(|found| refuse(format!("the example `{}`", row.id), &found.message))?;
        let answer = match field {
            "output" => row.output.as_ref(),
            "expected" => row.expected.as_ref(),
            other => row.extra.get(other),
        };
        let Some(answer) = answer else {
            return Err(refuse(format!("the example `{}`", row.id), "it has no answer"));
        };
        let answer = answer.as_str().map_or_else(|| answer.to_string(), str::to_owned);
        for text in [user, answer] {
            if let Some(line) = text.lines().find(|line| looks_like_role(line)) {
                let what = format!("the line `{}` of the example `{}`", line.trim(), row.id);
                return Err(refuse(what, "Prompty would open a message there"));
            }
            out.push(text);
        }
    }
    Ok(out)
}

fn shown<'p>(prompt: &'p Prompt, variant: &Variant) -> Result<Vec<&'p Row>, Refusal> {
    let rows = &prompt.examples.rows;
    Ok(match &variant.select {
        Select::None => Vec::new(),
        Select::All => rows.iter().collect(),
        Select::First(count) => rows.iter().take(*count).collect(),
        Select::Ids(ids) => ids.iter().filter_map(|id| rows.iter().find(|r| r.id == *id)).collect(),
        Select::Nearest(_) => {
            let why = "each case gets its own examples, and a Prompty file has the same for all";
            return Err(Refusal::new(&variant.file, "`select: {nearest: n}`", why));
        }
    })
}

/// The body with turns in the place of the thread, which must have a line of its own outside of
/// blocks. Text that follows goes on in the role it had.
fn with_turns(
    body: &str,
    input: &str,
    turns: &[String],
    variant: &Variant,
) -> Result<String, Refusal> {
    let refuse =
        |why: &str| Err(Refusal::new(&variant.file, format!("the place of `{input}`"), why));
    let template = Template::parse(body, 0);
    let uses = assay_prompt::variables(&template);
    let places: Vec<_> = uses.iter().filter(|(name, _)| name == input).collect();
    let span = match places.as_slice() {
        [] => return Ok(body.to_owned()),
        [(_, span)] => span,
        _ => return refuse("the examples are shown more than once"),
    };
    let printed = template
        .nodes
        .iter()
        .any(|node| matches!(node, TemplateNode::Print(expr) if expr.span == *span));
    let start = body[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let end = body[span.end..].find('\n').map_or(body.len(), |at| span.end + at + 1);
    let line = body[start..end].trim();
    let alone = line.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
    if !printed || alone.map(|inner| inner.trim_matches(['-', ' '])) != Some(input) {
        return refuse("it must stand alone on a line, outside of `if` and `for`");
    }
    let role = body[..start].lines().rev().find_map(role_of);
    let mut literal = Body::new();
    for pair in turns.chunks(2) {
        for (role, text) in
            [assay_prompt::Role::User, assay_prompt::Role::Assistant].into_iter().zip(pair)
        {
            literal.role(role).text(text);
        }
    }
    let mut out = format!("{}{}", &body[..start], literal.finish());
    let rest = &body[end..];
    let next = rest.lines().find(|line| !line.trim().is_empty());
    if next.is_some_and(|line| role_of(line).is_none()) && !turns.is_empty() {
        let role = role.unwrap_or(assay_prompt::Role::System);
        out.push_str(&format!("\n{}:\n", role.as_str()));
    }
    Ok(out + rest)
}

/// A text that is printed, and that Prompty would then take for a role line.
fn printed_role(nodes: &[TemplateNode]) -> Option<(&str, Span)> {
    nodes.iter().find_map(|node| match node {
        TemplateNode::Print(expr) => match &expr.kind {
            ExprKind::Literal(Value::String(text)) => {
                text.lines().find(|line| looks_like_role(line)).map(|line| (line, expr.span))
            }
            _ => None,
        },
        TemplateNode::If { arms, otherwise } => {
            arms.iter().find_map(|(_, body)| printed_role(body)).or_else(|| printed_role(otherwise))
        }
        TemplateNode::For { body, otherwise, .. } => {
            printed_role(body).or_else(|| printed_role(otherwise))
        }
        TemplateNode::Text(_) => None,
    })
}

/// Values that Prompty prints as Python does: `True`, `['a']`.
fn printed_otherwise(variant: &Variant, text: &str, notes: &mut Notes) {
    for node in &variant.template.nodes {
        let TemplateNode::Print(expr) = node else { continue };
        let ExprKind::Variable(name) = &expr.kind else { continue };
        let kind = variant.input(name).map(|input| input.kind);
        if matches!(kind, Some(Kind::Boolean | Kind::Array | Kind::Object)) {
            let place = format!("{}:{}", variant.file, line_col(text, expr.span.start).0);
            let why = "Prompty prints truth values, lists and maps as Python writes them";
            notes.translated(&place, format!("`{{{{ {name} }}}}`"), why);
        }
    }
}
