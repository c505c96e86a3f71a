//! Where tags begin and end. What is no tag must cost no more than a look, however much there is of
//! it: texts come from anybody.

/// So many quotes that are never closed are looked for up to the end of a text.
const MAX_LONE_QUOTES: usize = 64;

/// promptfoo takes a text with a tag that does not end on its line for no template at all.
pub(super) fn is_partial(source: &str) -> bool {
    let unclosed = |line: &str, open: &str, close: char| {
        line.match_indices(open).last().is_some_and(|(at, _)| !line[at + 2..].contains(close))
    };
    let wrapped = source.contains("raw") && source.contains("endraw");
    !wrapped
        && source.split('\n').any(|line| {
            unclosed(line, "{{", '}') || unclosed(line, "{%", '%') || unclosed(line, "{#", '#')
        })
}

/// Where the next tag begins.
pub(super) fn next_tag(text: &str) -> Option<usize> {
    text.match_indices('{')
        .map(|(at, _)| at)
        .find(|at| matches!(text.as_bytes().get(at + 1), Some(b'{' | b'%' | b'#')))
}

/// Where the closing marks of the tag stand that `text` begins with. Quotes hold text, but a lone
/// one is no reason to read to the end of the file: it is counted, and thousands mean nothing.
pub(super) fn end_of_tag(text: &str, close: &str, lone_quotes: &mut usize) -> Option<usize> {
    let quotes = close != "#}" && *lone_quotes < MAX_LONE_QUOTES;
    if quotes && let Some(end) = end_after_quotes(text, close) {
        return Some(end);
    }
    *lone_quotes += usize::from(quotes);
    text[2..].find(close).map(|at| at + 2)
}

fn end_after_quotes(text: &str, close: &str) -> Option<usize> {
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(2) {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, _) if text[at..].starts_with(close) => return Some(at),
            _ => {}
        }
    }
    None
}

/// A tag and its white space control.
pub(super) struct Tag<'t> {
    pub whole: &'t str,
    pub open: &'t str,
    pub close: &'t str,
    pub inner: &'t str,
}

impl<'t> Tag<'t> {
    pub fn of(whole: &'t str) -> Self {
        let inner = &whole[2..whole.len() - 2];
        let open = if inner.starts_with('-') { "-" } else { "" };
        let inner = &inner[open.len()..];
        let close = if inner.ends_with('-') { "-" } else { "" };
        let inner = inner[..inner.len() - close.len()].trim();
        Self { whole, open, close, inner }
    }

    /// The tag with another inside; as it was, when that is all the same.
    pub fn with(&self, inner: &str, open: &str, close: &str) -> String {
        if inner == self.inner {
            return self.whole.to_owned();
        }
        format!("{open}{} {inner} {}{close}", self.open, self.close)
    }
}
