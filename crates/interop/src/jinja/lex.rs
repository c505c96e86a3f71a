//! A template as text and tags, whose pieces put together again are the template, byte for byte.

/// A stretch of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Text, and what reads as text: unclosed tags, and `raw` with all it holds.
    Text(String),
    /// `{# … #}`, as it stands.
    Comment(String),
    /// `{{ … }}` or `{% … %}`.
    Tag(Tag),
}

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag {
    /// Whether it is `{{ … }}`.
    pub print: bool,
    /// The white space control after the opening mark: nothing, `-` or `+`.
    pub before: &'static str,
    /// The white space control before the closing mark.
    pub after: &'static str,
    /// What stands between, with its spaces.
    pub inner: String,
    /// Line of the template it begins on, from 0.
    pub line: usize,
}

impl Piece {
    /// A tag that prints an expression.
    pub fn print(expr: &str) -> Piece {
        Piece::tag(true, expr)
    }

    /// A block tag.
    pub fn block(inner: &str) -> Piece {
        Piece::tag(false, inner)
    }

    fn tag(print: bool, inner: &str) -> Piece {
        let inner = format!(" {} ", inner.trim());
        Piece::Tag(Tag { print, before: "", after: "", inner, line: 0 })
    }

    /// How many bytes the expressions of a tag have.
    pub(super) fn inner_len(&self) -> usize {
        match self {
            Piece::Tag(tag) => tag.inner.len(),
            Piece::Text(_) | Piece::Comment(_) => 0,
        }
    }
}

impl Tag {
    /// The first word of a block tag.
    pub fn word(&self) -> &str {
        let inner = self.inner.trim_start();
        let end = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        if self.print { "" } else { &inner[..end.unwrap_or(inner.len())] }
    }

    /// What follows the first word.
    pub fn rest(&self) -> &str {
        self.inner.trim_start()[self.word().len()..].trim()
    }
}

/// The text of pieces.
pub(crate) fn source(all: &[Piece]) -> String {
    let mut out = String::new();
    for piece in all {
        match piece {
            Piece::Text(text) | Piece::Comment(text) => out.push_str(text),
            Piece::Tag(tag) => {
                let (open, close) = if tag.print { ("{{", "}}") } else { ("{%", "%}") };
                for part in [open, tag.before, &tag.inner, tag.after, close] {
                    out.push_str(part);
                }
            }
        }
    }
    out
}

/// Takes a template apart.
pub(crate) fn pieces(text: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut at = 0;
    let mut line = 0;
    while at < text.len() {
        let start = next_tag(text, at).unwrap_or(text.len());
        push_text(&mut out, &text[at..start]);
        line += newlines(&text[at..start]);
        if start == text.len() {
            break;
        }
        let Some(length) = take(&text[start..], line, &mut out) else {
            push_text(&mut out, &text[start..]);
            break;
        };
        line += newlines(&text[start..start + length]);
        at = start + length;
    }
    out
}

fn newlines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

fn push_text(out: &mut Vec<Piece>, text: &str) {
    match out.last_mut() {
        _ if text.is_empty() => {}
        Some(Piece::Text(last)) => last.push_str(text),
        _ => out.push(Piece::Text(text.to_owned())),
    }
}

fn next_tag(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    (from..bytes.len().saturating_sub(1))
        .find(|&at| bytes[at] == b'{' && matches!(bytes[at + 1], b'{' | b'%' | b'#'))
}

/// Takes the tag that `rest` begins with; gives its length, or nothing when it is never closed.
fn take(rest: &str, line: usize, out: &mut Vec<Piece>) -> Option<usize> {
    if let Some(inside) = rest.strip_prefix("{#") {
        let length = inside.find("#}")? + 4;
        out.push(Piece::Comment(rest[..length].to_owned()));
        return Some(length);
    }
    let print = rest.starts_with("{{");
    let close = if print { "}}" } else { "%}" };
    let end = 2 + inside(&rest[2..], close)?;
    let length = end + 2;
    let (before, inner) = control(&rest[2..end], str::strip_prefix);
    let (after, inner) = control(inner, str::strip_suffix);
    let tag = Tag { print, before, after, inner: inner.to_owned(), line };
    if tag.word() == "raw" {
        let length = length + end_of_raw(&rest[length..])?;
        push_text(out, &rest[..length]);
        return Some(length);
    }
    out.push(Piece::Tag(tag));
    Some(length)
}

fn control<'s>(
    inner: &'s str,
    strip: fn(&'s str, char) -> Option<&'s str>,
) -> (&'static str, &'s str) {
    match (strip(inner, '-'), strip(inner, '+')) {
        (Some(rest), _) => ("-", rest),
        (_, Some(rest)) => ("+", rest),
        _ => ("", inner),
    }
}

/// How far it is to the closing mark, texts in quotes apart.
fn inside(rest: &str, close: &str) -> Option<usize> {
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in rest.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(mark) if c == mark => quote = None,
            Some(_) => {}
            None if rest[at..].starts_with(close) => return Some(at),
            None if c == '"' || c == '\'' => quote = Some(c),
            None => {}
        }
    }
    None
}

fn end_of_raw(rest: &str) -> Option<usize> {
    find_block(rest, |inner| inner.trim_matches(['-', '+']).trim() == "endraw").map(|(_, end)| end)
}

/// Where the first `{% … %}` begins and ends whose inside is wanted, in one pass over the text.
pub(crate) fn find_block(text: &str, wanted: impl Fn(&str) -> bool) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(length) = text[from..].find("%}") {
        let close = from + length;
        let open = text[from..close].rfind("{%").map(|at| from + at);
        if let Some(open) = open.filter(|open| wanted(&text[open + 2..close])) {
            return Some((open, close + 2));
        }
        from = close + 2;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_end_where_no_quote_is_open() {
        let all = pieces("a{{ '}}' }}{%- if x +%}\n{# c #}{% raw %}{{ y }}{% endraw %}{{");
        assert_eq!(all.len(), 6, "{all:?}");
        assert!(matches!(&all[2], Piece::Tag(tag) if tag.before == "-" && tag.after == "+"));
        assert_eq!(all[5], Piece::Text("{% raw %}{{ y }}{% endraw %}{{".into()));
    }

    #[test]
    fn a_mark_that_opens_and_closes_at_once_ends_no_raw_text() {
        assert_eq!(pieces("{% raw %}{%}"), [Piece::Text("{% raw %}{%}".into())]);
        assert_eq!(find_block("{%}{% x {% y %}", |inner| inner == " y "), Some((8, 15)));
    }

    proptest::proptest! {
        #[test]
        fn pieces_put_together_are_the_template(text in "([{}%#] ?|[a'\"\n+-]|raw|endraw){0,40}") {
            proptest::prop_assert_eq!(source(&pieces(&text)), text);
        }
    }
}
