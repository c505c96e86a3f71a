//! Rhai scripts, under limits of operations, depth and size.
//!
//! The engine is as bare as it can be: no modules, no clock, no `eval`, no optimiser (whose errors
//! were the gravest of Rhai's history), and what a script prints goes nowhere. A script that
//! exhausts a limit fails; one that slips through is stopped by the process's limits and by the
//! patience of whoever asked.

use std::cell::Cell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rhai::packages::{Package, StandardPackage};
use rhai::{AST, Dynamic, Engine, EvalAltResult, Map, OptimizationLevel, Scope};
use serde_json::{Number, Value};

use crate::protocol::{Facts, Reply, Request};
use crate::verdict::Verdict;

const MOST_OPERATIONS: u64 = 2_000_000;
const MOST_CALLS: usize = 32;
const DEEPEST: usize = 48;
const LONGEST_TEXT: usize = 8 << 20;
const MOST_ITEMS: usize = 50_000;
const MOST_NAMES: usize = 256;
/// A script is stopped after this long, whatever it does.
const LONGEST_RUN: Duration = Duration::from_secs(1);
/// How often the clock is read, in operations.
const CLOCK_EVERY: u64 = 4_096;
/// Compiled scripts that are kept: a run has a few, for thousands of answers.
const KEPT: usize = 32;
/// Bytes of a script that is checked without a worker.
const LONGEST_CHECKED: usize = 64 << 10;

/// Why a script cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptProblem {
    /// What is wrong, in words.
    pub message: String,
    /// Line and column, counted from 1; none for what is wrong as a whole.
    pub at: Option<(usize, usize)>,
}

/// Reads a Rhai script without running any of it.
///
/// The one thing that is done with a script in this very process, so that every key stroke may ask: a parser without a
/// program has nothing to reach. It has the same bounds of depth as in the worker, and what is longer than any assertion
/// is left to that.
///
/// # Errors
/// What is wrong with it, and where.
pub fn check_script(script: &str) -> Result<(), ScriptProblem> {
    if script.len() > LONGEST_CHECKED {
        return Ok(());
    }
    let engine = engine(Rc::new(Cell::new(Instant::now())));
    engine.compile(script).map(drop).map_err(|error| {
        let position = error.position();
        ScriptProblem {
            message: error.err_type().to_string(),
            at: position.line().map(|line| (line, position.position().unwrap_or(1))),
        }
    })
}

/// Judges with scripts, each compiled once.
pub(crate) struct Scripts {
    engine: Engine,
    /// When the script that runs has to stop.
    stops: Rc<Cell<Instant>>,
    compiled: HashMap<String, AST>,
}

impl Scripts {
    pub fn new() -> Scripts {
        let stops = Rc::new(Cell::new(Instant::now()));
        Scripts { engine: engine(stops.clone()), stops, compiled: HashMap::new() }
    }

    /// What a script says of the facts.
    pub fn judge(&mut self, request: &Request) -> Reply {
        match self.verdict(request) {
            Ok(verdict) => Reply::Verdict(verdict),
            Err(reason) => Reply::Failed(reason),
        }
    }

    fn verdict(&mut self, request: &Request) -> Result<Verdict, String> {
        let script = compiled(&mut self.compiled, &self.engine, &request.script)?;
        let mut scope = scope(&request.facts);
        self.stops.set(Instant::now() + LONGEST_RUN);
        let given = self.engine.eval_ast_with_scope::<Dynamic>(&mut scope, script);
        let given = given.map_err(|error| in_words(&error))?;
        Verdict::read(&to_json(&given))
    }
}

fn compiled<'k>(
    kept: &'k mut HashMap<String, AST>,
    engine: &Engine,
    script: &str,
) -> Result<&'k AST, String> {
    if kept.len() >= KEPT && !kept.contains_key(script) {
        kept.clear();
    }
    match kept.entry(script.to_owned()) {
        Entry::Occupied(known) => Ok(known.into_mut()),
        Entry::Vacant(place) => {
            let compiled = engine.compile(script).map_err(|error| error.to_string())?;
            Ok(place.insert(compiled))
        }
    }
}

/// An engine that stops at a time.
fn engine(stops: Rc<Cell<Instant>>) -> Engine {
    let mut engine = Engine::new_raw();
    StandardPackage::new().register_into_engine(&mut engine);
    engine.set_optimization_level(OptimizationLevel::None);
    engine.disable_symbol("eval");
    engine.on_print(|_| {});
    engine.on_debug(|_, _, _| {});
    engine.set_max_operations(MOST_OPERATIONS);
    engine.set_max_call_levels(MOST_CALLS);
    engine.set_max_expr_depths(DEEPEST, DEEPEST);
    engine.set_max_string_size(LONGEST_TEXT);
    engine.set_max_array_size(MOST_ITEMS);
    engine.set_max_map_size(MOST_ITEMS);
    engine.set_max_variables(MOST_NAMES);
    engine.set_max_functions(MOST_NAMES);
    engine.on_progress(move |operations| {
        let looks = operations.is_multiple_of(CLOCK_EVERY);
        (looks && Instant::now() > stops.get()).then_some(Dynamic::UNIT)
    });
    engine
}

/// The names that a script knows.
fn scope(facts: &Facts) -> Scope<'static> {
    let mut scope = Scope::new();
    let json = serde_json::from_str::<Value>(facts.output.trim()).unwrap_or_default();
    scope.push_constant("output", facts.output.clone());
    scope.push_constant_dynamic("json", from_json(&json));
    scope.push_constant_dynamic("inputs", from_json(&Value::Object(facts.inputs.clone())));
    scope.push_constant_dynamic("expected", from_json(&facts.expected));
    let latency = facts.latency_ms.map(|taken| i64::try_from(taken).unwrap_or(i64::MAX));
    scope.push_constant_dynamic("latency_ms", latency.map_or(Dynamic::UNIT, Dynamic::from_int));
    scope.push_constant_dynamic("cost", facts.cost.map_or(Dynamic::UNIT, Dynamic::from_float));
    scope
}

/// JSON as Rhai has it; null is `()`. No deeper than serde_json reads, which is 128.
fn from_json(value: &Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(flag) => Dynamic::from_bool(*flag),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Dynamic::from_int(whole),
            None => Dynamic::from_float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => Dynamic::from(text.clone()),
        Value::Array(items) => Dynamic::from_array(items.iter().map(from_json).collect()),
        Value::Object(fields) => {
            let fields =
                fields.iter().map(|(name, value)| (name.as_str().into(), from_json(value)));
            Dynamic::from_map(fields.collect())
        }
    }
}

/// What a verdict may be made of; anything else is a text of its kind, which is no verdict.
fn to_json(given: &Dynamic) -> Value {
    if given.is_unit() {
        return Value::Null;
    }
    if let Ok(flag) = given.as_bool() {
        return Value::Bool(flag);
    }
    if let Ok(whole) = given.as_int() {
        return whole.into();
    }
    if let Ok(number) = given.as_float() {
        return Number::from_f64(number).map_or(Value::String(number.to_string()), Value::Number);
    }
    if let Some(fields) = given.read_lock::<Map>() {
        let scalar = |field: &Dynamic| match field.read_lock::<Map>() {
            Some(_) => Value::String("an object".to_owned()),
            None => to_json(field),
        };
        return fields.iter().map(|(name, field)| (name.to_string(), scalar(field))).collect();
    }
    Value::String(given.to_string())
}

fn in_words(error: &EvalAltResult) -> String {
    let limit = match error.unwrap_inner() {
        EvalAltResult::ErrorTooManyOperations(_) => "computes too long",
        EvalAltResult::ErrorTerminated(..) => "takes too long",
        EvalAltResult::ErrorStackOverflow(_) => "calls functions too deeply",
        EvalAltResult::ErrorDataTooLarge(..) => "makes too much data",
        EvalAltResult::ErrorTooManyVariables(_) => "has too many variables",
        _ => return error.to_string(),
    };
    format!("the script {limit}: {error}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn judge(script: &str, facts: Facts) -> Result<Verdict, String> {
        Scripts::new().verdict(&Request { script: script.to_owned(), facts })
    }

    fn facts() -> Facts {
        Facts {
            output: r#"{"category": "billing", "amount": 12.5}"#.to_owned(),
            inputs: json!({"name": "Ada"}).as_object().unwrap().clone(),
            expected: json!({"category": "billing", "tags": ["a", "b"]}),
            latency_ms: Some(812),
            cost: None,
        }
    }

    #[track_caller]
    fn check(script: &str, value: f64) {
        assert_eq!(judge(script, facts()).unwrap().value, value, "{script}");
    }

    #[track_caller]
    fn check_fails(script: &str, with: &str) {
        let failed = judge(script, facts()).unwrap_err();
        assert!(failed.contains(with), "{script}: {failed}");
    }

    #[test]
    fn a_script_sees_the_answer_and_the_case() {
        check("json.category == expected.category", 1.0);
        check("output.contains(\"bug\")", 0.0);
        check("if inputs.name == \"Ada\" && latency_ms < 900 { 0.5 } else { 0.0 }", 0.5);
        check("cost == ()", 1.0);
        check("expected.tags.len() == 2 && json.amount > 12", 1.0);
    }

    #[test]
    fn a_script_may_say_why() {
        let said =
            judge("#{ pass: json.amount < 10, reason: `${json.amount} is too much` }", facts());
        let said = said.unwrap();
        assert_eq!((said.pass, said.reason.as_deref()), (Some(false), Some("12.5 is too much")));
    }

    #[test]
    fn an_answer_that_is_no_json_is_none() {
        let plain = Facts { output: "sorry".to_owned(), ..Facts::default() };
        assert_eq!(judge("json == ()", plain).unwrap().pass, Some(true));
    }

    #[test]
    fn what_goes_wrong_is_said_with_its_place() {
        check_fails("1 +* 2", "line 1");
        check_fails("let x = 1;\nnowhere(x)", "line 2");
        check_fails("\"yes\"", "the script gave a text");
        check_fails("#{ score: #{} }", "the score is");
    }

    #[test]
    fn endless_scripts_end() {
        check_fails("loop { }", "too long");
        check_fails("fn f() { f() } f()", "calls functions too deeply");
        check_fails("let s = \"x\"; loop { s += s; }", "makes too much data");
        check_fails("let a = []; loop { a.push(a.len()); }", "the script");
        check_fails("let m = #{}; let n = 0; loop { m[n.to_string()] = n; n += 1; }", "the script");
        let deep = format!("{}1{}", "(".repeat(5_000), ")".repeat(5_000));
        assert!(judge(&deep, facts()).is_err());
    }

    #[test]
    fn a_script_is_checked_without_being_run() {
        assert_eq!(check_script("loop { }"), Ok(()), "it would never end");
        assert_eq!(check_script("nowhere(1)"), Ok(()), "what it calls is known when it runs");
        let wrong = check_script("let a = 1;\nlet b = ;").unwrap_err();
        assert_eq!(wrong.at.map(|(line, _)| line), Some(2), "{wrong:?}");
        let open = check_script("output.contains(\"x\"").unwrap_err();
        assert!(!open.message.is_empty() && !open.message.contains("line"), "{open:?}");
        assert_eq!(check_script(&"x".repeat(LONGEST_CHECKED + 1)), Ok(()), "left to the worker");
    }

    #[test]
    fn no_script_can_nest_the_parser_into_the_ground() {
        for (opens, closes) in [
            ("(", ")"),
            ("[", "]"),
            ("{", "}"),
            ("#{a:", "}"),
            ("-", "1"),
            ("!", "true"),
            ("if true {", "}"),
            ("`${", "}`"),
        ] {
            let times = (LONGEST_CHECKED - 1) / (opens.len() + closes.len());
            let deep = format!("{}1{}", opens.repeat(times), closes.repeat(times));
            assert!(check_script(&deep).is_err(), "{opens}");
        }
    }

    #[test]
    fn a_script_is_stopped_by_each_of_its_limits() {
        let begun = Instant::now();
        check_fails("let n = 0; while true { n += 1 } n > 0", "too long");
        check_fails("for i in 0..1_000_000_000 { } true", "too long");
        check_fails("fn down(n) { if n == 0 { 0 } else { down(n - 1) } } down(40)", "too deeply");
        check("fn down(n) { if n == 0 { 1.0 } else { down(n - 1) } } down(20)", 1.0);
        check_fails("let s = \"\"; s.pad(100_000_000, \"x\"); true", "the script");
        check_fails("let a = []; a.pad(1_000_000, 1); true", "the script");
        let names: String = (0..300).map(|n| format!("let v{n} = {n};")).collect();
        check_fails(&(names + "true"), "too many variables");
        let functions: String = (0..300).map(|n| format!("fn f{n}() {{ {n} }}")).collect();
        assert!(judge(&(functions + "true"), facts()).is_err(), "there are limits to all");
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    }

    #[test]
    fn a_script_has_no_way_out() {
        check_fails("eval(\"1\")", "eval");
        check_fails("import \"x\" as x; true", "import");
        check_fails("timestamp() == 0", "timestamp");
        check_fails("open_file(\"/etc/passwd\")", "open_file");
        check("print(\"hello\"); debug(1); true", 1.0);
    }

    #[test]
    fn the_facts_cannot_be_changed_by_a_script() {
        check_fails("output = \"x\"; true", "constant");
        let request = |script: &str| Request { script: script.to_owned(), facts: facts() };
        let mut scripts = Scripts::new();
        let _ = scripts.verdict(&request("let output = 1; fn latency_ms() { 3 } true"));
        assert_eq!(scripts.verdict(&request("type_of(output) == \"string\"")).unwrap().value, 1.0);
    }
}
