//! Findings that need more than one file, or a template and its data side by side.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, Report, name_list};
use crate::files::Files;
use crate::front_matter::check_characters;
use crate::manifest::MANIFEST_FILE;
use crate::render::{self, role_line};
use crate::span::lines;
use crate::{
    FewShot, Kind, Prompt, Property, Row, Select, Span, Template, Variant, codes, template,
};

/// Everything that can be said about a prompt once all its files are read.
pub(crate) fn lint(prompt: &Prompt, files: &Files) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for variant in &prompt.variants {
        let mut report = Report::new(&variant.file);
        // Without its schema every variable of a variant would be unknown.
        if prompt.unreadable(variant).is_none() {
            unknown_variables(prompt, variant, &mut report);
            unused_inputs(prompt, variant, &mut report);
            shadowed_inputs(variant, &mut report);
            thread_place(prompt, variant, &mut report);
        }
        role_lines(variant, &mut report);
        found.extend(report.found);
    }
    found.extend(lint_cases(prompt));
    found.extend(lint_examples(prompt));
    found.extend(lint_manifest(prompt, files));
    found
}

fn unknown_variables(prompt: &Prompt, variant: &Variant, report: &mut Report) {
    let known = name_list(variant.inputs.iter().map(|input| &input.name));
    for used in template::uses(&variant.template) {
        if variant.input(&used.name).is_some() {
            continue;
        }
        let message = format!("`{}` is not an input", used.name);
        let finding = if used.guarded {
            report.warning(codes::UNKNOWN_VARIABLE, used.span, message)
        } else {
            report.error(codes::UNKNOWN_VARIABLE, used.span, message)
        };
        let elsewhere = prompt.variants.iter().any(|v| v.input(&used.name).is_some());
        finding.hint(match (variant.inputs.is_empty(), elsewhere) {
            (true, _) => format!("declare it: `inputs: [{{name: {}, kind: string}}]`", used.name),
            (false, true) => "other variants declare it".to_owned(),
            (false, false) => format!("the inputs are {known}"),
        });
    }
}

/// An input shared by all variants may be left unused by some of them.
fn unused_inputs(prompt: &Prompt, variant: &Variant, report: &mut Report) {
    let few_shot_user = prompt.few_shot.as_ref().map(|few_shot| Template::parse(&few_shot.user, 0));
    let used: BTreeSet<String> = prompt
        .variants
        .iter()
        .map(|variant| &variant.template)
        .chain(few_shot_user.as_ref())
        .flat_map(template::variables)
        .map(|(name, _)| name)
        .collect();
    for input in &variant.inputs {
        if !used.contains(&input.name) {
            let message = format!("no template uses the input `{}`", input.name);
            report.warning(codes::UNUSED_INPUT, Span::at(variant.body_span.start), message);
        }
    }
}

fn shadowed_inputs(variant: &Variant, report: &mut Report) {
    for (name, span) in template::loop_variables(&variant.template) {
        if variant.input(&name).is_some() {
            let message = format!("the loop variable `{name}` hides the input of that name");
            report.warning(codes::SHADOWED_INPUT, span, message);
        }
    }
}

fn thread_place(prompt: &Prompt, variant: &Variant, report: &mut Report) {
    let Some(few_shot) = &prompt.few_shot else {
        return;
    };
    let declared = variant.input(&few_shot.input);
    if variant.select == Select::None || declared.is_some_and(|input| input.kind == Kind::Thread) {
        return;
    }
    report
        .warning(
            codes::THREAD_WITHOUT_PLACE,
            Span::at(variant.body_span.start),
            format!(
                "{} declares no thread `{}`, so it shows no examples",
                variant.file, few_shot.input
            ),
        )
        .hint(format!("declare `{{name: {}, kind: thread}}` as an input", few_shot.input));
}

/// Lines that Prompty's looser pattern would split at, and attributes nobody sends.
fn role_lines(variant: &Variant, report: &mut Report) {
    let template = &variant.template;
    for (start, line) in lines(&template.source) {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let span = Span::new(start, start + line.len()).shifted(template.base);
        match role_line(line) {
            Some((_, false)) => {}
            Some((_, true)) => {
                let message = "the attributes of this role line are not sent to models";
                report.warning(codes::ROLE_ATTRIBUTES, span, message);
            }
            None if looks_like_role(line) => {
                report
                    .error(
                        codes::ROLE_LOOK_ALIKE,
                        span,
                        format!(
                            "Prompty would open a message at `{}`, this profile does not",
                            line.trim()
                        ),
                    )
                    .hint(
                        "write the role in lower case at the start of the line, or change the text",
                    );
            }
            None => {}
        }
    }
}

/// Prompty's own pattern: any case, white space around, one `#` before.
fn looks_like_role(line: &str) -> bool {
    let line = line.trim();
    let line = line.strip_prefix('#').unwrap_or(line).trim_start();
    let Some(head) = line.strip_suffix(':').map(str::trim_end) else {
        return false;
    };
    let name = match head.strip_suffix(']').and_then(|head| head.split_once('[')) {
        Some((name, _)) => name,
        None => head,
    };
    render::Role::of_line(&name.to_ascii_lowercase()).is_some()
}

fn lint_cases(prompt: &Prompt) -> Vec<Diagnostic> {
    let Some(file) = &prompt.cases.file else {
        return Vec::new();
    };
    let mut report = Report::new(file);
    let inputs = Declared::of(prompt);
    for row in &prompt.cases.rows {
        missing_inputs(prompt, row, &inputs, &mut report);
        check_values(row, "case", &inputs, &mut report);
    }
    leaks(prompt, &mut report);
    report.found
}

/// The inputs of all variants by name.
struct Declared<'p> {
    inputs: BTreeMap<&'p str, &'p Property>,
    /// False when a schema could not be read, so that nothing can be said about what is absent.
    complete: bool,
}

impl<'p> Declared<'p> {
    fn of(prompt: &'p Prompt) -> Self {
        let inputs = prompt.variants.iter().flat_map(|variant| &variant.inputs);
        let readable = |variant: &Variant| prompt.unreadable(variant).is_none();
        Self {
            inputs: inputs.map(|input| (input.name.as_str(), input)).collect(),
            complete: !prompt.variants.is_empty() && prompt.variants.iter().all(readable),
        }
    }
}

fn missing_inputs(prompt: &Prompt, row: &Row, declared: &Declared, report: &mut Report) {
    let filled = prompt.few_shot.as_ref().map(|few_shot| few_shot.input.as_str());
    for input in declared.inputs.values() {
        let has = row.input.contains_key(&input.name) || filled == Some(&input.name);
        if input.required && input.default.is_none() && !has {
            let message =
                format!("case `{}` has no value for the required input `{}`", row.id, input.name);
            report.error(codes::CASE_LACKS_INPUT, row.span, message);
        }
    }
}

/// Values of names nobody declared, and values of another kind than declared.
fn check_values(row: &Row, what: &str, declared: &Declared, report: &mut Report) {
    for (name, value) in &row.input {
        match declared.inputs.get(name.as_str()) {
            None if declared.complete => {
                let message =
                    format!("{what} `{}` has a value for `{name}`, which is not an input", row.id);
                let known = name_list(declared.inputs.keys());
                report
                    .warning(codes::EXTRA_INPUT, row.span, message)
                    .hint(format!("the inputs are {known}"));
            }
            Some(input) if !value.is_null() && !input.kind.admits(value) => {
                let kind = input.kind.as_str();
                let message = format!("`{name}` of {what} `{}` is not of kind {kind}", row.id);
                report.warning(codes::WRONG_KIND, row.span, message);
            }
            _ => {}
        }
    }
}

/// A case whose input stands among the examples is answered before it is asked.
fn leaks(prompt: &Prompt, report: &mut Report) {
    let key = |input: &Map<String, Value>| {
        let sorted: BTreeMap<_, _> = input.iter().collect();
        serde_json::to_string(&sorted).unwrap_or_default()
    };
    let examples: BTreeMap<String, &Row> = prompt
        .examples
        .rows
        .iter()
        .filter(|row| !row.input.is_empty())
        .map(|row| (key(&row.input), row))
        .collect();
    if examples.is_empty() {
        return;
    }
    for case in &prompt.cases.rows {
        if let Some(example) = examples.get(&key(&case.input)) {
            let message =
                format!("case `{}` has the same input as example `{}`", case.id, example.id);
            report
                .warning(codes::LEAK, case.span, message)
                .hint("the example gives its answer away: remove one of them");
        }
    }
}

fn lint_examples(prompt: &Prompt) -> Vec<Diagnostic> {
    let (Some(file), Some(few_shot)) = (&prompt.examples.file, &prompt.few_shot) else {
        return Vec::new();
    };
    let mut report = Report::new(file);
    let inputs = Declared::of(prompt);
    let user = Template::parse(&few_shot.user, 0);
    for row in &prompt.examples.rows {
        check_values(row, "example", &inputs, &mut report);
        check_user_turn(row, &user, &inputs, &mut report);
        check_answer(prompt, row, few_shot, &mut report);
    }
    report.found
}

fn check_user_turn(row: &Row, user: &Template, declared: &Declared, report: &mut Report) {
    for used in template::uses(user) {
        let default =
            declared.inputs.get(used.name.as_str()).and_then(|input| input.default.as_ref());
        if !used.guarded && default.is_none() && !row.input.contains_key(&used.name) {
            let message =
                format!("example `{}` has no `{}`, which its user turn shows", row.id, used.name);
            report.error(codes::CASE_LACKS_INPUT, row.span, message);
        }
    }
}

fn check_answer(prompt: &Prompt, row: &Row, few_shot: &FewShot, report: &mut Report) {
    let Some(answer) = render::answer(row, &few_shot.assistant) else {
        let message = format!("example `{}` has no `{}`", row.id, few_shot.assistant);
        report.error(codes::EXAMPLE_WITHOUT_ANSWER, row.span, message);
        return;
    };
    let (Value::Object(answer), Some(variant)) = (answer, prompt.variants.first()) else {
        return;
    };
    for problem in variant.outputs.iter().filter_map(|output| misfit(output, answer)) {
        let message = format!("the answer of example `{}` {problem}", row.id);
        report.warning(codes::EXAMPLE_BREAKS_SCHEMA, row.span, message);
    }
}

fn misfit(output: &Property, answer: &Map<String, Value>) -> Option<String> {
    let name = &output.name;
    match answer.get(name) {
        None => output.required.then(|| format!("lacks `{name}`")),
        Some(value) if !output.kind.admits(value) => {
            Some(format!("has a `{name}` that is not of kind {}", output.kind.as_str()))
        }
        Some(value) if !output.enum_values.is_empty() && !output.enum_values.contains(value) => {
            Some(format!("has a `{name}` that is not among its enumValues"))
        }
        Some(_) => None,
    }
}

fn lint_manifest(prompt: &Prompt, files: &Files) -> Vec<Diagnostic> {
    if !files.contains_key(MANIFEST_FILE) {
        return Vec::new();
    }
    let mut report = Report::new(MANIFEST_FILE);
    for variant in &prompt.variants {
        unknown_examples(prompt, variant, &mut report);
    }
    for file in files.keys().filter(|file| file.ends_with(".prompty")) {
        if !prompt.variants.iter().any(|variant| variant.file == *file) {
            let message = format!("{file} is not listed under `variants`");
            report.warning(codes::UNLISTED_FILE, Span::default(), message);
        }
    }
    let mut found = report.found;
    for (file, text) in
        files.iter().filter(|(file, _)| file.ends_with(".yaml") && *file != MANIFEST_FILE)
    {
        let mut report = Report::new(file);
        check_characters(text, &mut report);
        found.extend(report.found);
    }
    found
}

fn unknown_examples(prompt: &Prompt, variant: &Variant, report: &mut Report) {
    let Select::Ids(ids) = &variant.select else {
        return;
    };
    let known = &prompt.examples.rows;
    for id in ids.iter().filter(|id| known.iter().all(|row| row.id != **id)) {
        report
            .error(
                codes::UNKNOWN_EXAMPLE,
                prompt.few_shot.as_ref().map_or(Span::default(), |few_shot| few_shot.user_span),
                format!(
                    "variant `{}` selects the example `{id}`, which does not exist",
                    variant.id
                ),
            )
            .hint(format!("the examples are {}", name_list(known.iter().map(|row| &row.id))));
    }
}
