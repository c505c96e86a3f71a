//! Full Jinja2, and the part of Nunjucks that looks like it, brought into our template language.
//!
//! Whatever has an exact equal is rewritten in place and every other byte stays: constants of
//! `set`, tuples, string methods, `a if b else c`, joined texts, filtered loops, sibling includes.
//! What has none is left as it stands, and our own parser then names it with its place. Role lines
//! and loops over turns are the business of [`turns`], which prompt formats call afterwards.

mod blocks;
mod expr;
mod lex;
pub(crate) mod turns;

pub(crate) use lex::{Piece, Tag, find_block, pieces, source};

use crate::Notes;

/// The most that including files may make of a template, in bytes.
const MAX_TEMPLATE: usize = 2 << 20;
/// What all rewriting of one template may cost, in tokens looked at.
const MAX_WORK: usize = 20_000_000;
/// How deep files may include each other.
const MAX_INCLUDES: usize = 8;

/// Whose templates these are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// Python's own.
    Jinja2,
    /// JavaScript's: `===`, `x.length`, `dump`.
    Nunjucks,
}

/// How a format uses the language.
pub(crate) struct Options<'a> {
    /// Whose words it has.
    pub flavour: Flavour,
    /// Whether the line end after a block tag is not printed.
    pub trim_blocks: bool,
    /// The text of a file that `include` names.
    pub include: &'a dyn Fn(&str) -> Option<String>,
}

impl Options<'_> {
    /// Jinja2 as it comes, without files to include.
    pub fn plain(flavour: Flavour) -> Options<'static> {
        Options { flavour, trim_blocks: false, include: &|_| None }
    }
}

/// `text`, which begins on line `first_line` of `file`, in our language as far as it can be said.
pub(crate) fn to_subset(
    text: &str,
    file: &str,
    first_line: usize,
    options: &Options,
    notes: &mut Notes,
) -> String {
    if text.len() > MAX_TEMPLATE {
        return text.to_owned();
    }
    let mut changes = Changes { file, first_line, notes, work: MAX_WORK, included: 0 };
    let mut all = included(pieces(text), options, 0, &mut changes);
    if options.trim_blocks {
        blocks::trim_line_ends(&mut all);
    }
    blocks::plain_blocks(&mut all, &mut changes);
    blocks::inline_constants(&mut all, &mut changes);
    for piece in &mut all {
        if let Piece::Tag(tag) = piece {
            expr::rewrite(tag, options.flavour, &mut changes);
        }
    }
    blocks::filtered_loops(&mut all, &mut changes);
    let all = all.into_iter().flat_map(|piece| blocks::split_prints(piece, &mut changes));
    source(&all.collect::<Vec<_>>())
}

/// Collects what was said in other words.
struct Changes<'a> {
    file: &'a str,
    first_line: usize,
    notes: &'a mut Notes,
    /// What rewriting may still cost, in tokens looked at.
    work: usize,
    /// Bytes that came from other files so far.
    included: usize,
}

impl Changes<'_> {
    /// Pays for a step; nothing more is rewritten once all is spent.
    fn pay(&mut self, tokens: usize) -> bool {
        let left = self.work.checked_sub(tokens);
        self.work = left.unwrap_or(0);
        left.is_some()
    }

    fn note(&mut self, line: usize, what: impl Into<String>, why: &str) {
        let place = format!("{}:{}", self.file, self.first_line + line);
        self.notes.translated(&place, what, why);
    }
}

/// With every included sibling in the place of its tag.
fn included<'s>(
    all: Vec<Piece>,
    options: &Options<'s>,
    depth: usize,
    changes: &mut Changes,
) -> Vec<Piece> {
    let mut out = Vec::with_capacity(all.len());
    for piece in all {
        let text = match &piece {
            Piece::Tag(tag) if depth < MAX_INCLUDES => {
                blocks::include_of(tag).and_then(|name| (options.include)(&name))
            }
            _ => None,
        };
        match (text, &piece) {
            (Some(text), Piece::Tag(tag)) if changes.included + text.len() <= MAX_TEMPLATE => {
                // An empty file costs something too.
                changes.included += text.len() + 1_000;
                changes.note(tag.line, tag.inner.trim(), "the file's text stands in its place");
                // Jinja drops one line end at the end of a file.
                let text = text.strip_suffix('\n').unwrap_or(&text);
                out.extend(included(pieces(text), options, depth + 1, changes));
            }
            _ => out.push(piece),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str, options: &Options) -> (String, usize) {
        let mut notes = Notes::default();
        let out = to_subset(text, "x", 1, options, &mut notes);
        (out, notes.list().len())
    }

    fn jinja(text: &str) -> String {
        with(text, &Options::plain(Flavour::Jinja2)).0
    }

    #[test]
    fn what_has_an_equal_is_said_with_it() {
        for (full, subset) in [
            ("{% set n = 3 %}{{ n }}", "{{ 3 }}"),
            ("{% set who = user.name %}a{{ who|upper }}", "a{{ (user.name)|upper }}"),
            ("{{ x.strip().upper() }}", "{{ x|trim|upper }}"),
            ("{{ d.get('a') }}", "{{ d['a']|default(none) }}"),
            ("{{ ', '.join(xs) }}", "{{ xs|join(', ') }}"),
            ("{% if x in ('a', 'b') %}y{% endif %}", "{% if x in ['a', 'b'] %}y{% endif %}"),
            ("{{ a if b else c }}", "{% if b %}{{ a }}{% else %}{{ c }}{% endif %}"),
            ("{{ 'x' if b }}", "{% if b %}{{ 'x' }}{% endif %}"),
            ("{{ a ~ '-' ~ b }}", "{{ a }}{{ '-' }}{{ b }}"),
            ("{{ x | safe }}", "{{ x }}"),
            ("{% block a %}{{ x }}{% endblock %}", "{{ x }}"),
            ("{%+ if x %}a{% endif +%}", "{% if x %}a{% endif %}"),
            (
                "{% for x in xs if x.ok %}{{ x.a }}{% endfor %}",
                "{% for x in xs %}{% if x.ok %}{{ x.a }}{% endif %}{% endfor %}",
            ),
            ("{{ loop.first }} {{ x is none }}", "{{ loop.first }} {{ x is none }}"),
        ] {
            assert_eq!(jinja(full), subset);
        }
    }

    #[test]
    fn what_has_none_stays_for_the_parser_to_name() {
        for text in [
            "{% macro m(a) %}{{ a }}{% endmacro %}",
            "{% set x %}text{% endset %}{{ x }}",
            "{% for x in xs if x %}{{ loop.index }}{% endfor %}",
            "{% set n = 1 %}{% set n = 2 %}{{ n }}",
            "{{ x[1:2] }}",
            "{% extends 'a' %}{% block a %}b{% endblock %}",
            "{% block a %}b{% endblock %}{{ self.a() }}",
            "{{ f(x) }}",
            "{{#if a}}b{{else}}c{{/if}}",
            "{{ a",
        ] {
            assert_eq!(jinja(text), text);
        }
    }

    #[test]
    fn the_words_of_javascript_are_translated() {
        let options = Options::plain(Flavour::Nunjucks);
        for (full, subset) in [
            (
                "{% if a === 1 %}{% elseif b !== null %}{% endif %}",
                "{% if a == 1 %}{% elif b != none %}{% endif %}",
            ),
            (
                "{{ xs.length }} {{ x | dump }} {{ x | dump(2) }}",
                "{{ xs|length }} {{ x | tojson }} {{ x | tojson(indent=2) }}",
            ),
        ] {
            assert_eq!(with(full, &options).0, subset);
        }
    }

    #[test]
    fn siblings_are_included_and_never_without_end() {
        let include = |name: &str| {
            (name != "none").then(|| format!("<{{% include '{name}' %}}{{% include 'none' %}}>\n"))
        };
        let options = Options { include: &include, ..Options::plain(Flavour::Jinja2) };
        let (text, _) = with("{% include 'a' %}", &options);
        assert_eq!(text.matches('<').count(), MAX_INCLUDES);
        assert!(text.contains("{% include 'none' %}"));
    }

    #[test]
    fn line_ends_after_blocks_are_trimmed_where_the_format_does_so() {
        let options = Options { trim_blocks: true, ..Options::plain(Flavour::Jinja2) };
        for (full, subset) in [
            ("a\n{% if x %}\nb\n{% endif %}\nc", "a\n{% if x -%}\nb\n{% endif -%}\nc"),
            ("{% if x %}\n  b{% endif %}\n", "{% if x %}  b{% endif %}"),
        ] {
            assert_eq!(with(full, &options).0, subset);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_taken(text in "([{%#} a.|()'\"\n~-]|set|if|else|for|in|include|endfor){0,40}") {
            for flavour in [Flavour::Jinja2, Flavour::Nunjucks] {
                with(&text, &Options { trim_blocks: true, ..Options::plain(flavour) });
            }
        }
    }
}
