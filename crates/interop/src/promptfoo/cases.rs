//! The test cases of a configuration: tests, files of tests, scenarios and the defaults of all.

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::context::{Context, FileRef, map, parse, size};
use super::{table, vars};
use crate::Refusal;
use crate::yaml::Document;

/// The most cases a configuration may expand to.
const MAX_CASES: usize = 10_000;
/// The most text the cases together may hold, in bytes.
const MAX_TEXT: usize = 24 << 20;
/// The most assertions over all cases.
const MAX_ASSERTIONS: usize = 200_000;

/// One case: a row for every combination of a test's variables.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Case {
    /// Its variables, settled.
    pub vars: Map<String, Value>,
    /// Its own and the default assertions; shared by the combinations of one test.
    pub asserts: Rc<Vec<Value>>,
    /// Its options over the default ones.
    pub options: Rc<Map<String, Value>>,
    /// `metadata`.
    pub metadata: Map<String, Value>,
    /// `description`.
    pub description: Option<String>,
    /// `threshold`, `prompts`, `providers`, `provider`, `providerOutput`, ….
    pub rest: Map<String, Value>,
    /// `file:line` of the test.
    pub place: String,
}

/// A test as written, and where.
struct Test {
    map: Map<String, Value>,
    place: String,
}

/// Reads `tests`, `scenarios` and `defaultTest`.
///
/// # Errors
/// A refusal that names the number when there are more cases than can be kept.
pub(super) fn read(
    config: &Value,
    document: &Document,
    context: &mut Context,
) -> Result<Vec<Case>, Refusal> {
    let default = default_test(config.get("defaultTest"), document, context);
    let mut tests = listed(&config["tests"], "/tests", document, context)?;
    let scenarios = config.get("scenarios").filter(|value| !value.is_null());
    match scenarios {
        Some(scenarios) => tests.extend(of_scenarios(scenarios, document, context)?),
        None if tests.is_empty() => {
            tests.push(Test { map: Map::new(), place: document.place("") });
        }
        None => {}
    }
    expand(tests, &default, context)
}

fn default_test(
    value: Option<&Value>,
    document: &Document,
    context: &mut Context,
) -> Map<String, Value> {
    let place = document.place("/defaultTest");
    let mut test = match value {
        Some(Value::String(path)) => map(context.data(FileRef::parse(path).path, &place).as_ref()),
        other => map(other),
    };
    let vars = vars::read(test.get("vars"), context, &place);
    test.insert("vars".to_owned(), Value::Object(vars));
    test
}

/// A list of tests, or files that hold some.
fn listed(
    value: &Value,
    pointer: &str,
    document: &Document,
    context: &mut Context,
) -> Result<Vec<Test>, Refusal> {
    let place = document.place(pointer);
    match value {
        Value::Null => Ok(Vec::new()),
        Value::String(path) => of_path(path, &place, context),
        Value::Object(entry) => of_item(&Value::Object(entry.clone()), place, context),
        Value::Array(items) => {
            let mut tests = Vec::new();
            for (at, item) in items.iter().enumerate() {
                let place = document.place(&format!("{pointer}/{at}"));
                tests.extend(of_item(item, place, context)?);
                few_enough(tests.len(), context)?;
            }
            Ok(tests)
        }
        _ => {
            context.notes.left_out(&place, "tests", "neither a list nor a file");
            Ok(Vec::new())
        }
    }
}

fn few_enough(count: usize, context: &Context) -> Result<(), Refusal> {
    if count <= MAX_CASES {
        return Ok(());
    }
    let why = format!("the tests expand to {count} cases or more; {MAX_CASES} can be kept");
    Err(Refusal::new(context.file, "tests", why))
}

fn of_item(item: &Value, place: String, context: &mut Context) -> Result<Vec<Test>, Refusal> {
    match item {
        Value::String(path) => of_path(path, &place, context),
        Value::Object(entry) => match entry.get("path").and_then(Value::as_str) {
            Some(path) if !entry.contains_key("vars") => of_path(path, &place, context),
            _ => Ok(vec![Test { map: entry.clone(), place }]),
        },
        _ => {
            context.notes.left_out(&place, "test", "a test is a map or a file");
            Ok(Vec::new())
        }
    }
}

/// The tests of a file, or of all files a pattern names.
fn of_path(path: &str, place: &str, context: &mut Context) -> Result<Vec<Test>, Refusal> {
    let file = FileRef::parse(path);
    if file.path.contains("://") || file.path.starts_with("//") {
        context.notes.left_out(place, format!("tests {path}"), "no address is contacted");
        return Ok(Vec::new());
    }
    if file.is_script() {
        let why = "code makes these tests; none of them came over";
        context.notes.not_run(place, format!("tests {path}"), why);
        return Ok(Vec::new());
    }
    let found = match file.path.contains(['*', '?', '{', '[']) {
        true => context.glob(file.path),
        false => vec![file.path.to_owned()],
    };
    if found.is_empty() {
        context.notes.left_out(place, format!("tests {path}"), "no file is there");
    }
    let mut tests = Vec::new();
    for path in found {
        tests.extend(of_file(&path, place, context)?);
        few_enough(tests.len(), context)?;
    }
    Ok(tests)
}

fn of_file(path: &str, place: &str, context: &mut Context) -> Result<Vec<Test>, Refusal> {
    let Some(text) = context.text(path, place) else {
        return Ok(Vec::new());
    };
    match super::context::extension(path).as_str() {
        "csv" => {
            let rows = table::tests(path, &text, &mut context.notes)?;
            Ok(rows.into_iter().map(|(place, map)| Test { map, place }).collect())
        }
        "yaml" | "yml" | "json" | "jsonl" => {
            let document = parse(path, &text)?;
            let value = super::reference::resolve(&document.value, context)?;
            let items = match value {
                Value::Array(items) => items,
                one => vec![one],
            };
            let maps = items.into_iter().enumerate().filter_map(|(at, item)| match item {
                Value::Object(map) => Some(Test { map, place: document.place(&format!("/{at}")) }),
                _ => None,
            });
            Ok(maps.collect())
        }
        other => {
            let why = format!("tests are read from CSV, JSON, JSONL and YAML, not .{other}");
            context.notes.left_out(place, format!("tests {path}"), why);
            Ok(Vec::new())
        }
    }
}

/// Each set of variables with each of its tests.
fn of_scenarios(
    value: &Value,
    document: &Document,
    context: &mut Context,
) -> Result<Vec<Test>, Refusal> {
    let one = [value.clone()];
    let scenarios = value.as_array().map_or(&one[..], Vec::as_slice);
    let mut tests = Vec::new();
    for (at, scenario) in scenarios.iter().enumerate() {
        let pointer = format!("/scenarios/{at}");
        let read = match scenario {
            Value::String(path) => scenario_files(path, &document.place(&pointer), context),
            Value::Object(_) => vec![scenario.clone()],
            _ => Vec::new(),
        };
        for scenario in &read {
            tests.extend(of_scenario(scenario, &pointer, document, context)?);
            few_enough(tests.len(), context)?;
        }
    }
    Ok(tests)
}

fn scenario_files(path: &str, place: &str, context: &mut Context) -> Vec<Value> {
    let path = FileRef::parse(path).path;
    let found = if path.contains('*') { context.glob(path) } else { vec![path.to_owned()] };
    let values = found.iter().filter_map(|path| context.data(path, place));
    values
        .collect::<Vec<_>>()
        .into_iter()
        .flat_map(|value| match value {
            Value::Array(items) => items,
            one => vec![one],
        })
        .collect()
}

fn of_scenario(
    scenario: &Value,
    pointer: &str,
    document: &Document,
    context: &mut Context,
) -> Result<Vec<Test>, Refusal> {
    let sets = listed(&scenario["config"], &format!("{pointer}/config"), document, context)?;
    let mut written = listed(&scenario["tests"], &format!("{pointer}/tests"), document, context)?;
    if written.is_empty() {
        written.push(Test { map: Map::new(), place: document.place(pointer) });
    }
    few_enough(sets.len().saturating_mul(written.len()), context)?;
    let mut tests = Vec::new();
    for set in &sets {
        for test in &written {
            let mut merged = merged(&set.map, &test.map, context, &test.place);
            if let Some(description) = scenario.get("description") {
                merged.entry("description").or_insert_with(|| description.clone());
            }
            tests.push(Test { map: merged, place: test.place.clone() });
        }
    }
    Ok(tests)
}

/// `over` laid over `base`: maps key by key, assertions one after the other.
fn merged(
    base: &Map<String, Value>,
    over: &Map<String, Value>,
    context: &mut Context,
    place: &str,
) -> Map<String, Value> {
    let mut test = base.clone();
    for (key, value) in over {
        test.insert(key.clone(), value.clone());
    }
    let mut all_vars = vars::read(base.get("vars"), context, place);
    all_vars.extend(vars::read(over.get("vars"), context, place));
    test.insert("vars".to_owned(), Value::Object(all_vars));
    for key in ["options", "metadata"] {
        let mut both = map(base.get(key));
        both.extend(map(over.get(key)));
        test.insert(key.to_owned(), Value::Object(both));
    }
    let mut asserts = list(base.get("assert"));
    asserts.extend(list(over.get("assert")));
    test.insert("assert".to_owned(), Value::Array(asserts));
    test
}

fn list(value: Option<&Value>) -> Vec<Value> {
    value.and_then(Value::as_array).cloned().unwrap_or_default()
}

/// Lays the tests over the default one and multiplies their variables out.
fn expand(
    tests: Vec<Test>,
    default: &Map<String, Value>,
    context: &mut Context,
) -> Result<Vec<Case>, Refusal> {
    let mut cases: Vec<Case> = Vec::new();
    let (mut text, mut assertions) = (0usize, 0usize);
    for test in tests {
        let bare = test.map.get("options").and_then(|o| o.get("disableDefaultAsserts"));
        let mut base = default.clone();
        if bare == Some(&Value::Bool(true)) {
            base.remove("assert");
        }
        let whole = merged(&base, &test.map, context, &test.place);
        let seed = seed(whole, &test.place);
        let expand = seed.options.get("disableVarExpansion") != Some(&Value::Bool(true));
        let choices = vars::choices(&seed.vars, expand, context);
        let count = vars::count(&choices).unwrap_or(usize::MAX);
        few_enough(cases.len().saturating_add(count), context)?;
        let each = vars::largest(&choices) + size(&json!(seed.metadata));
        text = text.saturating_add(each.saturating_mul(count));
        assertions = assertions.saturating_add(seed.asserts.len().saturating_mul(count));
        bounded(text, assertions, context)?;
        for vars in vars::combinations(&choices) {
            cases.push(Case { vars, ..seed.clone() });
        }
    }
    settle(&mut cases, context)?;
    Ok(cases)
}

fn bounded(text: usize, assertions: usize, context: &Context) -> Result<(), Refusal> {
    let refuse = |why: String| Err(Refusal::new(context.file, "tests", why));
    if text > MAX_TEXT {
        return refuse(format!("the cases hold more than {} MB of text", MAX_TEXT >> 20));
    }
    if assertions > MAX_ASSERTIONS {
        return refuse(format!(
            "the cases hold {assertions} assertions; {MAX_ASSERTIONS} can be kept"
        ));
    }
    Ok(())
}

fn seed(mut test: Map<String, Value>, place: &str) -> Case {
    let mut take = |key: &str| test.shift_remove(key);
    let vars = map(take("vars").as_ref());
    let asserts = Rc::new(list(take("assert").as_ref()));
    let options = Rc::new(map(take("options").as_ref()));
    let metadata = map(take("metadata").as_ref());
    let description = take("description").and_then(|text| text.as_str().map(str::to_owned));
    test.retain(|_, value| !value.is_null());
    let place = place.to_owned();
    Case { vars, asserts, options, metadata, description, rest: test, place }
}

/// Files and names inside values; what they bring counts against the limit as well.
fn settle(cases: &mut [Case], context: &mut Context) -> Result<(), Refusal> {
    let mut text = 0;
    for case in cases {
        vars::settle(&mut case.vars, context, &case.place);
        text += size(&Value::Object(case.vars.clone()));
        bounded(text, 0, context)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::MemorySource;

    fn cases(text: &str, source: &MemorySource) -> Result<Vec<Case>, Refusal> {
        let document = parse("c.yaml", text).unwrap();
        let mut context = Context::new("c.yaml", source);
        read(&document.value, &document, &mut context)
    }

    #[test]
    fn defaults_lie_beneath_every_test() {
        let text = "defaultTest: {vars: {s: S, x: 0}, assert: [{type: a}], options: {p: 1}}\n\
                    tests:\n  - {vars: {x: 1}, assert: [{type: b}]}\n  - {vars: {x: 2}, options: {disableDefaultAsserts: true}}\n";
        let cases = cases(text, &MemorySource::default()).unwrap();
        assert_eq!(Value::Object(cases[0].vars.clone()), json!({"s": "S", "x": 1}));
        assert_eq!(json!(*cases[0].asserts), json!([{"type": "a"}, {"type": "b"}]));
        assert_eq!((cases[1].asserts.len(), &cases[1].options["p"]), (0, &json!(1)));
        assert_eq!(cases[1].place, "c.yaml:4");
    }

    #[test]
    fn scenarios_are_sets_times_tests() {
        let text = "scenarios:\n  - config: [{vars: {l: [a, b]}}, {vars: {l: c}}]\n    tests: [{vars: {i: 1}}, {vars: {i: 2}}]\n";
        let cases = cases(text, &MemorySource::default()).unwrap();
        let seen: Vec<_> =
            cases.iter().map(|c| format!("{}{}", c.vars["l"], c.vars["i"])).collect();
        assert_eq!(seen, ["\"a\"1", "\"b\"1", "\"a\"2", "\"b\"2", "\"c\"1", "\"c\"2"]);
    }

    #[test]
    fn files_of_tests_are_read_by_their_kind() {
        let source = MemorySource::from([
            ("t/a.yaml", "- vars: {x: 1}\n- vars: {x: 2}\n"),
            ("t/b.json", "[{\"vars\": {\"x\": 3}}]"),
            ("c.jsonl", "{\"vars\":{\"x\":4}}\n\n{\"vars\":{\"x\":5}}\n"),
            ("d.csv", "x,__expected\n6,equals:y\n"),
            ("v.yaml", "x: 7\n"),
        ]);
        let text = "tests: ['file://t/*', c.jsonl, d.csv, {vars: file://v.yaml}, gen.py:make, {path: 'file://g.js'}, 'https://x/y']\n";
        let cases = cases(text, &source).unwrap();
        let seen: Vec<_> = cases.iter().map(|case| vars::plain(&case.vars["x"])).collect();
        assert_eq!(seen, ["1", "2", "3", "4", "5", "6", "7"]);
    }

    #[test]
    fn without_tests_the_prompt_runs_once() {
        let source = MemorySource::default();
        assert_eq!(cases("prompts: [a]\n", &source).unwrap().len(), 1);
        assert_eq!(cases("scenarios: []\n", &source).unwrap().len(), 0);
    }

    #[test]
    fn millions_of_cases_are_refused_by_number() {
        let list: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        let list = json!(list);
        let test = json!({"tests": [{"vars": {"a": list, "b": list, "c": list, "d": list}}]});
        let refusal = cases(&test.to_string(), &MemorySource::default()).unwrap_err();
        assert!(refusal.why.contains("100000000"), "{refusal}");
    }
}
