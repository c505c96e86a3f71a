//! Writes a changed value over the text of the old one: equal parts are copied, the rest is new.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::EditError;
use super::fresh::{Slot, Style};
use super::layout::{Form, Habits, Laid, Part, Quotes, column, line_end};
use super::{matching, scalar};
use crate::yaml::Yaml;

/// One text being rewritten.
pub(super) struct Writer<'t> {
    pub text: &'t str,
    pub style: Style,
}

/// A part of the new text: what it was before, when it was there, and what it holds.
pub(super) struct Wanted<'v> {
    pub old: Option<usize>,
    pub key: Option<&'v str>,
    pub value: &'v Value,
}

impl<'t> Writer<'t> {
    pub fn new(text: &'t str, habits: Habits, eol: &'static str) -> Self {
        Self { text, style: Style { habits, eol } }
    }

    /// The whole text with `wanted` as its value.
    pub fn document(&self, laid: Option<&Laid>, wanted: &Value) -> Result<String, EditError> {
        let Some(laid) = laid else {
            return Ok(self.first_value(wanted));
        };
        let (before, behind) = (&self.text[..laid.span.start], &self.text[laid.span.end..]);
        let changed = match &laid.form {
            Form::Block(parts) if keeps_kind(laid, wanted) => self.block(parts, wanted)?,
            Form::Flow(_) | Form::Scalar(_) if !wanted_block(laid, wanted) => {
                self.in_line(laid, wanted, false)?
            }
            Form::Alias(_) | Form::Opaque => return Err(self.shared(laid.span.start)),
            _ => self.style.root(wanted),
        };
        Ok([before, &changed, behind].concat())
    }

    /// A document that had no value gets one behind what it has: comments, mostly.
    fn first_value(&self, wanted: &Value) -> String {
        let eol = self.style.eol;
        let gap = if self.text.is_empty() || self.text.ends_with('\n') { "" } else { eol };
        [self.text, gap, &self.style.root(wanted), eol].concat()
    }

    /// The parts of a block list or map, from its first sign to the end of its last line.
    fn block(&self, parts: &[Part], wanted: &Value) -> Result<String, EditError> {
        let Some(first) = parts.first() else {
            return Ok(self.style.root(wanted));
        };
        let indent = column(self.text, first.start);
        let like_block = parts.iter().any(|part| matches!(part.laid.form, Form::Block(_)));
        let wanted = wanted_parts(parts, wanted);
        let mut out = Lines::new(self, parts, &wanted, indent);
        for part in wanted {
            let body = match part.old {
                Some(old) => self.block_part(&parts[old], part.value, indent)?,
                None => {
                    let slot = part.key.map_or(Slot::Dash { like_block }, |_| Slot::Key);
                    self.style.part(part.key, part.value, slot, indent).into()
                }
            };
            out.push(part.old, &body);
        }
        Ok(out.finish())
    }

    /// One part of a block list or map, its comment included.
    fn block_part(
        &self,
        part: &Part,
        wanted: &Value,
        indent: usize,
    ) -> Result<Cow<'t, str>, EditError> {
        let laid = &part.laid;
        if laid.node.means(wanted) {
            return Ok(self.text[part.start..part.end].into());
        }
        let head = &self.text[part.start..part.after];
        let gap = &self.text[part.after..laid.span.start];
        let tail = &self.text[laid.span.end..part.end];
        match &laid.form {
            Form::Opaque | Form::Alias(false) => Err(self.shared(part.after)),
            Form::Block(parts) if keeps_kind(laid, wanted) => {
                Ok([head, gap, &self.block(parts, wanted)?].concat().into())
            }
            Form::Scalar(_) | Form::Flow(_) | Form::Alias(_)
                if !wanted_block(laid, wanted) && self.style.fits_line(wanted) =>
            {
                let absent = laid.span.start == laid.span.end;
                let gap = if laid.span.start == part.after { " " } else { gap };
                let tail = if absent { tail.trim_end() } else { tail };
                Ok([head, gap, &self.in_line(laid, wanted, false)?, tail].concat().into())
            }
            _ => {
                let slot = match part.entry {
                    Some(_) => Slot::Key,
                    None => Slot::Dash { like_block: matches!(laid.form, Form::Block(_)) },
                };
                let comment = self.comment_of(part);
                Ok([head, &self.style.value(wanted, slot, indent, comment)].concat().into())
            }
        }
    }

    /// The comment on a part's first line, when its value is about to be written anew.
    fn comment_of(&self, part: &Part) -> &'t str {
        let laid = &part.laid;
        let from = match laid.form {
            Form::Block(_) => part.after,
            Form::BlockScalar => laid.span.start,
            _ => laid.span.end,
        };
        let line = &self.text[from..line_end(self.text, from).min(part.end)];
        match laid.form {
            Form::Block(_) if !line.trim_start().starts_with('#') => "",
            Form::BlockScalar => line.find(" #").map_or("", |at| &line[at..]),
            _ => line,
        }
    }

    /// A value that stands within one line, or within brackets, in the place of such a value.
    pub fn in_line(&self, laid: &Laid, wanted: &Value, flow: bool) -> Result<String, EditError> {
        if laid.node.means(wanted) {
            return Ok(self.text[laid.span.start..laid.span.end].to_owned());
        }
        match &laid.form {
            Form::Flow(parts) if keeps_kind(laid, wanted) => self.flow(laid.span, parts, wanted),
            Form::Scalar(quotes) => Ok(scalar_or_flow(wanted, *quotes, flow)),
            Form::Flow(_) | Form::Alias(true) => Ok(scalar_or_flow(wanted, Quotes::Plain, flow)),
            _ => Err(self.shared(laid.span.start)),
        }
    }

    fn shared(&self, at: usize) -> EditError {
        EditError::Shared { line: crate::line_col(self.text, at).0 }
    }
}

fn scalar_or_flow(wanted: &Value, quotes: Quotes, flow: bool) -> String {
    match wanted {
        Value::Array(_) | Value::Object(_) => scalar::flow(wanted),
        _ => scalar::scalar(wanted, quotes, flow),
    }
}

/// Whether a list stays a list, or a map a map, and there is something to keep.
fn keeps_kind(laid: &Laid, wanted: &Value) -> bool {
    match (&laid.node.value, wanted) {
        (Yaml::List(old), Value::Array(new)) => !old.is_empty() && !new.is_empty(),
        (Yaml::Map(old), Value::Object(new)) => !old.is_empty() && !new.is_empty(),
        _ => false,
    }
}

/// Whether a list or map comes where none was: it is written as a new value is.
fn wanted_block(laid: &Laid, wanted: &Value) -> bool {
    let holds = match wanted {
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
        _ => false,
    };
    holds && !keeps_kind(laid, wanted)
}

/// The parts of `wanted`, each with the old part it was.
pub(super) fn wanted_parts<'v>(parts: &[Part], wanted: &'v Value) -> Vec<Wanted<'v>> {
    match wanted {
        Value::Object(map) => wanted_entries(parts, map),
        Value::Array(items) => {
            let partners = partners(parts, items);
            let item = |(old, value)| Wanted { old, key: None, value };
            partners.into_iter().zip(items).map(item).collect()
        }
        _ => Vec::new(),
    }
}

/// The old part of each item. One that changed in its place needs no search, which would take a list
/// in a list in a list once per level.
fn partners(parts: &[Part], items: &[Value]) -> Vec<Option<usize>> {
    let changed = parts.iter().zip(items).filter(|(part, item)| !part.laid.node.means(item));
    if parts.len() == items.len() && changed.take(2).count() < 2 {
        return (0..items.len()).map(Some).collect();
    }
    let old: Vec<Value> = parts.iter().map(|part| part.laid.node.to_json()).collect();
    matching::partners(&old, items)
}

/// Old keys in the order of the file; each new one behind the key it follows in `wanted`.
fn wanted_entries<'v>(parts: &[Part], wanted: &'v Map<String, Value>) -> Vec<Wanted<'v>> {
    let places: std::collections::HashMap<&str, usize> = parts
        .iter()
        .enumerate()
        .filter_map(|(at, part)| Some((part.entry?.key.as_str(), at)))
        .collect();
    // One group per old key, with the new keys behind it; the first is for those before all.
    let mut groups: Vec<Vec<Wanted>> = Vec::new();
    groups.resize_with(parts.len() + 1, Vec::new);
    let mut group = 0;
    for (key, value) in wanted {
        let old = places.get(key.as_str()).copied();
        group = old.map_or(group, |at| at + 1);
        let wanted = Wanted { old, key: Some(key), value };
        if old.is_some() { groups[group].insert(0, wanted) } else { groups[group].push(wanted) }
    }
    groups.into_iter().flatten().collect()
}

/// Puts the parts of a block list or map together again, with the lines that stood between them.
struct Lines<'w, 't, 'n> {
    writer: &'w Writer<'t>,
    parts: &'w [Part<'n>],
    indent: usize,
    out: String,
    gone: Vec<bool>,
    /// How many old parts were asked for comments that outlive them.
    asked: usize,
}

impl<'w, 't, 'n> Lines<'w, 't, 'n> {
    fn new(
        writer: &'w Writer<'t>,
        parts: &'w [Part<'n>],
        wanted: &[Wanted],
        indent: usize,
    ) -> Self {
        let mut gone = vec![true; parts.len()];
        for old in wanted.iter().filter_map(|part| part.old) {
            gone[old] = false;
        }
        Self { writer, parts, indent, out: String::new(), gone, asked: 0 }
    }

    fn push(&mut self, old: Option<usize>, body: &str) {
        let lead = match old {
            Some(at) => self.old_lead(at),
            None => self.new_lead(),
        };
        // The first part begins in the middle of a line, where the first old one began.
        let lead = if self.out.is_empty() { lead.trim_start() } else { &lead };
        self.out.push_str(lead);
        self.out.push_str(body);
    }

    fn new_lead(&self) -> String {
        format!("{}{}", self.writer.style.eol, " ".repeat(self.indent))
    }

    fn old_lead(&mut self, at: usize) -> String {
        let stray = self.stray_before(at);
        let Some(lead) = lead(self.writer.text, self.parts, at) else {
            return self.new_lead();
        };
        let (line_break, lines) = lead.split_at(lead.find('\n').map_or(0, |at| at + 1));
        [line_break, &stray, lines].concat()
    }

    /// Comment lines that belong to no part, from before parts that are gone.
    fn stray_before(&mut self, end: usize) -> String {
        let mut stray = String::new();
        for at in self.asked..end {
            if self.gone[at] {
                let lead = lead(self.writer.text, self.parts, at).unwrap_or_default();
                stray.push_str(stray_lines(lead, self.indent));
            }
        }
        self.asked = self.asked.max(end);
        stray
    }

    fn finish(mut self) -> String {
        let stray = self.stray_before(self.parts.len());
        if !stray.is_empty() {
            self.out.push_str(self.writer.style.eol);
            self.out.push_str(stray.trim_end());
        }
        self.out
    }
}

/// What stands between the part before and this one: the line break, whole lines, the indentation.
fn lead<'t>(text: &'t str, parts: &[Part], at: usize) -> Option<&'t str> {
    let before = parts.get(at.checked_sub(1)?)?;
    text.get(before.end..parts[at].start)
}

/// The lines of `lead` with a comment that is not the part's own: those directly above the part at
/// its indentation are.
fn stray_lines(lead: &str, indent: usize) -> &str {
    let lines = lead.split_at(lead.find('\n').map_or(0, |at| at + 1)).1;
    let whole = &lines[..lines.rfind('\n').map_or(0, |at| at + 1)];
    let own = |line: &&str| {
        let text = line.trim_start_matches(' ');
        text.starts_with('#') && line.len() - text.len() == indent
    };
    let own_bytes: usize = whole.split_inclusive('\n').rev().take_while(own).map(str::len).sum();
    let stray = &whole[..whole.len() - own_bytes];
    if stray.contains('#') { stray } else { "" }
}
