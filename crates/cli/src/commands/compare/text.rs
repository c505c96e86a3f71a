//! A comparison for people: what changed, the verdict's own words, then what they rest on; as text or as Markdown.
//!
//! Regressions come first: what a gate refuses, then what is worse, then what broke most cases.

use std::cmp::Reverse;

use assay_wire::{
    ComparedGateView, ComparedGateWord, ComparisonView, PairView, PlanView, RevisionsPlan,
    SliceView, SpentView, VerdictView, VerdictWord,
};

use super::{Beside, Told};
use crate::commands::dollars;
use crate::markdown::escaped;
use crate::output::{counted, one_line, table};

/// Cases named on a line.
const NAMED: usize = 12;

/// Changes of one prompt that are named.
const MOST_CHANGES: usize = 12;

/// For a terminal.
pub(super) fn of(told: &Told<'_>) -> String {
    let Told { view, beside } = told;
    let mut parts: Vec<String> = Vec::new();
    let mut before = None;
    for one in regressions_first(view) {
        if before.replace(&one.prompt) != Some(&one.prompt) {
            let lines = beside.changes_of(&one.prompt);
            let changes = (!lines.is_empty()).then(|| lines.join("\n  "));
            parts.extend(changes.map(|changes| format!("{}\n  {changes}", one_line(&one.prompt))));
        }
        parts.push(pair(one));
    }
    parts.extend(beside.notes.iter().map(|note| one_line(note)));
    let left_out = beside.left_out.iter().chain(&view.left_out);
    parts.extend(left_out.map(|why| format!("left out: {}", one_line(why))));
    parts.join("\n\n")
}

/// What is missing on both sides.
pub(super) fn plan(planned: &RevisionsPlan) -> String {
    let mut lines: Vec<String> = match (&planned.plan, planned.differ) {
        (Some(plan), _) => {
            vec![format!("missing on both sides: {}", crate::commands::plan::text(plan))]
        }
        (None, true) => vec!["nothing is missing: both sides were answered before".to_owned()],
        (None, false) => vec!["nothing to compare".to_owned()],
    };
    lines.extend(planned.notes.iter().map(|note| one_line(note)));
    lines.extend(planned.left_out.iter().map(|why| format!("left out: {}", one_line(why))));
    lines.join("\n")
}

/// What is about to be sent, on a line.
pub(super) fn missing(plan: &PlanView) -> String {
    let PlanView { cells, cached, hosts, .. } = plan;
    let hosts = if hosts.is_empty() { "none".to_owned() } else { hosts.join(", ") };
    let cost = crate::commands::plan::cost_words(plan);
    format!(
        "missing on both sides: {cells} cells, {cached} of them in the cache; hosts: {hosts}; cost: {cost}"
    )
}

/// The pairs of each prompt together, those that lost most first.
fn regressions_first(view: &ComparisonView) -> Vec<&PairView> {
    let worst = |prompt: &str| {
        view.pairs.iter().filter(|pair| pair.prompt == prompt).map(alarm_of_pair).min()
    };
    let mut pairs: Vec<&PairView> = view.pairs.iter().collect();
    pairs
        .sort_by_cached_key(|pair| (worst(&pair.prompt), pair.prompt.clone(), alarm_of_pair(pair)));
    pairs
}

/// The smaller, the sooner somebody should see it.
fn alarm_of_pair(pair: &PairView) -> (u8, u8, Reverse<u32>) {
    let gate = pair.gates.iter().map(|gate| match gate.word {
        ComparedGateWord::Broken => 0,
        ComparedGateWord::NotShown => 1,
        ComparedGateWord::Incomplete => 2,
        ComparedGateWord::Holds => 3,
    });
    let verdict = pair.verdicts.iter().map(alarm).min();
    let (word, broken) = verdict.unwrap_or((u8::MAX, Reverse(0)));
    (gate.min().unwrap_or(3), word, broken)
}

fn alarm(verdict: &VerdictView) -> (u8, Reverse<u32>) {
    let word = match (verdict.word, verdict.leaning) {
        (VerdictWord::Worse, _) => 0,
        (VerdictWord::Incomplete, _) => 1,
        (VerdictWord::Inconclusive, Some(VerdictWord::Worse)) => 2,
        _ => 3,
    };
    (word, Reverse(verdict.broken))
}

/// The verdicts of a pair in the same order; those that are alike as the suite has them.
fn verdicts(pair: &PairView) -> Vec<&VerdictView> {
    let mut verdicts: Vec<&VerdictView> = pair.verdicts.iter().collect();
    verdicts.sort_by_key(|verdict| alarm(verdict));
    verdicts
}

impl Beside {
    /// What differs in a prompt, a line each.
    fn changes_of(&self, prompt: &str) -> Vec<String> {
        let files = self.files.iter().filter(|file| file.file.prompt.as_deref() == Some(prompt));
        let mut lines: Vec<String> =
            files.flat_map(|file| &file.file.items).map(|item| one_line(&item.summary)).collect();
        if lines.len() > MOST_CHANGES {
            let more = lines.len() - MOST_CHANGES;
            lines.truncate(MOST_CHANGES);
            lines.push(format!("and {more} more"));
        }
        lines
    }
}

fn pair(pair: &PairView) -> String {
    let (mut still, mut told): (Vec<&VerdictView>, Vec<&VerdictView>) =
        verdicts(pair).into_iter().partition(|verdict| is_still(verdict));
    if told.is_empty() {
        // What was compared, and on how many cases, is said at least once.
        std::mem::swap(&mut still, &mut told);
    }
    let mut parts: Vec<String> = told.into_iter().map(verdict).collect();
    let mut notes: Vec<String> = pair
        .refused
        .iter()
        .map(|refused| format!("not compared: {}: {}", refused.scorer, refused.reason))
        .collect();
    if !still.is_empty() {
        let names: Vec<&str> = still.iter().map(|verdict| verdict.scorer.as_str()).collect();
        let count = counted(still.len() as u32, "scorer");
        notes.push(format!("{count} without any change: {}", one_line(&names.join(", "))));
    }
    notes.extend(pair.gates.iter().map(gate));
    notes.extend(spent_line(&pair.spent));
    notes.extend(prefix_line(pair));
    let left_out = |what: &str, cases: &[String]| named(what, cases, cases.len());
    notes.extend(left_out("not the same on both sides, left out", &pair.differing));
    notes.extend(left_out("asked on one side only, left out", &pair.unpaired));
    if !notes.is_empty() {
        parts.push(notes.join("\n"));
    }
    parts.join("\n\n")
}

fn verdict(verdict: &VerdictView) -> String {
    let mut text = plain(&verdict.text);
    for line in turned(verdict) {
        text.push_str(&format!("\n{line}"));
    }
    if !verdict.slices.is_empty() {
        let is_told = |slice: &&SliceView| {
            slice.fixed + slice.broken > 0 || slice.base.mean != slice.head.mean
        };
        let told = verdict.slices.iter().filter(is_told);
        let rows: Vec<_> = told.map(|slice| slice_row(verdict, slice)).collect();
        if !rows.is_empty() {
            text.push_str(&format!("\n{}", table(&rows).trim_end()));
        }
        if let Some(still) = verdict.slices.len().checked_sub(rows.len()).filter(|n| *n > 0) {
            text.push_str(&format!("\n  {} without any change", counted(still as u32, "tag")));
        }
    }
    text
}

/// A verdict of which nothing is to be read: nothing turned, and nothing is said of it beside its numbers.
fn is_still(verdict: &VerdictView) -> bool {
    verdict.fixed == 0
        && verdict.broken == 0
        && verdict.errors == (0, 0)
        && verdict.base.mean == verdict.head.mean
        && !matches!(verdict.word, VerdictWord::Worse | VerdictWord::Incomplete)
        && verdict.text.lines().count() <= OWN_LINES
}

/// Lines of a verdict's paragraph that are always there: what is compared, the numbers, and the word.
const OWN_LINES: usize = 3;

/// The paragraph without the marks of Markdown, which are in our own words: the first line holds names of others.
fn plain(text: &str) -> String {
    let line = |(at, line): (usize, &str)| match at {
        1 | 2 => line.replace("**", ""),
        _ => line.to_owned(),
    };
    text.lines().enumerate().map(line).collect::<Vec<_>>().join("\n")
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

/// What the provider's cache no longer has.
fn prefix_line(pair: &PairView) -> Option<String> {
    Some(format!("cacheable beginning: {}", pair.prefix?.words()))
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

/// For a pull request: gates first, then what changed in each prompt with its verdicts quoted, their lists folded.
pub(super) fn markdown(told: &Told<'_>) -> String {
    let Told { view, beside } = told;
    let pairs = regressions_first(view);
    let mut text = format!("### {}\n", headline(view));
    let gates = pairs.iter().flat_map(|pair| pair.gates.iter().map(move |gate| (pair, gate)));
    for (pair, gate) in gates {
        let sign = if gate.word == ComparedGateWord::Holds { "✓" } else { "✗" };
        let (subject, said) = (escaped(&pair.subject), escaped(&self::gate(gate)));
        text.push_str(&format!("\n- {sign} {subject} · {said}"));
    }
    let mut before = None;
    for pair in pairs {
        if before.replace(&pair.prompt) != Some(&pair.prompt) {
            text.push_str(&changed(&pair.prompt, beside));
        }
        text.push_str(&pair_in_markdown(pair));
    }
    text.extend(beside.notes.iter().map(|note| format!("\n\n{}", escaped(note))));
    let left_out = beside.left_out.iter().chain(&view.left_out);
    text.extend(left_out.map(|why| format!("\n\nLeft out: {}", escaped(why))));
    text.push('\n');
    text
}

/// What changed in a prompt, as a list under its name.
fn changed(prompt: &str, beside: &Beside) -> String {
    let lines = beside.changes_of(prompt);
    if lines.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = lines.iter().map(|line| format!("- {}", escaped(line))).collect();
    format!("\n\n**{}**\n\n{}", escaped(prompt), lines.join("\n"))
}

fn pair_in_markdown(pair: &PairView) -> String {
    let mut text: String = verdicts(pair).into_iter().map(quoted).collect();
    for refused in &pair.refused {
        let (scorer, reason) = (escaped(&refused.scorer), escaped(&refused.reason));
        text.push_str(&format!("\n\nNot compared: {scorer}: {reason}"));
    }
    let subject = escaped(&pair.subject);
    let lines = spent_line(&pair.spent).into_iter().chain(prefix_line(pair));
    text.extend(lines.map(|line| format!("\n\n{subject}: {line}")));
    let left_out = [
        ("not the same on both sides, left out", &pair.differing),
        ("asked on one side only, left out", &pair.unpaired),
    ];
    let lines = left_out.into_iter().filter_map(|(what, cases)| named(what, cases, cases.len()));
    text.extend(lines.map(|line| format!("\n\n{subject}: {}", escaped(&line))));
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
    // Names stand on the first line; the next two are our own words and numbers, and after them what is to be said of a
    // judge, by its name.
    let mut lines = verdict.text.lines();
    let mut text = format!("\n\n> {}", escaped(lines.next().unwrap_or_default()));
    text.extend(lines.by_ref().take(2).map(|line| format!("  \n> {line}")));
    text.extend(lines.map(|line| format!("  \n> {}", escaped(line))));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_cut() {
        let cases: Vec<String> = (0..14).map(|n| n.to_string()).collect();
        let line = named("broken", &cases, 214).expect("a line");
        assert!(line.ends_with("10, 11 and 202 more"), "{line}");
        assert_eq!(named("broken", &[], 0), None);
    }
}
