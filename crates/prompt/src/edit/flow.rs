//! Lists and maps in brackets: on one line, or one part per line with comments behind the commas.

use serde_json::Value;

use super::layout::{Part, column, skip_trivia};
use super::write::{Wanted, Writer, wanted_parts};
use super::{EditError, scalar};
use crate::Span;

impl Writer<'_> {
    /// A list or map in brackets, from the first bracket to the last.
    pub(super) fn flow(
        &self,
        span: Span,
        parts: &[Part],
        wanted: &Value,
    ) -> Result<String, EditError> {
        let wanted = wanted_parts(parts, wanted);
        let bodies: Vec<String> =
            wanted.iter().map(|part| self.flow_part(parts, part)).collect::<Result<_, _>>()?;
        let order = wanted.iter().map(|part| part.old);
        if order.eq((0..parts.len()).map(Some)) {
            return Ok(self.same_parts(span, parts, &bodies));
        }
        Ok(Brackets::read(self.text, span, parts).join(&wanted, &bodies, self.style.eol))
    }

    fn flow_part(&self, parts: &[Part], wanted: &Wanted) -> Result<String, EditError> {
        let Some(part) = wanted.old.map(|old| &parts[old]) else {
            let value = scalar::flow(wanted.value);
            return Ok(match wanted.key {
                Some(key) => format!("{}: {value}", scalar::key(key)),
                None => value,
            });
        };
        let laid = &part.laid;
        if laid.node.means(wanted.value) {
            return Ok(self.text[part.start..part.end].to_owned());
        }
        let head = &self.text[part.start..part.after];
        let gap = if part.lacks_colon(self.text) {
            ": "
        } else if part.entry.is_some() && laid.span.start == part.after {
            " "
        } else {
            &self.text[part.after..laid.span.start]
        };
        Ok([head, gap, &self.in_line(laid, wanted.value, true)?].concat())
    }

    /// The same parts in the same order: what stands between them is copied.
    fn same_parts(&self, span: Span, parts: &[Part], bodies: &[String]) -> String {
        let mut out = String::new();
        let mut at = span.start;
        for (part, body) in parts.iter().zip(bodies) {
            out.push_str(&self.text[at..part.start]);
            out.push_str(body);
            at = part.end;
        }
        out + &self.text[at..span.end]
    }
}

/// What stands around the parts.
struct Brackets<'t> {
    open: &'t str,
    close: &'t str,
    /// Per part: from the line break before it to its beginning.
    leads: Vec<&'t str>,
    /// Per part: the comment behind it, up to the line break.
    trails: Vec<String>,
    /// Between the last part's comment and the closing bracket.
    end: &'t str,
    /// Whether the last part has a comma too.
    last_comma: bool,
    /// What comes before a new part.
    lead: String,
}

impl<'t> Brackets<'t> {
    fn read(text: &'t str, span: Span, parts: &[Part]) -> Self {
        let first = parts.first().map_or(span.end - 1, |part| part.start);
        let mut leads = vec![&text[span.start + 1..first]];
        let mut trails = Vec::new();
        let mut last_comma = false;
        for (at, part) in parts.iter().enumerate() {
            let next = parts.get(at + 1).map_or(span.end - 1, |next| next.start);
            let (trail, lead, comma) = split_gap(text, part.end, next);
            trails.push(trail);
            leads.push(lead);
            last_comma = comma;
        }
        let end = leads.pop().unwrap_or_default();
        let lead = match leads.as_slice() {
            [_, second, ..] if !second.contains('#') => (*second).to_owned(),
            [only] if !only.contains('\n') => " ".to_owned(),
            _ => format!("\n{}", " ".repeat(column(text, first))),
        };
        let (open, close) = (&text[span.start..span.start + 1], &text[span.end - 1..span.end]);
        Self { open, close, leads, trails, end, last_comma, lead }
    }

    fn join(&self, wanted: &[Wanted], bodies: &[String], eol: &str) -> String {
        let mut out = self.open.to_owned();
        let mut trail = "";
        for (at, (part, body)) in wanted.iter().zip(bodies).enumerate() {
            let lead = match part.old {
                Some(0) if at > 0 => &self.lead,
                Some(old) if at > 0 || self.leads[old].contains('#') => self.leads[old],
                None if at > 0 => &self.lead,
                _ => self.leads.first().copied().unwrap_or_default(),
            };
            push_lead(&mut out, trail, lead, &self.lead, eol);
            out.push_str(body);
            if at + 1 < wanted.len() || self.last_comma {
                out.push(',');
            }
            trail = part.old.map_or("", |old| &self.trails[old]);
            out.push_str(trail);
        }
        push_lead(&mut out, trail, self.end, "", eol);
        out + self.close
    }
}

/// A comment reaches to the end of its line, so what follows begins on the next.
fn push_lead(out: &mut String, trail: &str, lead: &str, usual: &str, eol: &str) {
    if trail.contains('#') && !lead.contains('\n') {
        out.push_str(eol);
        out.push_str(usual.trim_start_matches(['\r', '\n']));
    } else {
        out.push_str(lead);
    }
}

/// What stands from one part to the next, without the comma: the comment on the same line, the
/// rest, and whether there was a comma.
fn split_gap(text: &str, from: usize, to: usize) -> (String, &str, bool) {
    let comma = skip_trivia(text, from);
    let has_comma = comma < to && text[comma..].starts_with(',');
    let (before, behind) =
        if has_comma { (&text[from..comma], &text[comma + 1..to]) } else { ("", &text[from..to]) };
    let line = behind.find('\n').unwrap_or(0);
    let line = if behind[..line].ends_with('\r') { line - 1 } else { line };
    // A comma on the line below: the comments above it stay with the part.
    (format!("{}{}", before.trim_end(), &behind[..line]), &behind[line..], has_comma)
}
