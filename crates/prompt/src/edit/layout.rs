//! How a YAML text is written: where each entry begins and ends, its comment included.
//!
//! The same parser that reads the file says where every token stands, so reading and editing can't
//! disagree. What lies between the tokens (dashes, colons, commas, comments) is found by skipping
//! white space and comments. Anything rarer is either opaque or makes the whole text uneditable;
//! both are refused by name and never guessed at.

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle};

use super::EditError;
use crate::Span;
use crate::yaml::{Entry, Node, Yaml};

/// A value as it is written.
#[derive(Debug)]
pub(super) struct Laid<'n> {
    pub node: &'n Node,
    /// The value alone: from its first sign to its last. For a block list or map the parts.
    pub span: Span,
    pub form: Form<'n>,
}

/// The ways to write a value.
#[derive(Debug)]
pub(super) enum Form<'n> {
    Scalar(Quotes),
    /// `|` or `>` with its lines.
    BlockScalar,
    Block(Vec<Part<'n>>),
    Flow(Vec<Part<'n>>),
    /// `*alias`, standing for a scalar when `true`.
    Alias(bool),
    /// Has an anchor or a tag, or a form that is too rare to be edited.
    Opaque,
}

/// How a scalar is quoted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Quotes {
    Plain,
    Single,
    Double,
}

/// An entry of a map, or an item of a list.
#[derive(Debug)]
pub(super) struct Part<'n> {
    pub entry: Option<&'n Entry>,
    /// The key or the dash; in a flow list the item.
    pub start: usize,
    /// Just behind the `:` or the dash.
    pub after: usize,
    /// Behind the value; in block style behind its comment, at the end of the line.
    pub end: usize,
    pub laid: Laid<'n>,
}

impl Part<'_> {
    /// Whether a key in flow style stands alone, without its colon.
    pub fn lacks_colon(&self, text: &str) -> bool {
        self.entry.is_some() && !text[..self.after].ends_with(':')
    }
}

/// Habits of a text that new lines follow, in columns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Habits {
    /// From a map to the map in it.
    pub map: usize,
    /// From a key to the dashes below it.
    pub list: usize,
}

/// Lays out the whole of `text`, whose value is `node`. Nothing for an empty document.
pub(super) fn lay_out<'n>(
    text: &str,
    node: &'n Node,
) -> Result<(Option<Laid<'n>>, Habits), EditError> {
    let mut reader = Reader::new(text)?;
    let from = match reader.peek() {
        None => return Ok((None, reader.habits())),
        // An empty document in a text with a `---` is a null of no length.
        Some(token) if token.span.start == token.span.end && node.is_null() => {
            return Ok((None, reader.habits()));
        }
        Some(_) => reader.document,
    };
    let laid = reader.value(node, from, None)?;
    Ok((Some(laid), reader.habits()))
}

struct Token<'t> {
    event: Event<'t>,
    span: Span,
}

struct Reader<'t> {
    text: &'t str,
    tokens: Vec<Token<'t>>,
    at: usize,
    /// Where the first value can begin.
    document: usize,
    map: Option<usize>,
    list: Option<usize>,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Result<Self, EditError> {
        let options = granit_parser::options! { emit_comments: false };
        let mut reader =
            Self { text, tokens: Vec::new(), at: 0, document: 0, map: None, list: None };
        for next in Parser::new_from_str_with_options(text, options) {
            let (event, span) = next.map_err(|error| EditError::bad_yaml(&error.to_string()))?;
            let span = reader.bytes(span);
            match event {
                Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
                Event::DocumentStart(explicit, _) => {
                    reader.document = if explicit { span.end } else { 0 };
                }
                event => reader.tokens.push(Token { event, span }),
            }
        }
        Ok(reader)
    }

    fn bytes(&self, span: granit_parser::Span) -> Span {
        let place = |marker: granit_parser::Marker| {
            let at = marker.byte_offset().unwrap_or(self.text.len());
            self.text.floor_char_boundary(at)
        };
        let start = place(span.start);
        Span::new(start, place(span.end).max(start))
    }

    fn peek(&self) -> Option<&Token<'t>> {
        self.tokens.get(self.at)
    }

    fn habits(&self) -> Habits {
        Habits { map: self.map.unwrap_or(2), list: self.list.unwrap_or(2) }
    }

    /// The value that begins behind `from`. `key` is the column of the key it belongs to.
    fn value<'n>(
        &mut self,
        node: &'n Node,
        from: usize,
        key: Option<usize>,
    ) -> Result<Laid<'n>, EditError> {
        let Some(token) = self.tokens.get(self.at) else {
            return Err(self.unsupported(from));
        };
        let span = token.span;
        if span.end > span.start && span.start < from {
            return Err(self.unsupported(from));
        }
        match (&token.event, &node.value) {
            (Event::Scalar(_, style, 0, None), _) => {
                let style = *style;
                self.at += 1;
                self.scalar(node, from, span, style)
            }
            (Event::Alias(_), value) => {
                let scalar = !matches!(value, Yaml::List(_) | Yaml::Map(_));
                self.at += 1;
                Ok(Laid { node, span, form: Form::Alias(scalar) })
            }
            (Event::SequenceStart(style, 0, None), Yaml::List(items)) => {
                let flow = *style == StructureStyle::Flow;
                self.at += 1;
                if flow {
                    self.flow(node, span.start, items.iter().map(Content::Item))
                } else {
                    self.block(node, from, key, items.iter().map(Content::Item))
                }
            }
            (Event::MappingStart(style, 0, None), Yaml::Map(entries)) => {
                let flow = *style == StructureStyle::Flow;
                if flow && !self.text[span.start..].starts_with('{') {
                    return self.opaque(node, from);
                }
                self.at += 1;
                if flow {
                    self.flow(node, span.start, entries.iter().map(Content::Entry))
                } else {
                    self.block(node, from, key, entries.iter().map(Content::Entry))
                }
            }
            _ => self.opaque(node, from),
        }
    }

    fn scalar<'n>(
        &self,
        node: &'n Node,
        from: usize,
        span: Span,
        style: ScalarStyle,
    ) -> Result<Laid<'n>, EditError> {
        let quotes = match style {
            ScalarStyle::Plain => Quotes::Plain,
            ScalarStyle::SingleQuoted => Quotes::Single,
            ScalarStyle::DoubleQuoted => Quotes::Double,
            ScalarStyle::Literal | ScalarStyle::Folded => {
                let span = self.block_scalar(from, span);
                return Ok(Laid { node, span, form: Form::BlockScalar });
            }
        };
        // A value that was left out has the place it would begin at.
        let span = if span.start == span.end { Span::at(from) } else { span };
        Ok(Laid { node, span, form: Form::Scalar(quotes) })
    }

    /// From the `|` to the end of the last line, which a `+` lets be an empty one.
    fn block_scalar(&self, from: usize, content: Span) -> Span {
        let start = skip_trivia(self.text, from);
        let header = line_end(self.text, start);
        let signs = self.text[start..header].split(['#', ' ']).next().unwrap_or_default();
        // The parser counts the indentation of the next line to the content.
        let content = &self.text[..content.end.max(header)];
        let lines = content.trim_end_matches([' ', '\t']);
        let end = match lines.strip_suffix('\n') {
            Some(all) if signs.contains('+') => all.strip_suffix('\r').unwrap_or(all).len(),
            _ => line_end(self.text, content.trim_end().len()),
        };
        Span::new(start, end.max(header))
    }

    fn block<'n>(
        &mut self,
        node: &'n Node,
        from: usize,
        key: Option<usize>,
        contents: impl Iterator<Item = Content<'n>>,
    ) -> Result<Laid<'n>, EditError> {
        let mut parts: Vec<Part> = Vec::new();
        let mut at = from;
        for content in contents {
            let part = self.block_part(content, at)?;
            at = part.end;
            if let (true, Some(key)) = (parts.is_empty(), key) {
                self.learn(key, &part);
            }
            parts.push(part);
        }
        self.close(at)?;
        let start = parts.first().map_or(from, |part| part.start);
        Ok(Laid { node, span: Span::new(start, at), form: Form::Block(parts) })
    }

    fn block_part<'n>(&mut self, content: Content<'n>, at: usize) -> Result<Part<'n>, EditError> {
        let start = skip_trivia(self.text, at);
        let (entry, node, after) = match content {
            Content::Entry(entry) => (Some(entry), &entry.node, self.key(entry, start, true)?),
            Content::Item(node) => (None, node, self.sign(start, '-')?),
        };
        let key = entry.is_some().then(|| column(self.text, start));
        let laid = self.value(node, after, key)?;
        let end = match &laid.form {
            Form::Block(_) => laid.span.end,
            _ => line_end(self.text, laid.span.end),
        };
        Ok(Part { entry, start, after, end, laid })
    }

    fn flow<'n>(
        &mut self,
        node: &'n Node,
        open: usize,
        contents: impl Iterator<Item = Content<'n>>,
    ) -> Result<Laid<'n>, EditError> {
        let mut parts: Vec<Part> = Vec::new();
        let mut at = open + 1;
        for content in contents {
            if !parts.is_empty() {
                at = self.sign(skip_trivia(self.text, at), ',')?;
            }
            let start = skip_trivia(self.text, at);
            let (entry, node, after) = match content {
                Content::Entry(entry) => (Some(entry), &entry.node, self.key(entry, start, false)?),
                Content::Item(node) => (None, node, start),
            };
            let laid = self.value(node, after, None)?;
            at = laid.span.end.max(after);
            parts.push(Part { entry, start, after, end: at, laid });
        }
        let end = self.close(at)?.end;
        Ok(Laid { node, span: Span::new(open, end), form: Form::Flow(parts) })
    }

    /// Reads a key; gives the place behind its colon, or behind itself when it has none.
    fn key(&mut self, entry: &Entry, start: usize, block: bool) -> Result<usize, EditError> {
        let token = match self.tokens.get(self.at) {
            Some(Token { event: Event::Scalar(key, _, 0, None), span })
                if span.start == start && *key == entry.key =>
            {
                *span
            }
            _ => return Err(self.unsupported(start)),
        };
        self.at += 1;
        let colon = skip_trivia(self.text, token.end);
        // Not an error in brackets, and so not told of by its line: that would count all lines before.
        match self.text[colon..].starts_with(':') {
            false if !block => Ok(token.end),
            _ => self.sign(colon, ':'),
        }
    }

    /// The end of the list or map whose last part ends at `at`.
    fn close(&mut self, at: usize) -> Result<Span, EditError> {
        let Some(Token { event: Event::SequenceEnd | Event::MappingEnd, span }) = self.peek()
        else {
            return Err(self.unsupported(at));
        };
        let span = *span;
        self.at += 1;
        Ok(span)
    }

    fn sign(&self, at: usize, sign: char) -> Result<usize, EditError> {
        if self.text[at..].starts_with(sign) { Ok(at + 1) } else { Err(self.unsupported(at)) }
    }

    /// Passes over a value that is kept as it is, with its anchor and tag.
    fn opaque<'n>(&mut self, node: &'n Node, from: usize) -> Result<Laid<'n>, EditError> {
        let start = skip_trivia(self.text, from);
        let mut end = start;
        let mut depth = 0usize;
        while let Some(token) = self.tokens.get(self.at) {
            self.at += 1;
            match token.event {
                Event::SequenceStart(..) | Event::MappingStart(..) => depth += 1,
                Event::SequenceEnd | Event::MappingEnd => depth = depth.saturating_sub(1),
                _ => {}
            }
            // A block list or map ends with a token of no length further on.
            if token.span.end > token.span.start {
                end = end.max(token.span.end);
            }
            if depth == 0 {
                break;
            }
        }
        let end = start + self.text[start..end].trim_end().len();
        Ok(Laid { node, span: Span::new(start, end), form: Form::Opaque })
    }

    fn learn(&mut self, key: usize, first: &Part) {
        let by = column(self.text, first.start).saturating_sub(key);
        if first.entry.is_none() {
            self.list.get_or_insert(by);
        } else if by > 0 {
            self.map.get_or_insert(by);
        }
    }

    fn unsupported(&self, at: usize) -> EditError {
        EditError::Unsupported { line: crate::line_col(self.text, at).0 }
    }
}

/// What a part is made of.
enum Content<'n> {
    Entry(&'n Entry),
    Item(&'n Node),
}

/// The first place from `at` on that is not white space or part of a comment.
pub(super) fn skip_trivia(text: &str, at: usize) -> usize {
    let mut at = at;
    loop {
        let rest = &text[at..];
        let found = rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{feff}']);
        at = text.len() - found.len();
        if !found.starts_with('#') {
            return at;
        }
        at = line_end(text, at);
    }
}

/// The end of the line that holds `at`, before its line break.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    let line = rest.split('\n').next().unwrap_or_default();
    at + line.strip_suffix('\r').unwrap_or(line).len()
}

/// How far `at` is from the start of its line.
pub(super) fn column(text: &str, at: usize) -> usize {
    at - text[..at].rfind('\n').map_or(0, |line| line + 1)
}
