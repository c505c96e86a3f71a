//! The template language of prompt bodies: a small, error-recovering subset of Jinja.
//!
//! ```text
//! {{ path.a[0] | filter(arg) }}   {% if %} {% elif %} {% else %} {% endif %}   {# comment #}
//! {% for item in list %} {% else %} {% endfor %} with loop.index, index0, first, last, length
//! {% raw %} {% endraw %}   {%- and -%} cut the white space on their side
//! == != < <= > >=   and or not   in, not in   is [not] defined, is [not] none
//! "text" 'text' 1 -1 1.5 true false none [lists]
//! ```
//!
//! Deliberately absent, each refused by name: `set`, macros, includes, arithmetic, `~` and calls.
//! Without them the work of a template is bounded by its own size and its data, and the evaluator's
//! caps bound both. A half-typed template still gives a tree of all that was understood.

mod eval;
mod filters;
mod lex;
mod parse;

use serde::Serialize;

pub(crate) use eval::{Fault, Piece, Scope, evaluate, print_value};

use crate::Span;

/// Errors of one template that are told; a text that is no template at all could have one for every byte.
const MAX_ERRORS: usize = 1_000;

/// A parsed template. Spans count from the start of the file it stands in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Template {
    /// The text as it stands in the file.
    pub source: String,
    /// Where in its file the text begins.
    pub base: usize,
    /// What was understood.
    pub nodes: Vec<TemplateNode>,
    /// What was not, the first thousand. A template with errors is never rendered.
    pub errors: Vec<TemplateError>,
}

/// One thing wrong with a template's syntax.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TemplateError {
    /// A code of [`crate::codes`].
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What to write instead, where one thing is right.
    pub hint: Option<String>,
}

/// A part of a template, in the order it stands there.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum TemplateNode {
    /// Text to be copied; its span leaves out what white space control cut.
    Text(Span),
    /// `{{ … }}`
    Print(Expr),
    /// `{% if %}` with its `elif`s and `else`.
    If {
        /// Condition and body, in order.
        arms: Vec<(Expr, Vec<TemplateNode>)>,
        /// The body of `else`.
        otherwise: Vec<TemplateNode>,
    },
    /// `{% for %}`
    For {
        /// The loop variable.
        name: String,
        /// Where its name stands.
        name_span: Span,
        /// What is walked over.
        list: Expr,
        /// Once per item.
        body: Vec<TemplateNode>,
        /// The body of `else`, for an empty list.
        otherwise: Vec<TemplateNode>,
    },
}

/// An expression and its place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Expr {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: ExprKind,
}

/// The kinds of expression.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ExprKind {
    /// A literal.
    Literal(serde_json::Value),
    /// `[a, b]`
    List(Vec<Expr>),
    /// A variable.
    Variable(String),
    /// `base.name`
    Field(Box<Expr>, String),
    /// `base[index]`
    Index(Box<Expr>, Box<Expr>),
    /// `base | name(arguments)`; an argument may be named.
    Filter {
        /// What is filtered.
        base: Box<Expr>,
        /// The filter.
        name: Filter,
        /// Its arguments.
        arguments: Vec<(Option<String>, Expr)>,
    },
    /// `base is [not] test`
    Is {
        /// What is tested.
        base: Box<Expr>,
        /// The test.
        test: Test,
        /// Whether `not` stands before it.
        negated: bool,
    },
    /// `not operand`
    Not(Box<Expr>),
    /// `left and right`
    And(Box<Expr>, Box<Expr>),
    /// `left or right`
    Or(Box<Expr>, Box<Expr>),
    /// `left == right` and its siblings.
    Compare(Comparison, Box<Expr>, Box<Expr>),
}

/// What `is` can ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Test {
    /// Whether it has a value, which may be none.
    Defined,
    /// The opposite of `defined`.
    Undefined,
    /// Whether it is none.
    None,
}

/// What stands between two operands of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
}

pub use filters::Filter;

impl Template {
    /// Parses `source`, which begins `base` bytes into its file. Never fails: see [`Self::errors`].
    pub fn parse(source: &str, base: usize) -> Self {
        parse::parse(source, base)
    }

    /// The text a span of this template stands for; empty for a span of something else.
    pub fn text(&self, span: Span) -> &str {
        let start = span.start.checked_sub(self.base);
        let end = span.end.checked_sub(self.base);
        start.zip(end).and_then(|(start, end)| self.source.get(start..end)).unwrap_or_default()
    }
}

/// Every use of a variable from outside, in order: its name and where it stands.
///
/// Loop variables and `loop` are not from outside.
pub fn variables(template: &Template) -> Vec<(String, Span)> {
    uses(template).into_iter().map(|used| (used.name, used.span)).collect()
}

/// One use of a variable from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Use {
    pub name: String,
    pub span: Span,
    /// Whether the template says what happens when it has no value (`is defined`, `default`).
    pub guarded: bool,
}

/// As [`variables`], saying also which uses allow for a missing value.
pub(crate) fn uses(template: &Template) -> Vec<Use> {
    let mut walk = Walk::default();
    walk.nodes(&template.nodes);
    walk.found
}

/// Every loop variable with its place.
pub(crate) fn loop_variables(template: &Template) -> Vec<(String, Span)> {
    let mut walk = Walk::default();
    walk.nodes(&template.nodes);
    walk.loops
}

#[derive(Default)]
struct Walk {
    scope: Vec<String>,
    found: Vec<Use>,
    loops: Vec<(String, Span)>,
}

impl Walk {
    fn nodes(&mut self, nodes: &[TemplateNode]) {
        for node in nodes {
            self.node(node);
        }
    }

    fn node(&mut self, node: &TemplateNode) {
        match node {
            TemplateNode::Text(_) => {}
            TemplateNode::Print(expr) => self.expr(expr, false),
            TemplateNode::If { arms, otherwise } => {
                for (condition, body) in arms {
                    self.expr(condition, false);
                    self.nodes(body);
                }
                self.nodes(otherwise);
            }
            TemplateNode::For { name, name_span, list, body, otherwise } => {
                self.expr(list, false);
                self.loops.push((name.clone(), *name_span));
                let outer = self.scope.len();
                self.scope.extend([name.clone(), "loop".to_owned()]);
                self.nodes(body);
                self.scope.truncate(outer);
                self.nodes(otherwise);
            }
        }
    }

    fn expr(&mut self, expr: &Expr, guarded: bool) {
        match &expr.kind {
            ExprKind::Literal(_) => {}
            ExprKind::List(items) => items.iter().for_each(|item| self.expr(item, false)),
            ExprKind::Variable(name) => self.variable(name, expr.span, guarded),
            ExprKind::Field(base, _) => self.expr(base, guarded),
            ExprKind::Index(base, index) => {
                self.expr(base, guarded);
                self.expr(index, false);
            }
            ExprKind::Filter { base, name, arguments } => {
                self.expr(base, *name == Filter::Default);
                arguments.iter().for_each(|(_, arg)| self.expr(arg, false));
            }
            ExprKind::Is { base, test, .. } => self.expr(base, *test != Test::None),
            ExprKind::Not(operand) => self.expr(operand, false),
            ExprKind::And(left, right)
            | ExprKind::Or(left, right)
            | ExprKind::Compare(_, left, right) => {
                self.expr(left, false);
                self.expr(right, false);
            }
        }
    }

    fn variable(&mut self, name: &str, span: Span, guarded: bool) {
        if !self.scope.iter().any(|known| known == name) {
            self.found.push(Use { name: name.to_owned(), span, guarded });
        }
    }
}

/// Whether a template can use `name` as a variable, reserved words apart.
pub(crate) fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && chars.all(|next| next.is_ascii_alphanumeric() || next == '_')
}

/// Whether `name` means something else inside an expression.
pub(crate) fn is_reserved(name: &str) -> bool {
    parse::keyword(name) || name == "loop"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_those_from_outside_with_their_places() {
        let source = "{{ a.b }}{% for x in xs %}{{ x }}{{ loop.index }}{{ y[z] }}{% endfor %}{{ x|default(w) }}";
        let template = Template::parse(source, 10);
        let found = variables(&template);
        let names: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a", "xs", "y", "z", "x", "w"]);
        for (name, span) in &found {
            assert_eq!(template.text(*span), name);
        }
    }

    #[test]
    fn a_half_typed_template_still_has_its_variables() {
        let template = Template::parse("{{ a }} {% if b %}{{ c.\n\n{{ d", 0);
        let found = variables(&template);
        let names: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c", "d"]);
        assert!(!template.errors.is_empty());
    }

    #[test]
    fn uses_that_allow_for_a_missing_value_are_told_apart() {
        let template =
            Template::parse("{% if a is defined %}{{ b|default('x') }}{{ c }}{% endif %}", 0);
        let guarded: Vec<_> = uses(&template).into_iter().map(|u| u.guarded).collect();
        assert_eq!(guarded, [true, true, false]);
    }
}
