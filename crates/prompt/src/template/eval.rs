//! From a tree and values to pieces of text, each with where it came from.
//!
//! A step cap bounds time and an output cap bounds memory: four nested loops over a hundred rows
//! are a legal template and would make hundreds of megabytes. What the pieces mean as messages is
//! left to [`crate::render`].

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::filters::Arguments;
use super::{Comparison, Expr, ExprKind, Filter, Template, TemplateNode, Test};
use crate::diagnostic::name_list;
use crate::{Span, codes};

/// Steps a rendering may take: nodes, expressions, and one more per 64 bytes looked at.
const MAX_STEPS: usize = 1_000_000;
/// Bytes a rendering may make, in all and in any value on the way.
const MAX_OUTPUT: usize = 8 << 20;

/// What a template can see.
#[derive(Default)]
pub(crate) struct Scope<'a> {
    /// The values by name.
    pub values: BTreeMap<&'a str, Cow<'a, Value>>,
    /// The names among them that stand for conversation turns.
    pub threads: BTreeSet<&'a str>,
    /// The names that exist, whether they have a value or not.
    pub declared: BTreeSet<&'a str>,
}

/// A part of a rendered template.
#[derive(Debug, PartialEq)]
pub(crate) enum Piece<'a> {
    /// Text of the template itself.
    Text(Cow<'a, str>),
    /// A printed value, and the input it came from unless it is a literal.
    Value { text: String, from: Option<&'a str> },
    /// The place of a thread.
    Thread(&'a str),
}

/// Why rendering stopped, and where.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fault {
    pub code: &'static str,
    pub message: String,
    pub span: Span,
    pub hint: Option<String>,
}

/// A [`Fault`] before its place is known.
pub(super) struct Problem {
    code: &'static str,
    message: String,
}

impl Problem {
    pub fn operand(message: String) -> Self {
        let code = codes::WRONG_OPERAND;
        Self { code, message }
    }

    fn at(self, span: Span) -> Fault {
        Fault { code: self.code, message: self.message, span, hint: None }
    }
}

/// Renders `template` over `scope`.
pub(crate) fn evaluate<'a>(
    template: &'a Template,
    scope: &'a Scope<'a>,
) -> Result<Vec<Piece<'a>>, Fault> {
    let mut evaluator = Evaluator {
        template,
        scope,
        frames: Vec::new(),
        budget: Budget::default(),
        pieces: Vec::new(),
        written: 0,
    };
    evaluator.nodes(&template.nodes)?;
    Ok(evaluator.pieces)
}

/// How a value reads in a prompt: text as it is, null as nothing, lists and maps as compact JSON.
pub(crate) fn print_value(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Counts what a rendering uses up.
#[derive(Default)]
pub(super) struct Budget {
    steps: usize,
}

impl Budget {
    fn step(&mut self, count: usize) -> Result<(), Problem> {
        self.steps = self.steps.saturating_add(count);
        if self.steps <= MAX_STEPS {
            return Ok(());
        }
        Err(Problem {
            code: codes::STEP_LIMIT,
            message: format!("rendering took more than {MAX_STEPS} steps"),
        })
    }

    /// Pays for reading or making a text of so many bytes.
    pub fn text(&mut self, bytes: usize) -> Result<(), Problem> {
        self.fits(bytes)?;
        self.step(1 + bytes / 64)
    }

    /// Refuses a text longer than any output may be.
    pub fn fits(&self, bytes: usize) -> Result<(), Problem> {
        if bytes <= MAX_OUTPUT {
            return Ok(());
        }
        Err(Problem {
            code: codes::OUTPUT_LIMIT,
            message: format!("rendering made more than {} MiB of text", MAX_OUTPUT >> 20),
        })
    }

    /// Pays for looking at all of a value.
    pub fn walk(&mut self, value: &Value) -> Result<(), Problem> {
        match value {
            Value::String(text) => self.step(1 + text.len() / 64),
            Value::Array(items) => {
                self.step(1)?;
                items.iter().try_for_each(|item| self.walk(item))
            }
            Value::Object(entries) => {
                self.step(1)?;
                entries.values().try_for_each(|item| self.walk(item))
            }
            _ => self.step(1),
        }
    }
}

/// One turn of a loop.
struct Frame<'a> {
    name: &'a str,
    item: Cow<'a, Value>,
    from: Option<&'a str>,
    index: usize,
    length: usize,
}

/// A value on its way, with the input it came from.
struct Valued<'a> {
    /// The fault is what happens when the missing value is needed after all.
    value: Result<Cow<'a, Value>, Box<Fault>>,
    from: Option<&'a str>,
}

impl<'a> Valued<'a> {
    fn own(value: Value, from: Option<&'a str>) -> Self {
        let value = Ok(Cow::Owned(value));
        Self { value, from }
    }

    fn missing(fault: Fault, from: Option<&'a str>) -> Self {
        let value = Err(Box::new(fault));
        Self { value, from }
    }

    fn needed(self) -> Result<Cow<'a, Value>, Fault> {
        self.value.map_err(|fault| *fault)
    }
}

struct Evaluator<'a> {
    template: &'a Template,
    scope: &'a Scope<'a>,
    frames: Vec<Frame<'a>>,
    budget: Budget,
    pieces: Vec<Piece<'a>>,
    written: usize,
}

impl<'a> Evaluator<'a> {
    fn nodes(&mut self, nodes: &'a [TemplateNode]) -> Result<(), Fault> {
        nodes.iter().try_for_each(|node| self.node(node))
    }

    fn node(&mut self, node: &'a TemplateNode) -> Result<(), Fault> {
        match node {
            TemplateNode::Text(span) => self.text(*span),
            TemplateNode::Print(expr) => self.print(expr),
            TemplateNode::If { arms, otherwise } => {
                for (condition, body) in arms {
                    let value = self.expr(condition)?.needed()?;
                    if is_true(&value) {
                        return self.nodes(body);
                    }
                }
                self.nodes(otherwise)
            }
            TemplateNode::For { name, list, body, otherwise, .. } => {
                self.walk(name, list, body, otherwise)
            }
        }
    }

    fn text(&mut self, span: Span) -> Result<(), Fault> {
        let text = self.template.text(span);
        self.spend(span, text.len())?;
        self.pieces.push(Piece::Text(unix_lines(text)));
        Ok(())
    }

    fn print(&mut self, expr: &'a Expr) -> Result<(), Fault> {
        if let Some(thread) = self.thread(expr) {
            self.pieces.push(Piece::Thread(thread));
            return Ok(());
        }
        let valued = self.expr(expr)?;
        let from = valued.from;
        let text = print_value(valued.needed()?.as_ref());
        self.spend(expr.span, text.len())?;
        self.pieces.push(Piece::Value { text, from });
        Ok(())
    }

    /// The thread an expression stands for, when it is nothing but the name of one with turns.
    fn thread(&self, expr: &'a Expr) -> Option<&'a str> {
        let ExprKind::Variable(name) = &expr.kind else {
            return None;
        };
        let hidden = self.frames.iter().any(|frame| frame.name == name);
        (!hidden && self.scope.threads.contains(name.as_str())).then_some(name.as_str())
    }

    fn walk(
        &mut self,
        name: &'a str,
        list: &'a Expr,
        body: &'a [TemplateNode],
        otherwise: &'a [TemplateNode],
    ) -> Result<(), Fault> {
        let valued = self.expr(list)?;
        let from = valued.from;
        let items = match valued.needed()? {
            Cow::Borrowed(Value::Array(items)) => Cow::Borrowed(items.as_slice()),
            Cow::Owned(Value::Array(items)) => Cow::Owned(items),
            other => {
                let message = format!("a loop needs a list, not {}", type_name(&other));
                return Err(Problem::operand(message).at(list.span));
            }
        };
        if items.is_empty() {
            return self.nodes(otherwise);
        }
        let length = items.len();
        for index in 0..length {
            self.charge(list.span, 1)?;
            let item = match &items {
                Cow::Borrowed(items) => Cow::Borrowed(&items[index]),
                Cow::Owned(items) => Cow::Owned(items[index].clone()),
            };
            self.frames.push(Frame { name, item, from, index, length });
            let done = self.nodes(body);
            self.frames.pop();
            done?;
        }
        Ok(())
    }

    fn expr(&mut self, expr: &'a Expr) -> Result<Valued<'a>, Fault> {
        self.charge(expr.span, 1)?;
        match &expr.kind {
            ExprKind::Literal(value) => Ok(Valued { value: Ok(Cow::Borrowed(value)), from: None }),
            ExprKind::List(items) => self.list(items),
            ExprKind::Variable(name) => self.variable(name, expr.span),
            ExprKind::Field(base, name) => {
                let base = self.expr(base)?;
                self.member(base, &json!(name), expr.span)
            }
            ExprKind::Index(base, index) => {
                let base = self.expr(base)?;
                let index = self.expr(index)?.needed()?;
                self.member(base, &index, expr.span)
            }
            ExprKind::Filter { base, name, arguments } => {
                self.filter(base, *name, arguments, expr.span)
            }
            ExprKind::Is { base, test, negated } => {
                let valued = self.expr(base)?;
                let holds = match test {
                    Test::Defined => valued.value.is_ok(),
                    Test::Undefined => valued.value.is_err(),
                    Test::None => valued.needed()?.is_null(),
                };
                Ok(Valued::own(json!(holds != *negated), None))
            }
            ExprKind::Not(operand) => {
                let value = self.expr(operand)?.needed()?;
                Ok(Valued::own(json!(!is_true(&value)), None))
            }
            ExprKind::And(left, right) => self.either(left, right, false),
            ExprKind::Or(left, right) => self.either(left, right, true),
            ExprKind::Compare(comparison, left, right) => {
                self.compare(*comparison, left, right, expr.span)
            }
        }
    }

    fn list(&mut self, items: &'a [Expr]) -> Result<Valued<'a>, Fault> {
        let mut values = Vec::with_capacity(items.len());
        let mut from = None;
        for item in items {
            let valued = self.expr(item)?;
            from = from.or(valued.from);
            values.push(valued.needed()?.into_owned());
        }
        Ok(Valued::own(Value::Array(values), from))
    }

    fn variable(&mut self, name: &'a str, span: Span) -> Result<Valued<'a>, Fault> {
        if let Some(at) = self.frames.iter().rposition(|frame| frame.name == name) {
            let frame = &self.frames[at];
            let (item, from) = (frame.item.clone(), frame.from);
            if let Cow::Owned(item) = &item {
                self.budget.walk(item).map_err(|problem| problem.at(span))?;
            }
            let value = Ok(item);
            return Ok(Valued { value, from });
        }
        if let ("loop", Some(frame)) = (name, self.frames.last()) {
            return Ok(Valued::own(frame.state(), None));
        }
        let from = Some(name);
        Ok(match self.scope.values.get(name) {
            Some(value) => Valued { value: Ok(Cow::Borrowed(value.as_ref())), from },
            None => Valued::missing(self.undefined(name, span), from),
        })
    }

    fn undefined(&self, name: &str, span: Span) -> Fault {
        let exist = name_list(&self.scope.declared);
        let (message, hint) = if self.scope.declared.contains(name) {
            (
                format!("the input `{name}` has no value here"),
                format!("give it a default, or write `{name} | default('')`"),
            )
        } else {
            (format!("`{name}` is not an input"), format!("the inputs are {exist}"))
        };
        Fault { code: codes::UNDEFINED, message, span, hint: Some(hint) }
    }

    /// A field or an item. Below something missing everything is missing.
    fn member(&mut self, base: Valued<'a>, key: &Value, span: Span) -> Result<Valued<'a>, Fault> {
        let from = base.from;
        let base = match base.value {
            Ok(base) => base,
            Err(fault) => return Ok(Valued::missing(*fault, from)),
        };
        let found = match base {
            Cow::Borrowed(base) => pick(base, key).map(Cow::Borrowed),
            Cow::Owned(ref base) => match pick(base, key) {
                Some(found) => {
                    self.budget.walk(found).map_err(|problem| problem.at(span))?;
                    Some(Cow::Owned(found.clone()))
                }
                None => None,
            },
        };
        Ok(match found {
            Some(value) => Valued { value: Ok(value), from },
            None => Valued::missing(no_member(&base, key, span), from),
        })
    }

    fn filter(
        &mut self,
        base: &'a Expr,
        filter: Filter,
        arguments: &'a [(Option<String>, Expr)],
        span: Span,
    ) -> Result<Valued<'a>, Fault> {
        let valued = self.expr(base)?;
        if filter == Filter::Default {
            return self.default(valued, arguments);
        }
        let (from, arguments) = self.arguments(valued.from, filter, arguments)?;
        let value = valued.needed()?;
        let filtered = filter
            .apply(&value, &arguments, &mut self.budget)
            .map_err(|problem| problem.at(span))?;
        Ok(Valued::own(filtered, from))
    }

    /// `default` looks at its argument only when it is wanted, and keeps where that came from.
    fn default(
        &mut self,
        valued: Valued<'a>,
        arguments: &'a [(Option<String>, Expr)],
    ) -> Result<Valued<'a>, Fault> {
        let mut positions = [None, None];
        for (at, (name, expr)) in arguments.iter().enumerate() {
            positions[Filter::Default.position(name.as_deref(), at).min(1)] = Some(expr);
        }
        let also_empty = match positions[1] {
            Some(expr) => is_true(self.expr(expr)?.needed()?.as_ref()),
            None => false,
        };
        let keep = valued.value.as_ref().is_ok_and(|value| !also_empty || is_true(value));
        match positions[0] {
            _ if keep => Ok(valued),
            Some(expr) => self.expr(expr),
            None => Ok(Valued::own(json!(""), None)),
        }
    }

    fn arguments(
        &mut self,
        mut from: Option<&'a str>,
        filter: Filter,
        arguments: &'a [(Option<String>, Expr)],
    ) -> Result<(Option<&'a str>, Arguments), Fault> {
        let mut values = Vec::new();
        for (at, (name, expr)) in arguments.iter().enumerate() {
            let valued = self.expr(expr)?;
            from = from.or(valued.from);
            let at = filter.position(name.as_deref(), at);
            if values.len() <= at {
                values.resize(at + 1, None);
            }
            values[at] = Some(valued.needed()?.into_owned());
        }
        Ok((from, Arguments(values)))
    }

    /// `and` and `or` give the operand that decided, as in Jinja: `{{ name or "you" }}`.
    fn either(
        &mut self,
        left: &'a Expr,
        right: &'a Expr,
        stop_when: bool,
    ) -> Result<Valued<'a>, Fault> {
        let from_left = self.expr(left)?;
        let from = from_left.from;
        let value = from_left.needed()?;
        if is_true(&value) == stop_when {
            let value = Ok(value);
            return Ok(Valued { value, from });
        }
        self.expr(right)
    }

    fn compare(
        &mut self,
        comparison: Comparison,
        left: &'a Expr,
        right: &'a Expr,
        span: Span,
    ) -> Result<Valued<'a>, Fault> {
        let left = self.expr(left)?.needed()?;
        let right = self.expr(right)?.needed()?;
        let paid = self.budget.walk(&left).and_then(|()| self.budget.walk(&right));
        let holds = paid.and_then(|()| compare(comparison, &left, &right));
        let holds = holds.map_err(|problem| problem.at(span))?;
        Ok(Valued::own(json!(holds), None))
    }

    fn charge(&mut self, span: Span, steps: usize) -> Result<(), Fault> {
        self.budget.step(steps).map_err(|problem| problem.at(span))
    }

    fn spend(&mut self, span: Span, bytes: usize) -> Result<(), Fault> {
        self.written = self.written.saturating_add(bytes);
        let paid = self.budget.step(1).and_then(|()| self.budget.fits(self.written));
        paid.map_err(|problem| problem.at(span))
    }
}

impl Frame<'_> {
    fn state(&self) -> Value {
        json!({
            "index": self.index + 1,
            "index0": self.index,
            "first": self.index == 0,
            "last": self.index + 1 == self.length,
            "length": self.length,
        })
    }
}

/// What counts as true: everything but nothing, zero and the empty.
pub(super) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(entries) => !entries.is_empty(),
    }
}

pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "none",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

fn pick<'v>(base: &'v Value, key: &Value) -> Option<&'v Value> {
    match (base, key) {
        (Value::Object(entries), Value::String(key)) => entries.get(key),
        (Value::Array(items), Value::Number(index)) => {
            let index = index.as_i64()?;
            let at = if index < 0 { index + items.len() as i64 } else { index };
            items.get(usize::try_from(at).ok()?)
        }
        _ => None,
    }
}

fn no_member(base: &Value, key: &Value, span: Span) -> Fault {
    let (message, hint) = match base {
        Value::Object(entries) => (
            format!("there is no field `{}`", print_value(key)),
            Some(format!("the fields are {}", name_list(entries.keys()))),
        ),
        Value::Array(items) => (
            format!("a list of {} has no item `{}`", items.len(), print_value(key)),
            (key == "length").then(|| "use the filter: `| length`".to_owned()),
        ),
        other => (format!("{} has no field `{}`", type_name(other), print_value(key)), None),
    };
    Fault { code: codes::UNDEFINED, message, span, hint }
}

fn compare(comparison: Comparison, left: &Value, right: &Value) -> Result<bool, Problem> {
    Ok(match comparison {
        Comparison::Equal => equal(left, right),
        Comparison::NotEqual => !equal(left, right),
        Comparison::Less => order(left, right)?.is_lt(),
        Comparison::LessOrEqual => order(left, right)?.is_le(),
        Comparison::Greater => order(left, right)?.is_gt(),
        Comparison::GreaterOrEqual => order(left, right)?.is_ge(),
        Comparison::In => contains(right, left)?,
        Comparison::NotIn => !contains(right, left)?,
    })
}

/// Numbers are equal by value, so `1 == 1.0`, and as in Jinja `1 == true`; everything else is equal
/// by kind and content.
fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Bool(truth), Value::Number(number))
        | (Value::Number(number), Value::Bool(truth)) => {
            number.as_f64() == Some(f64::from(u8::from(*truth)))
        }
        (Value::Number(_), Value::Number(_)) => order(left, right).is_ok_and(Ordering::is_eq),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| equal(l, r))
        }
        (Value::Object(left), Value::Object(right)) => {
            let same = |(key, value)| right.get(key).is_some_and(|other| equal(value, other));
            left.len() == right.len() && left.iter().all(same)
        }
        _ => left == right,
    }
}

fn order(left: &Value, right: &Value) -> Result<Ordering, Problem> {
    let found = match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Number(l), Value::Number(r)) => match (l.as_i64(), r.as_i64()) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => l.as_f64().partial_cmp(&r.as_f64()),
        },
        _ => None,
    };
    found.ok_or_else(|| {
        let (left, right) = (type_name(left), type_name(right));
        Problem::operand(format!("{left} and {right} have no order"))
    })
}

fn contains(whole: &Value, part: &Value) -> Result<bool, Problem> {
    match (whole, part) {
        (Value::String(whole), Value::String(part)) => Ok(whole.contains(part.as_str())),
        (Value::Array(items), part) => Ok(items.iter().any(|item| equal(item, part))),
        (Value::Object(entries), Value::String(key)) => Ok(entries.contains_key(key)),
        _ => Err(Problem::operand(format!(
            "`in` cannot look for {} in {}",
            type_name(part),
            type_name(whole)
        ))),
    }
}

/// The format's line end is `\n`; a checkout with carriage returns must not make other messages.
fn unix_lines(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn run(source: &str, data: Value) -> Result<String, Fault> {
        let template = Template::parse(source, 0);
        assert_eq!(template.errors, [], "{source}");
        let mut scope = Scope::default();
        for (name, value) in data.as_object().unwrap() {
            scope.values.insert(name, Cow::Borrowed(value));
            scope.declared.insert(name);
        }
        let pieces = evaluate(&template, &scope)?;
        Ok(pieces
            .into_iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.into_owned(),
                Piece::Value { text, .. } => text,
                Piece::Thread(name) => format!("<{name}>"),
            })
            .collect())
    }

    #[track_caller]
    fn check(source: &str, data: Value, wanted: &str) {
        assert_eq!(run(source, data).as_deref(), Ok(wanted), "{source}");
    }

    #[track_caller]
    fn refuse(source: &str, data: Value, code: &str, message: &str) {
        let fault = run(source, data).unwrap_err();
        assert_eq!((fault.code, fault.message.as_str()), (code, message), "{source}");
    }

    #[test]
    fn values_print_by_rule() {
        let data = json!({"s": "<é>\n", "t": true, "n": null, "f": 0.1, "g": 1.0, "i": 12, "l": [1, "a"], "m": {"b": 1, "a": null}});
        check(
            "{{ s }}|{{ t }}|{{ n }}|{{ f }}|{{ g }}|{{ i }}",
            data.clone(),
            "<é>\n|true||0.1|1.0|12",
        );
        check("{{ l }} {{ m }}", data, r#"[1,"a"] {"b":1,"a":null}"#);
    }

    #[test]
    fn control_flow_and_white_space_control_work_as_in_jinja() {
        let data = json!({"xs": ["a", "b"], "n": 3, "e": []});
        check("{% if n > 5 %}A{% elif n > 2 %}B{% else %}C{% endif %}", data.clone(), "B");
        check(
            "{% for x in xs %}{{ loop.index }}/{{ loop.length }}{{ x }}{% if not loop.last %}, {% endif %}{% endfor %}",
            data.clone(),
            "1/2a, 2/2b",
        );
        check("{% for x in e %}x{% else %}empty{% endfor %}", data.clone(), "empty");
        check("a\n{%- if n -%}  b  {%- endif -%}\n c", data.clone(), "abc");
        check("a {#- x -#} b", data.clone(), "ab");
        check("{% raw %}{{ x }}{% endraw %}", data, "{{ x }}");
    }

    #[test]
    fn and_or_give_the_operand_that_decided() {
        let data = json!({"a": "", "b": "x"});
        check("{{ a or b }}|{{ a and b }}|{{ b and 'y' }}|{{ not a }}", data, "x||y|true");
    }

    #[test]
    fn comparisons_are_by_value_and_kind() {
        let data = json!({"n": 1, "s": "1", "m": {"k": 1}, "l": [1.0, "b"]});
        check("{{ 1 == true }}{{ 2 == true }}", json!({}), "truefalse");
        check(
            "{{ n == 1.0 }}{{ n == s }}{{ 1 in l }}{{ 'k' in m }}{{ 'x' not in 'abc' }}",
            data.clone(),
            "truefalsetruetruetrue",
        );
        refuse("{{ n < s }}", data, codes::WRONG_OPERAND, "a number and a text have no order");
    }

    #[test]
    fn filters_work() {
        let data = json!({"s": " heLLo wOrld ", "l": [3, "b"], "m": {"a": [1, {"b": "<"}]}, "x": "a\n\nb"});
        for (source, wanted) in [
            ("{{ s | trim | upper }}", "HELLO WORLD"),
            ("{{ s | trim | lower }}", "hello world"),
            ("{{ s | trim | title }}", "Hello World"),
            ("{{ s | trim | capitalize }}", "Hello world"),
            ("{{ l | join(', ') }}", "3, b"),
            ("{{ l | length }}{{ s | length }}{{ m | count }}", "2131"),
            ("{{ s | replace('L', '_') }}", " he__o wOrld "),
            ("{{ l | first }}{{ l | last }}{{ 'abc' | last }}", "3bc"),
            ("{{ l | reverse }}", "[\"b\",3]"),
            ("{{ m | tojson }}", "{\"a\":[1,{\"b\":\"<\"}]}"),
            ("{{ m.a | tojson(indent=1) }}", "[\n 1,\n {\n  \"b\": \"<\"\n }\n]"),
            ("{{ x | indent(2) }}", "a\n\n  b"),
            ("{{ 2.567 | round(1) }}{{ -2 | abs }}{{ '7' | int }}", "2.627"),
            ("{{ nope | default('d') }}{{ '' | default('e', true) }}{{ '' | d('f') }}", "de"),
        ] {
            check(source, data.clone(), wanted);
        }
    }

    #[test]
    fn what_is_missing_is_named_with_what_exists() {
        let data = json!({"ticket": {"id": 1}, "l": [1]});
        refuse("{{ tiket }}", data.clone(), codes::UNDEFINED, "`tiket` is not an input");
        let hint = run("{{ tiket }}", data.clone()).unwrap_err().hint;
        assert_eq!(hint.as_deref(), Some("the inputs are `l` and `ticket`"));
        refuse("{{ ticket.no.deeper }}", data.clone(), codes::UNDEFINED, "there is no field `no`");
        refuse(
            "{% if nope %}{% endif %}",
            data.clone(),
            codes::UNDEFINED,
            "`nope` is not an input",
        );
        refuse("{{ l[4] }}", data.clone(), codes::UNDEFINED, "a list of 1 has no item `4`");
        check("{{ ticket.no.deeper is defined }}{{ l[-1] }}", data, "false1");
    }

    #[test]
    fn nested_loops_stop_at_a_cap_instead_of_filling_the_memory() {
        let rows: Vec<Value> = (0..100).map(|_| json!("x".repeat(100))).collect();
        let nested = "{% for a in l %}{% for b in l %}{% for c in l %}{% for d in l %}{{ a }}{% endfor %}{% endfor %}{% endfor %}{% endfor %}";
        let fault = run(nested, json!({"l": rows})).unwrap_err();
        assert!([codes::STEP_LIMIT, codes::OUTPUT_LIMIT].contains(&fault.code));
    }

    #[test]
    fn a_chain_of_replace_stops_at_a_cap() {
        let source = format!("{{{{ s{} }}}}", "|replace('a', s)".repeat(30));
        let fault = run(&source, json!({"s": "a".repeat(1000)})).unwrap_err();
        assert_eq!(fault.code, codes::OUTPUT_LIMIT);
    }
}
