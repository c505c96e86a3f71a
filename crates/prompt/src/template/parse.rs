//! From chunks to a tree, keeping what can be understood and naming what cannot.
//!
//! Constructs of full Jinja that are left out get a finding with their own name, so nobody has to
//! guess why a template that works elsewhere does not work here.

use serde_json::{Value, json};

use super::lex::{self, Chunk, Tag, Token, TokenKind, Trim};
use super::{
    Comparison, Expr, ExprKind, Filter, MAX_ERRORS, Template, TemplateError, TemplateNode, Test,
};
use crate::diagnostic::name_list;
use crate::{Span, codes};

/// Bounds the evaluator's recursion over blocks.
const MAX_BLOCKS: usize = 32;
/// Bounds its recursion over expressions: a long chain is as deep as it is long.
const MAX_PARTS: usize = 200;

/// Tags of Jinja that are refused, with the end tag that goes unmentioned with them.
const REFUSED_TAGS: [(&str, &str); 16] = [
    ("set", "endset"),
    ("macro", "endmacro"),
    ("call", "endcall"),
    ("filter", "endfilter"),
    ("block", "endblock"),
    ("with", "endwith"),
    ("autoescape", "endautoescape"),
    ("trans", "endtrans"),
    ("include", ""),
    ("import", ""),
    ("from", ""),
    ("extends", ""),
    ("do", ""),
    ("break", ""),
    ("continue", ""),
    ("switch", "endswitch"),
];

/// Words that are never variables.
pub(super) fn keyword(name: &str) -> bool {
    let words = [
        "and", "or", "not", "in", "is", "if", "else", "elif", "endif", "for", "endfor", "true",
        "false", "none", "True", "False", "None",
    ];
    words.contains(&name)
}

pub(super) fn parse(source: &str, base: usize) -> Template {
    let (chunks, errors) = lex::chunks(source);
    let mut parser =
        Parser { source, base, errors: Vec::new(), open: Vec::new(), nodes: Vec::new() };
    for error in errors {
        parser.fail(error);
    }
    parser.run(&chunks);
    parser.errors.sort_by_key(|error| error.span);
    Template { source: source.to_owned(), base, nodes: parser.nodes, errors: parser.errors }
}

struct Parser<'s> {
    source: &'s str,
    base: usize,
    errors: Vec<TemplateError>,
    /// The blocks around the current place, outermost first.
    open: Vec<Open>,
    /// What was read in the innermost block so far.
    nodes: Vec<TemplateNode>,
}

/// A block whose end tag is still to come.
struct Open {
    span: Span,
    /// What was read in the block around this one.
    outer: Vec<TemplateNode>,
    head: Head,
    /// The body before `else`, once `else` was read.
    before_else: Option<Vec<TemplateNode>>,
}

enum Head {
    If { arms: Vec<(Expr, Vec<TemplateNode>)>, condition: Expr },
    For { name: String, name_span: Span, list: Expr },
}

impl Head {
    fn word(&self) -> &'static str {
        match self {
            Head::If { .. } => "if",
            Head::For { .. } => "for",
        }
    }
}

impl Parser<'_> {
    fn run(&mut self, chunks: &[Chunk]) {
        for (index, chunk) in chunks.iter().enumerate() {
            match chunk {
                Chunk::Text(span) => {
                    let cut_start = index > 0 && trim(&chunks[index - 1]).after;
                    let cut_end = chunks.get(index + 1).is_some_and(|next| trim(next).before);
                    self.text(*span, cut_start, cut_end);
                }
                Chunk::Print(tag) => self.print(tag),
                Chunk::Block(tag) => self.block(tag),
                Chunk::Comment(_) => {}
            }
        }
        while let Some(open) = self.open.pop() {
            let word = open.head.word();
            self.error(
                codes::UNCLOSED_BLOCK,
                open.span,
                format!("`{{% {word} %}}` is never closed"),
                Some(format!("end it with `{{% end{word} %}}`")),
            );
            self.close(open);
        }
    }

    fn text(&mut self, span: Span, cut_start: bool, cut_end: bool) {
        let text = &self.source[span.start..span.end];
        let start = if cut_start { text.trim_start() } else { text };
        let kept = if cut_end { start.trim_end() } else { start };
        let from = span.start + (text.len() - start.len());
        if !kept.is_empty() {
            let span = Span::new(from, from + kept.len()).shifted(self.base);
            self.nodes.push(TemplateNode::Text(span));
        }
    }

    fn print(&mut self, tag: &Tag) {
        if let Some(expr) = self.whole_expr(&tag.tokens, tag.span) {
            self.nodes.push(TemplateNode::Print(expr));
        }
    }

    fn block(&mut self, tag: &Tag) {
        let Some((Token { kind: TokenKind::Name(word), span }, rest)) = tag.tokens.split_first()
        else {
            self.error(codes::EXPECTED, tag.span, "expected the name of a tag", None);
            return;
        };
        match word.as_str() {
            "if" => self.open_if(tag, rest),
            "for" => self.open_for(tag, rest),
            "elif" => self.elif(tag, rest),
            "else" => self.otherwise(tag),
            "endif" | "endfor" => self.end(tag, &word[3..]),
            _ => self.refuse_tag(word, *span),
        }
    }

    fn refuse_tag(&mut self, word: &str, span: Span) {
        if REFUSED_TAGS.iter().any(|(_, end)| *end == word) {
            return;
        }
        if word == "endraw" {
            self.error(codes::STRAY_END, span, "`endraw` has no `raw` before it", None);
            return;
        }
        let known = REFUSED_TAGS.iter().any(|(name, _)| *name == word);
        let message = if known {
            format!("`{word}` is not part of the template language")
        } else {
            format!("there is no tag `{word}`")
        };
        let hint = "the tags are `if`, `elif`, `else`, `for` and `raw`";
        self.error(codes::REFUSED_TAG, span, message, Some(hint.to_owned()));
    }

    fn open_if(&mut self, tag: &Tag, rest: &[Token]) {
        let condition = self.condition(tag, rest);
        let arms = Vec::new();
        self.open(tag.span, Head::If { arms, condition });
    }

    /// A condition that cannot be read counts as false, so that its body is still understood.
    fn condition(&mut self, tag: &Tag, rest: &[Token]) -> Expr {
        let span = tag.span.shifted(self.base);
        let kind = ExprKind::Literal(Value::Bool(false));
        self.whole_expr(rest, tag.span).unwrap_or(Expr { span, kind })
    }

    fn open_for(&mut self, tag: &Tag, rest: &[Token]) {
        let (name, name_span, list) = match rest {
            [
                Token { kind: TokenKind::Name(name), span },
                Token { kind: TokenKind::Name(word), .. },
                list @ ..,
            ] if word == "in" && !keyword(name) && name != "loop" => (name.clone(), *span, list),
            _ => {
                let span = rest.first().map_or(tag.span, |token| token.span);
                self.error(
                    codes::EXPECTED,
                    span,
                    "expected `for name in list`",
                    Some("one loop variable, no unpacking".to_owned()),
                );
                (String::new(), Span::at(tag.span.end), &[][..])
            }
        };
        let list = match list {
            [] if name.is_empty() => None,
            list => self.whole_expr(list, tag.span),
        };
        let empty = Expr { span: tag.span.shifted(self.base), kind: ExprKind::List(Vec::new()) };
        let head = Head::For {
            name,
            name_span: name_span.shifted(self.base),
            list: list.unwrap_or(empty),
        };
        self.open(tag.span, head);
    }

    fn open(&mut self, span: Span, head: Head) {
        if self.open.len() == MAX_BLOCKS {
            let message = format!("blocks are nested more than {MAX_BLOCKS} deep");
            self.error(codes::TOO_COMPLEX, span, message, None);
        }
        self.open.push(Open {
            span,
            outer: std::mem::take(&mut self.nodes),
            head,
            before_else: None,
        });
    }

    fn elif(&mut self, tag: &Tag, rest: &[Token]) {
        let next = self.condition(tag, rest);
        match self.open.last_mut() {
            Some(Open { head: Head::If { arms, condition }, before_else: None, .. }) => {
                let body = std::mem::take(&mut self.nodes);
                arms.push((std::mem::replace(condition, next), body));
            }
            _ => self.stray(tag, "elif", "if"),
        }
    }

    fn otherwise(&mut self, tag: &Tag) {
        match self.open.last_mut() {
            Some(open @ Open { before_else: None, .. }) => {
                open.before_else = Some(std::mem::take(&mut self.nodes));
            }
            _ => self.stray(tag, "else", "if"),
        }
    }

    fn end(&mut self, tag: &Tag, word: &str) {
        match self.open.pop_if(|open| open.head.word() == word) {
            Some(open) => self.close(open),
            None => self.stray(tag, &format!("end{word}"), word),
        }
    }

    fn stray(&mut self, tag: &Tag, what: &str, block: &str) {
        let message = format!("`{what}` has no `{block}` before it");
        self.error(codes::STRAY_END, tag.span, message, None);
    }

    fn close(&mut self, open: Open) {
        let read = std::mem::replace(&mut self.nodes, open.outer);
        let (body, otherwise) = match open.before_else {
            Some(before) => (before, read),
            None => (read, Vec::new()),
        };
        // Deeper blocks were reported; leaving them out keeps every walk over the tree shallow.
        if self.open.len() >= MAX_BLOCKS {
            return;
        }
        self.nodes.push(match open.head {
            Head::If { mut arms, condition } => {
                arms.push((condition, body));
                TemplateNode::If { arms, otherwise }
            }
            Head::For { name, name_span, list } => {
                TemplateNode::For { name, name_span, list, body, otherwise }
            }
        });
    }

    /// An expression that must use up all tokens. What was understood before an error is kept.
    fn whole_expr(&mut self, tokens: &[Token], tag: Span) -> Option<Expr> {
        let end = self.inner_end(tag);
        let mut reader = ExprReader { tokens, at: 0, end, base: self.base, parts: 0, error: None };
        let expr = reader.any();
        if reader.error.is_none() && reader.at < tokens.len() {
            reader.unexpected("the end of the tag");
        }
        if let Some(error) = reader.error {
            self.fail(error);
        }
        expr
    }

    /// Where the inside of a tag ends: before its closing braces, which an unclosed one lacks.
    fn inner_end(&self, tag: Span) -> usize {
        let text = self.source.get(tag.start..tag.end).unwrap_or_default();
        let closed = text.len() >= 4 && (text.ends_with("}}") || text.ends_with("%}"));
        if closed { tag.end - 2 } else { tag.end }
    }

    fn error(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        self.fail(TemplateError { code, message: message.into(), span, hint });
    }

    /// Records an error whose span counts from the start of the source.
    fn fail(&mut self, mut error: TemplateError) {
        if self.errors.len() < MAX_ERRORS {
            error.span = error.span.shifted(self.base);
            self.errors.push(error);
        }
    }
}

fn trim(chunk: &Chunk) -> Trim {
    match chunk {
        Chunk::Text(_) => Trim::default(),
        Chunk::Print(tag) | Chunk::Block(tag) => tag.trim,
        Chunk::Comment(trim) => *trim,
    }
}

/// Reads one expression by recursive descent. After the first error nothing more is reported, and
/// every level returns what it has.
struct ExprReader<'t> {
    tokens: &'t [Token],
    at: usize,
    /// Where the tag ends, for errors after the last token.
    end: usize,
    base: usize,
    parts: usize,
    error: Option<TemplateError>,
}

impl ExprReader<'_> {
    fn any(&mut self) -> Option<Expr> {
        let mut left = self.and()?;
        while self.take_word("or") {
            let Some(right) = self.and() else { break };
            left = self.join(left, right, ExprKind::Or);
        }
        if self.peek_word("if") {
            self.refuse(codes::REFUSED_OPERATOR, "`a if b else c`", Some("use `{% if %}`"));
        }
        Some(left)
    }

    fn and(&mut self) -> Option<Expr> {
        let mut left = self.not()?;
        while self.take_word("and") {
            let Some(right) = self.not() else { break };
            left = self.join(left, right, ExprKind::And);
        }
        Some(left)
    }

    fn not(&mut self) -> Option<Expr> {
        let start = self.span().start;
        if !self.take_word("not") {
            return self.comparison();
        }
        let operand = self.deeper(Self::not)?;
        let span = Span::new(start + self.base, operand.span.end);
        self.make(span, ExprKind::Not(Box::new(operand)))
    }

    fn comparison(&mut self) -> Option<Expr> {
        let left = self.filtered()?;
        let Some(operator) = self.operator() else {
            return Some(left);
        };
        let Some(right) = self.filtered() else {
            return Some(left);
        };
        let again = self.at;
        if self.operator().is_some() {
            self.at = again;
            self.refuse(
                codes::REFUSED_OPERATOR,
                "a chain of comparisons",
                Some("join two comparisons with `and`"),
            );
        }
        Some(self.join(left, right, |left, right| ExprKind::Compare(operator, left, right)))
    }

    fn operator(&mut self) -> Option<Comparison> {
        let found = match self.peek() {
            Some(TokenKind::Mark("==")) => Comparison::Equal,
            Some(TokenKind::Mark("!=")) => Comparison::NotEqual,
            Some(TokenKind::Mark("<")) => Comparison::Less,
            Some(TokenKind::Mark("<=")) => Comparison::LessOrEqual,
            Some(TokenKind::Mark(">")) => Comparison::Greater,
            Some(TokenKind::Mark(">=")) => Comparison::GreaterOrEqual,
            Some(TokenKind::Name(word)) if word == "in" => Comparison::In,
            Some(TokenKind::Name(word)) if word == "not" && self.word_after("in") => {
                self.at += 1;
                Comparison::NotIn
            }
            Some(TokenKind::Mark(mark @ ("+" | "-" | "*" | "/" | "//" | "%" | "**" | "~"))) => {
                let mark = *mark;
                self.refuse(codes::REFUSED_OPERATOR, &format!("the operator `{mark}`"), None);
                return None;
            }
            Some(TokenKind::Mark("=")) => {
                self.refuse(codes::REFUSED_OPERATOR, "`=`", Some("compare with `==`"));
                return None;
            }
            _ => return None,
        };
        self.at += 1;
        Some(found)
    }

    /// A value with the filters and tests that follow it.
    fn filtered(&mut self) -> Option<Expr> {
        let mut expr = self.postfix()?;
        while self.error.is_none() {
            if self.take_mark("|") {
                expr = self.filter(expr)?;
            } else if self.take_word("is") {
                expr = self.test(expr)?;
            } else {
                break;
            }
        }
        Some(expr)
    }

    fn filter(&mut self, base: Expr) -> Option<Expr> {
        let span = self.span();
        let Some(name) = self.take_name() else {
            self.unexpected("the name of a filter");
            return Some(base);
        };
        let arguments = if self.take_mark("(") { self.arguments() } else { Vec::new() };
        if self.error.is_some() {
            return Some(base);
        }
        let Some(filter) = Filter::named(&name) else {
            let known = name_list(Filter::names());
            self.fail(
                codes::UNKNOWN_FILTER,
                span,
                format!("there is no filter `{name}`"),
                Some(format!("the filters are {known}")),
            );
            return Some(base);
        };
        if let Err(problem) = filter.check(&arguments) {
            self.fail(
                codes::FILTER_ARGUMENTS,
                span,
                format!("the filter `{name}` {problem}"),
                None,
            );
            return Some(base);
        }
        let span = Span::new(base.span.start, self.last_end());
        let base = Box::new(base);
        self.make(span, ExprKind::Filter { base, name: filter, arguments })
    }

    /// Arguments up to and including the closing parenthesis.
    fn arguments(&mut self) -> Vec<(Option<String>, Expr)> {
        let mut arguments = Vec::new();
        while !self.take_mark(")") && self.error.is_none() {
            let name = self.argument_name();
            let Some(value) = self.deeper(Self::any) else {
                break;
            };
            arguments.push((name, value));
            if !self.take_mark(",") && !matches!(self.peek(), Some(TokenKind::Mark(")"))) {
                self.unexpected("`,` or `)`");
            }
        }
        arguments
    }

    fn argument_name(&mut self) -> Option<String> {
        let [
            Token { kind: TokenKind::Name(name), .. },
            Token { kind: TokenKind::Mark("="), .. },
            ..,
        ] = &self.tokens[self.at..]
        else {
            return None;
        };
        self.at += 2;
        Some(name.clone())
    }

    fn test(&mut self, base: Expr) -> Option<Expr> {
        let negated = self.take_word("not");
        let span = self.span();
        let test = match self.take_name().as_deref() {
            Some("defined") => Test::Defined,
            Some("undefined") => Test::Undefined,
            Some("none" | "None") => Test::None,
            Some(name) => {
                let hint = "the tests are `defined`, `undefined` and `none`";
                self.fail(
                    codes::UNKNOWN_TEST,
                    span,
                    format!("there is no test `{name}`"),
                    Some(hint.to_owned()),
                );
                return Some(base);
            }
            None => {
                self.unexpected("`defined`, `undefined` or `none`");
                return Some(base);
            }
        };
        let span = Span::new(base.span.start, self.last_end());
        let base = Box::new(base);
        self.make(span, ExprKind::Is { base, test, negated })
    }

    /// A value with the fields and indices that follow it.
    fn postfix(&mut self) -> Option<Expr> {
        let mut expr = self.primary()?;
        while self.error.is_none() {
            if self.take_mark(".") {
                let Some(name) = self.take_name() else {
                    self.unexpected("the name of a field");
                    break;
                };
                let span = Span::new(expr.span.start, self.last_end());
                expr = self.make(span, ExprKind::Field(Box::new(expr), name))?;
            } else if self.take_mark("[") {
                expr = self.index(expr)?;
            } else if matches!(self.peek(), Some(TokenKind::Mark("("))) {
                self.refuse(
                    codes::REFUSED_CALL,
                    "a call",
                    Some("use a filter, as in `items | length`"),
                );
            } else {
                break;
            }
        }
        Some(expr)
    }

    fn index(&mut self, base: Expr) -> Option<Expr> {
        let Some(index) = self.deeper(Self::any) else {
            return Some(base);
        };
        if matches!(self.peek(), Some(TokenKind::Mark(":"))) {
            self.refuse(codes::REFUSED_OPERATOR, "a slice", None);
            return Some(base);
        }
        if !self.take_mark("]") {
            self.unexpected("`]`");
            return Some(base);
        }
        let span = Span::new(base.span.start, self.last_end());
        self.make(span, ExprKind::Index(Box::new(base), Box::new(index)))
    }

    fn primary(&mut self) -> Option<Expr> {
        let span = self.span().shifted(self.base);
        let kind = match self.peek() {
            Some(TokenKind::Text(text)) => ExprKind::Literal(json!(text)),
            Some(TokenKind::Integer(value)) => ExprKind::Literal(json!(value)),
            Some(TokenKind::Float(value)) => ExprKind::Literal(json!(value)),
            Some(TokenKind::Name(name)) => match name.as_str() {
                "true" | "True" => ExprKind::Literal(Value::Bool(true)),
                "false" | "False" => ExprKind::Literal(Value::Bool(false)),
                "none" | "None" => ExprKind::Literal(Value::Null),
                name if keyword(name) => {
                    self.unexpected("a value");
                    return None;
                }
                name => ExprKind::Variable(name.to_owned()),
            },
            Some(TokenKind::Mark("-")) => return self.negative(),
            Some(TokenKind::Mark("(")) => return self.parenthesis(),
            Some(TokenKind::Mark("[")) => return self.list(),
            Some(TokenKind::Mark("{")) => {
                self.refuse(codes::REFUSED_OPERATOR, "a map literal", None);
                return None;
            }
            _ => {
                self.unexpected("a value");
                return None;
            }
        };
        self.at += 1;
        self.make(span, kind)
    }

    fn negative(&mut self) -> Option<Expr> {
        let start = self.span().start;
        self.at += 1;
        let number = match self.peek() {
            Some(TokenKind::Integer(value)) => json!(-value),
            Some(TokenKind::Float(value)) => json!(-value),
            _ => {
                self.unexpected("a number");
                return None;
            }
        };
        self.at += 1;
        let span = Span::new(start + self.base, self.last_end());
        self.make(span, ExprKind::Literal(number))
    }

    fn parenthesis(&mut self) -> Option<Expr> {
        self.at += 1;
        let inner = self.deeper(Self::any)?;
        if self.error.is_none() && !self.take_mark(")") {
            self.unexpected("`)`");
        }
        Some(inner)
    }

    fn list(&mut self) -> Option<Expr> {
        let start = self.span().start + self.base;
        self.at += 1;
        let mut items = Vec::new();
        while !self.take_mark("]") && self.error.is_none() {
            let Some(item) = self.deeper(Self::any) else {
                break;
            };
            items.push(item);
            if !self.take_mark(",") && !matches!(self.peek(), Some(TokenKind::Mark("]"))) {
                self.unexpected("`,` or `]`");
            }
        }
        let span = Span::new(start, self.last_end().max(start));
        self.make(span, ExprKind::List(items))
    }

    /// Every way down passes here, so the parser's own recursion is bounded with the tree's.
    fn deeper(&mut self, read: fn(&mut Self) -> Option<Expr>) -> Option<Expr> {
        self.count()?;
        read(self)
    }

    fn make(&mut self, span: Span, kind: ExprKind) -> Option<Expr> {
        self.count()?;
        Some(Expr { span, kind })
    }

    fn join(
        &mut self,
        left: Expr,
        right: Expr,
        kind: impl FnOnce(Box<Expr>, Box<Expr>) -> ExprKind,
    ) -> Expr {
        let span = left.span.to(right.span);
        match self.count() {
            Some(()) => Expr { span, kind: kind(Box::new(left), Box::new(right)) },
            None => left,
        }
    }

    fn count(&mut self) -> Option<()> {
        self.parts += 1;
        if self.parts <= MAX_PARTS {
            return Some(());
        }
        let span = self.span();
        let message = format!("an expression has more than {MAX_PARTS} parts");
        self.fail(codes::TOO_COMPLEX, span, message, None);
        None
    }

    fn peek(&self) -> Option<&TokenKind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    fn peek_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(TokenKind::Name(name)) if name == word)
    }

    fn word_after(&self, word: &str) -> bool {
        matches!(
            self.tokens.get(self.at + 1),
            Some(Token { kind: TokenKind::Name(name), .. }) if name == word
        )
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.peek_word(word);
        self.at += usize::from(found);
        found
    }

    fn take_mark(&mut self, mark: &str) -> bool {
        let found = matches!(self.peek(), Some(TokenKind::Mark(found)) if *found == mark);
        self.at += usize::from(found);
        found
    }

    fn take_name(&mut self) -> Option<String> {
        let Some(TokenKind::Name(name)) = self.peek() else {
            return None;
        };
        let name = name.clone();
        self.at += 1;
        Some(name)
    }

    /// The place of the next token, or the empty place before the tag's closing mark.
    fn span(&self) -> Span {
        self.tokens.get(self.at).map_or(Span::at(self.end), |token| token.span)
    }

    /// The end of the last token taken, counted from the start of the file.
    fn last_end(&self) -> usize {
        let last = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        last.map_or(self.end, |token| token.span.end) + self.base
    }

    fn unexpected(&mut self, wanted: &str) {
        let found = match self.peek() {
            None => "the tag ends".to_owned(),
            Some(TokenKind::Name(name)) => format!("found `{name}`"),
            Some(TokenKind::Mark(mark)) => format!("found `{mark}`"),
            Some(TokenKind::Unknown(other)) => format!("found `{other}`"),
            Some(TokenKind::Text(_)) => "found a text".to_owned(),
            Some(TokenKind::Integer(_) | TokenKind::Float(_)) => "found a number".to_owned(),
        };
        let span = self.span();
        self.fail(codes::EXPECTED, span, format!("expected {wanted}, but {found}"), None);
    }

    fn refuse(&mut self, code: &'static str, what: &str, hint: Option<&str>) {
        let span = self.span();
        let message = format!("{what} is not part of the template language");
        self.fail(code, span, message, hint.map(str::to_owned));
    }

    /// Keeps the first error; what follows it is mostly its echo.
    fn fail(&mut self, code: &'static str, span: Span, message: String, hint: Option<String>) {
        self.error.get_or_insert(TemplateError { code, message, span, hint });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(source: &str) -> Vec<String> {
        let template = Template::parse(source, 0);
        let describe = |e: &TemplateError| format!("{} {}", e.code, e.message);
        template.errors.iter().map(describe).collect()
    }

    #[test]
    fn everything_the_language_has_is_accepted() {
        for source in [
            "{{ a.b[0]['c'] | default('x', true) | upper }}",
            "{%- if a and not b or (c in [1, 'x', -2.5]) -%}x{% elif d is not defined %}{% else %}{% endif %}",
            "{% for x in xs %}{{ loop.index }}{% else %}none{% endfor %}",
            "{{ a is none }}{{ a not in b }}{{ [] }}{{ a | tojson(indent=2) }}",
            "{% raw %}{% set x %}{% endraw %}{# {{ #}",
        ] {
            assert_eq!(errors(source), Vec::<String>::new(), "{source}");
        }
    }

    #[test]
    fn what_is_left_out_is_refused_by_name() {
        for (source, wanted) in [
            ("{% set x = 1 %}", "P0303 `set` is not part of the template language"),
            (
                "{% macro m() %}a{% endmacro %}",
                "P0303 `macro` is not part of the template language",
            ),
            ("{% include 'x' %}", "P0303 `include` is not part of the template language"),
            ("{% import 'x' as y %}", "P0303 `import` is not part of the template language"),
            ("{% whatever %}", "P0303 there is no tag `whatever`"),
            ("{{ a ~ b }}", "P0304 the operator `~` is not part of the template language"),
            ("{{ a * 2 }}", "P0304 the operator `*` is not part of the template language"),
            ("{{ a + b }}", "P0304 the operator `+` is not part of the template language"),
            ("{{ a if b else c }}", "P0304 `a if b else c` is not part of the template language"),
            (
                "{{ a < b < c }}",
                "P0304 a chain of comparisons is not part of the template language",
            ),
            ("{{ a[1:2] }}", "P0304 a slice is not part of the template language"),
            ("{{ {'a': 1} }}", "P0304 a map literal is not part of the template language"),
            ("{{ a() }}", "P0305 a call is not part of the template language"),
            ("{{ a.items() }}", "P0305 a call is not part of the template language"),
            ("{{ a | shout }}", "P0306 there is no filter `shout`"),
            ("{{ a is odd }}", "P0307 there is no test `odd`"),
            ("{{ a | replace('x') }}", "P0311 the filter `replace` takes 2 arguments"),
        ] {
            assert_eq!(errors(source), [wanted], "{source}");
        }
    }

    #[test]
    fn an_error_at_the_end_of_an_unclosed_tag_stands_between_characters() {
        for source in ["{% if é", "{{ x | default(\"é\n}}", "{{ a.é\n", "{% for x in \u{fffd}"] {
            for error in parse(source, 0).errors {
                assert!(source.get(error.span.start..error.span.end).is_some(), "{error:?}");
            }
        }
    }

    #[test]
    fn broken_blocks_are_named_at_the_tag_that_is_alone() {
        for (source, wanted) in [
            ("{% if a %}x", "P0308 `{% if %}` is never closed"),
            ("x{% endif %}", "P0309 `endif` has no `if` before it"),
            ("{% for x in y %}{% endif %}{% endfor %}", "P0309 `endif` has no `if` before it"),
            ("{% else %}", "P0309 `else` has no `if` before it"),
            ("{% raw %}x", "P0308 `{% raw %}` is never closed"),
            ("{% for k, v in m %}{% endfor %}", "P0302 expected `for name in list`"),
            ("{% if %}{% endif %}", "P0302 expected a value, but the tag ends"),
            ("{{ }}", "P0302 expected a value, but the tag ends"),
            ("{{ a b }}", "P0302 expected the end of the tag, but found `b`"),
            ("{{ a. }}", "P0302 expected the name of a field, but the tag ends"),
            ("{% %}", "P0302 expected the name of a tag"),
        ] {
            assert_eq!(errors(source), [wanted], "{source}");
        }
    }

    #[test]
    fn errors_point_into_the_file() {
        let template = Template::parse("ab {{ x | nope }}", 100);
        assert_eq!(template.errors[0].span, Span::new(110, 114));
    }

    #[test]
    fn depth_is_bounded_so_that_nothing_overflows() {
        let deep = 100_000;
        for source in [
            format!("{{{{ {}a{} }}}}", "(".repeat(deep), ")".repeat(deep)),
            format!("{{{{ {}a }}}}", "not ".repeat(deep)),
            format!("{{{{ a{} }}}}", ".b".repeat(deep)),
            format!("{{{{ a{} }}}}", "|upper".repeat(deep)),
            format!("{{{{ a{} }}}}", " and a".repeat(deep)),
            format!("{{{{ {} }}}}", "[".repeat(deep)),
            "{% if a %}".repeat(deep),
        ] {
            let template = Template::parse(&source, 0);
            assert!(template.errors.iter().any(|e| e.code == codes::TOO_COMPLEX));
            drop(template.clone());
        }
    }
}
