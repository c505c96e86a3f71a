//! A comparison for people: the verdict's own words, then what they rest on; as text or as Markdown.

use assay_wire::{
    ComparedGateView, ComparedGateWord, ComparisonView, PairView, SliceView, SpentView, VerdictView,
};

use crate::commands::dollars;
use crate::output::table;

/// Cases named on a line.
const NAMED: usize = 12;

/// For a terminal.
pub(crate) fn of(view: &ComparisonView) -> String {
    let mut parts: Vec<String> = view.pairs.iter().map(pair).collect();
    parts.extend(view.left_out.iter().map(|why| format!("left out: {why}")));
    parts.join("\n\n")
}

fn pair(pair: &PairView) -> String {
    let mut parts: Vec<String> = pair.verdicts.iter().map(verdict).collect();
    let mut notes: Vec<String> = pair
        .refused
        .iter()
        .map(|refused| format!("not compared: {}: {}", refused.scorer, refused.reason))
        .collect();
    notes.extend(pair.gates.iter().map(gate));
    notes.extend(spent_line(&pair.spent));
    let left_out = |what: &str, cases: &[String]| named(what, cases, cases.len());
    notes.extend(left_out("not the same on both sides, left out", &pair.differing));
    notes.extend(left_out("asked on one side only, left out", &pair.unpaired));
    if !notes.is_empty() {
        parts.push(notes.join("\n"));
    }
    parts.join("\n\n")
}

fn verdict(verdict: &VerdictView) -> String {
    let mut text = verdict.text.clone();
    for line in turned(verdict) {
        text.push_str(&format!("\n{line}"));
    }
    if !verdict.slices.is_empty() {
        let rows: Vec<_> = verdict.slices.iter().map(|slice| slice_row(verdict, slice)).collect();
        text.push_str(&format!("\n{}", table(&rows).trim_end()));
    }
    text
}

/// The broken cases, then the fixed ones, each on a line.
fn turned(verdict: &VerdictView) -> impl Iterator<Item = String> {
    let broken = named("broken", &verdict.broken_cases, verdict.broken as usize);
    broken.into_iter().chain(named("fixed", &verdict.fixed_cases, verdict.fixed as usize))
}

/// `broken: a, b and 3 more`, or nothing; `all` counts those too that are not listed.
fn named(what: &str, cases: &[String], all: usize) -> Option<String> {
    let named: Vec<&str> = cases.iter().take(NAMED).map(String::as_str).collect();
    let more = all - named.len();
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!named.is_empty()).then(|| format!("{what}: {}{rest}", named.join(", ")))
}

fn slice_row(verdict: &VerdictView, slice: &SliceView) -> Vec<String> {
    let value = |value: f64| match verdict.is_rate {
        true => format!("{:.1} %", 100.0 * value),
        false => format!("{value:.3}"),
    };
    vec![
        format!("  {}", slice.tag),
        format!("{} cases", slice.cases),
        format!("{} → {}", value(slice.base.mean), value(slice.head.mean)),
        format!("{} fixed, {} broken", slice.fixed, slice.broken),
    ]
}

fn gate(gate: &ComparedGateView) -> String {
    let word = match gate.word {
        ComparedGateWord::Holds => "holds",
        ComparedGateWord::Broken => "BROKEN",
        ComparedGateWord::NotShown => "NOT SHOWN",
        ComparedGateWord::Incomplete => "INCOMPLETE",
    };
    let tags =
        if gate.tags.is_empty() { String::new() } else { format!(" ({})", gate.tags.join(", ")) };
    format!("gate {}{tags} {word}: {}", gate.subject, gate.reason)
}

/// Everything that is known of money, time and tokens, on one line.
fn spent_line(spent: &[SpentView]) -> Option<String> {
    let parts: Vec<String> = spent.iter().map(spent_part).collect();
    (!parts.is_empty()).then(|| format!("per answer: {}", parts.join(" · ")))
}

fn spent_part(spent: &SpentView) -> String {
    let SpentView { what, base, head, .. } = spent;
    match what.as_str() {
        "cost" => format!("cost {} → {}", dollars(*base), dollars(*head)),
        "latencyMs" => format!("latency {base:.0} → {head:.0} ms"),
        "inputTokens" => format!("tokens in {base:.0} → {head:.0}"),
        _ => format!("tokens out {base:.0} → {head:.0}"),
    }
}

/// For a pull request: broken gates first, each verdict quoted, its lists folded.
pub(crate) fn markdown(view: &ComparisonView) -> String {
    let mut text = format!("### {}\n", headline(view));
    for pair in &view.pairs {
        for gate in &pair.gates {
            let sign = if gate.word == ComparedGateWord::Holds { "✓" } else { "✗" };
            text.push_str(&format!(
                "\n- {sign} {} · {}",
                escaped(&pair.subject),
                escaped(&self::gate(gate))
            ));
        }
    }
    for pair in &view.pairs {
        for verdict in &pair.verdicts {
            text.push_str(&quoted(verdict));
        }
        for refused in &pair.refused {
            text.push_str(&format!(
                "\n\nNot compared: {}: {}",
                escaped(&refused.scorer),
                escaped(&refused.reason)
            ));
        }
        if let Some(line) = spent_line(&pair.spent) {
            text.push_str(&format!("\n\n{}: {line}", escaped(&pair.subject)));
        }
    }
    for why in &view.left_out {
        text.push_str(&format!("\n\nLeft out: {}", escaped(why)));
    }
    text.push('\n');
    text
}

fn headline(view: &ComparisonView) -> &'static str {
    match (view.broken, view.incomplete) {
        (true, _) => "Prompts: a gate does not hold",
        (false, true) => "Prompts: incomplete",
        (false, false) => "Prompts: compared",
    }
}

fn quoted(verdict: &VerdictView) -> String {
    // Names stand on the first line only; the others are our own words and numbers.
    let (names, words) = verdict.text.split_once('\n').unwrap_or((&verdict.text, ""));
    let mut text = format!("\n\n> {}", escaped(names));
    text.extend(words.lines().map(|line| format!("  \n> {line}")));
    let lists: Vec<String> = turned(verdict).map(|line| format!("- {}", escaped(&line))).collect();
    if !lists.is_empty() {
        text.push_str(&format!(
            "\n\n<details><summary>{} broken, {} fixed</summary>\n\n{}\n\n</details>",
            verdict.broken,
            verdict.fixed,
            lists.join("\n")
        ));
    }
    if !verdict.slices.is_empty() {
        text.push_str("\n\n| tag | cases | base → head | fixed | broken |\n|---|---|---|---|---|");
        for slice in &verdict.slices {
            let row = slice_row(verdict, slice);
            text.push_str(&format!(
                "\n| {} | {} | {} | {} | {} |",
                escaped(&slice.tag),
                slice.cases,
                row[2],
                slice.fixed,
                slice.broken
            ));
        }
    }
    text
}

/// Names come from the repository: a prompt or a case must not become a link, a picture or a mention.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            // A mention would call somebody; a word joiner keeps it text.
            '@' | '#' => safe.extend([c, '\u{2060}']),
            '\\' | '`' | '*' | '_' | '[' | ']' | '!' | '|' | '~' => safe.extend(['\\', c]),
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_from_a_repository_cannot_become_markup() {
        assert_eq!(
            escaped("![x](http://a) @ada <b> a|b"),
            "\\!\\[x\\](http://a) @\u{2060}ada &lt;b&gt; a\\|b"
        );
    }

    #[test]
    fn long_lists_are_cut() {
        let cases: Vec<String> = (0..14).map(|n| n.to_string()).collect();
        let line = named("broken", &cases, 214).expect("a line");
        assert!(line.ends_with("10, 11 and 202 more"), "{line}");
        assert_eq!(named("broken", &[], 0), None);
    }
}
