//! What is compared unless something else is chosen, and two outputs side by side.

use assay_text::{Change, DiffLine};
use assay_wire::{
    CaseTurn, CellView, ColumnView, ComparedCaseLine, ComparisonView, RunSummary, SideRef,
    SpentView, VerdictView, VerdictWord,
};

use crate::components::Tone;

/// Characters of an output beyond which it is shown without marks: nobody reads those, and everybody would wait.
pub const MOST_MARKED: usize = 200_000;

/// How two texts are held against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Word by word.
    Words,
    /// Line by line.
    Lines,
}

/// Why a comparison is not the last word; nothing where it is.
pub fn missing_words(view: &ComparisonView) -> Option<&'static str> {
    let going = "A side is still being answered: this is about what is there so far.";
    let incomplete = "Too much is missing for a verdict: answers failed or were not judged.";
    match (view.going, view.incomplete) {
        (true, _) => Some(going),
        (false, true) => Some(incomplete),
        (false, false) => None,
    }
}

/// A piece of one of two texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The text.
    pub text: String,
    /// Which change it belongs to, from 0; none where both sides are the same.
    pub change: Option<usize>,
}

/// Two texts, each in its pieces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SideBySide {
    /// The base's.
    pub base: Vec<Part>,
    /// The head's.
    pub head: Vec<Part>,
    /// How many places differ.
    pub changes: usize,
    /// Whether they are too long to say where they differ.
    pub is_too_long: bool,
}

/// Two texts held against each other.
pub fn side_by_side(base: &str, head: &str, by: By) -> SideBySide {
    let mut both = SideBySide::default();
    if base.len().max(head.len()) > MOST_MARKED {
        both.is_too_long = base != head;
        both.base.push(part(base, None));
        both.head.push(part(head, None));
        return both;
    }
    let mut within = false;
    for (text, change) in pieces(base, head, by) {
        let is_new = change != Change::Equal && !within;
        both.changes += usize::from(is_new);
        within = change != Change::Equal;
        let place = within.then(|| both.changes - 1);
        if change != Change::Added {
            both.base.push(part(&text, place));
        }
        if change != Change::Removed {
            both.head.push(part(&text, place));
        }
    }
    both
}

/// Two outputs, each in its pieces. A side without an answer is held against nothing: why it has none is no output.
pub fn outputs_beside(base: &CellView, head: &CellView, by: By) -> SideBySide {
    match (&base.output, &head.output) {
        (Some(base), Some(head)) => side_by_side(base, head, by),
        _ => SideBySide {
            base: vec![part(text_of(base), None)],
            head: vec![part(text_of(head), None)],
            ..SideBySide::default()
        },
    }
}

fn part(text: &str, change: Option<usize>) -> Part {
    Part { text: text.to_owned(), change }
}

fn pieces(base: &str, head: &str, by: By) -> Vec<(String, Change)> {
    match by {
        By::Words => {
            assay_text::words(base, head).into_iter().map(|p| (p.text, p.change)).collect()
        }
        By::Lines => {
            let line = |line: DiffLine| {
                let text = line.text();
                let end = if text.ends_with('\n') { "" } else { "\n" };
                (format!("{text}{end}"), line.change)
            };
            assay_text::lines(base, head, None).into_iter().flatten().map(line).collect()
        }
    }
}

/// Where a step leads from a change; none when it leads out of the case.
pub fn stepped(at: Option<usize>, by: i32, changes: usize) -> Option<usize> {
    let next = match at {
        None if by > 0 => 0,
        None => changes as i64 - 1,
        Some(at) => at as i64 + i64::from(by),
    };
    usize::try_from(next).ok().filter(|next| *next < changes)
}

/// What of a run is compared unless something else is chosen: its first variant with the last one, on the first model;
/// of a single variant, its first model with the last one.
pub fn usual_sides(run: &str, columns: &[ColumnView]) -> Option<(SideRef, SideRef)> {
    let first = columns.first()?;
    let others = || columns.iter().filter(|c| c.prompt == first.prompt);
    let side = |column: &ColumnView| SideRef {
        variant: Some(column.variant.clone()),
        model: Some(column.model.clone()),
        ..SideRef::run(run)
    };
    let other = others()
        .rfind(|c| c.variant != first.variant && c.model == first.model)
        .or_else(|| others().rfind(|c| c.model != first.model && c.variant == first.variant))?;
    Some((side(first), side(other)))
}

/// A column of a side as the value of a choice; models hold slashes, variants do not.
pub fn column_value(side: &SideRef) -> String {
    let or_any = |part: &Option<String>| part.clone().unwrap_or_default();
    format!("{}@{}", or_any(&side.variant), or_any(&side.model))
}

/// The side that a choice means.
pub fn side_of_value(run: &str, value: &str) -> SideRef {
    let (variant, model) = value.split_once('@').unwrap_or((value, ""));
    let named = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    SideRef { variant: named(variant), model: named(model), ..SideRef::run(run) }
}

/// The choices of columns in a run, with their words: each by itself, and all of them.
pub fn column_choices(run: &str, columns: &[ColumnView]) -> Vec<(String, String)> {
    let one_model = columns.iter().all(|c| c.model == columns[0].model);
    let mut choices = vec![("@".to_owned(), "every column".to_owned())];
    for column in columns {
        let side = SideRef {
            variant: Some(column.variant.clone()),
            model: Some(column.model.clone()),
            ..SideRef::run(run)
        };
        let words = match one_model {
            true => column.variant.clone(),
            false => format!("{} on {}", column.variant, column.model),
        };
        let choice = (column_value(&side), words);
        // Prompts of one run may have variants of the same name.
        if !choices.contains(&choice) {
            choices.push(choice);
        }
    }
    choices
}

/// A run in a list of choices.
pub fn run_words(run: &RunSummary) -> String {
    let tail: String =
        run.run.chars().rev().take(6).collect::<Vec<_>>().into_iter().rev().collect();
    format!("{} · …{tail}", run.title)
}

/// What a pair is called where several are to choose from.
pub fn pair_words(view: &ComparisonView, at: usize) -> String {
    view.pairs.get(at).map_or_else(String::new, |pair| {
        format!("{} · {} against {}", pair.subject, pair.head_name, pair.base_name)
    })
}

/// What a word means.
pub fn tone(verdict: &VerdictView) -> Tone {
    match (verdict.word, verdict.leaning) {
        (VerdictWord::Better, _) => Tone::Ok,
        (VerdictWord::Worse, _) => Tone::Danger,
        (VerdictWord::Equivalent, _) => Tone::Info,
        (VerdictWord::Inconclusive | VerdictWord::Incomplete, _) => Tone::Warn,
    }
}

/// The lines of a verdict without marks: what is compared, the numbers, then word and advice.
pub fn verdict_lines(verdict: &VerdictView) -> Vec<String> {
    verdict.text.lines().map(|line| line.replace("**", "")).collect()
}

/// What an answer costs on both sides: name, base and head, and the change with its interval.
pub fn spent_row(spent: &SpentView) -> [String; 3] {
    let SpentView { what, base, head, change } = spent;
    let signed = |value: f64, digits: usize| format!("{value:+.digits$}").replace('-', "−");
    let row = |name: &str, digits: usize, unit: &str| {
        let interval = format!("[{}, {}]", signed(change.low, digits), signed(change.high, digits));
        [
            name.to_owned(),
            format!("{base:.digits$} → {head:.digits$}{unit}"),
            format!("{} {interval}", signed(change.mean, digits)),
        ]
    };
    match what.as_str() {
        "cost" => row("Cost", 5, " US$"),
        "latencyMs" => row("Latency", 0, " ms"),
        "inputTokens" => row("Tokens read", 0, ""),
        _ => row("Tokens written", 0, ""),
    }
}

/// What became of a case, in a word.
pub fn turn_word(turn: CaseTurn) -> &'static str {
    match turn {
        CaseTurn::Broken => "broken",
        CaseTurn::Fixed => "fixed",
        CaseTurn::Unchanged => "unchanged",
        CaseTurn::Unjudged => "not judged",
    }
}

/// Its tone.
pub fn turn_tone(turn: CaseTurn) -> Tone {
    match turn {
        CaseTurn::Broken => Tone::Danger,
        CaseTurn::Fixed => Tone::Ok,
        CaseTurn::Unchanged => Tone::Plain,
        CaseTurn::Unjudged => Tone::Warn,
    }
}

/// A value of a verdict: per cent for passes, else a number.
pub fn value_words(verdict: &VerdictView, value: f64) -> String {
    match verdict.is_rate {
        true => format!("{:.1} %", 100.0 * value),
        false => format!("{value:.3}"),
    }
}

/// `0.20 → 0.70` of a case, where both sides were judged.
pub fn case_values(verdict: &VerdictView, case: &ComparedCaseLine) -> Option<String> {
    let (base, head) = case.base.zip(case.head)?;
    let word = |value: f64| match verdict.is_rate {
        true if value == 1.0 => "pass".to_owned(),
        true if value == 0.0 => "fail".to_owned(),
        true => format!("{:.0} %", 100.0 * value),
        false => format!("{value:.2}"),
    };
    Some(format!("{} → {}", word(base), word(head)))
}

/// The text of a cell: its output, or why it has none.
pub fn text_of(cell: &CellView) -> &str {
    cell.output.as_deref().or(cell.error.as_deref()).unwrap_or_default()
}

/// What a cell cost and how long it took, on one line.
pub fn facts_of(cell: &CellView) -> String {
    let latency = cell.line.latency_ms.map(|ms| format!("{ms} ms"));
    let cost = cell.cost.filter(|cost| *cost > 0.0).map(|cost| format!("${cost:.5}"));
    let tokens = cell.output_tokens.map(|tokens| format!("{tokens} tokens"));
    let cached = cell.line.cached.then(|| "cached".to_owned());
    [latency, cost, tokens, cached].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(parts: &[Part]) -> String {
        let part = |part: &Part| match part.change {
            Some(change) => format!("[{change}:{}]", part.text),
            None => part.text.clone(),
        };
        parts.iter().map(part).collect()
    }

    #[test]
    fn words_of_two_texts_stand_side_by_side_with_their_changes_numbered() {
        let both = side_by_side("a quick brown fox", "a slow brown dog", By::Words);
        assert_eq!(shown(&both.base), "a [0:quick] brown [1:fox]");
        assert_eq!(shown(&both.head), "a [0:slow] brown [1:dog]");
        assert_eq!(both.changes, 2);
    }

    #[test]
    fn lines_of_two_texts_stand_side_by_side() {
        let both = side_by_side("one\ntwo\nthree", "one\n2\nthree", By::Lines);
        assert_eq!(shown(&both.base), "one\n[0:two\n]three\n");
        assert_eq!(shown(&both.head), "one\n[0:2\n]three\n");
    }

    #[test]
    fn a_huge_output_is_shown_without_marks() {
        let long = "x ".repeat(MOST_MARKED);
        let both = side_by_side(&long, "y", By::Words);
        assert_eq!((both.changes, both.head.len()), (0, 1));
        assert!(both.is_too_long, "nobody takes it for the same words");
        assert!(!side_by_side(&long, &long, By::Words).is_too_long);
    }

    #[test]
    fn a_comparison_that_is_not_the_last_word_says_why() {
        let view = |going, incomplete| ComparisonView {
            base: SideRef::run("r"),
            head: SideRef::run("r"),
            going,
            pairs: Vec::new(),
            left_out: Vec::new(),
            ok: true,
            broken: false,
            incomplete,
        };
        assert_eq!(missing_words(&view(false, false)), None);
        assert!(missing_words(&view(false, true)).is_some_and(|words| words.contains("failed")));
        let both = missing_words(&view(true, true));
        assert!(both.is_some_and(|words| words.contains("so far")), "what is missing may come");
    }

    #[test]
    fn steps_go_through_the_changes_and_then_out_of_the_case() {
        assert_eq!(stepped(None, 1, 2), Some(0));
        assert_eq!(stepped(Some(0), 1, 2), Some(1));
        assert_eq!(stepped(Some(1), 1, 2), None);
        assert_eq!(stepped(None, -1, 2), Some(1));
        assert_eq!(stepped(Some(0), -1, 2), None);
        assert_eq!(stepped(None, 1, 0), None);
    }

    fn column(variant: &str, model: &str) -> ColumnView {
        ColumnView {
            prompt: "p".into(),
            variant: variant.into(),
            model: model.into(),
            content_id: String::new(),
        }
    }

    #[test]
    fn the_baseline_is_compared_with_the_last_variant_on_its_model() {
        let columns = [column("a", "m"), column("a", "n"), column("b", "m"), column("c", "m")];
        let (base, head) = usual_sides("r", &columns).expect("two sides");
        assert_eq!(
            (column_value(&base), column_value(&head)),
            ("a@m".to_owned(), "c@m".to_owned())
        );
        let (_, head) = usual_sides("r", &columns[..2]).expect("two models");
        assert_eq!(column_value(&head), "a@n");
        assert_eq!(usual_sides("r", &columns[..1]), None);
    }

    #[test]
    fn what_an_answer_costs_stands_beside_its_quality() {
        let change = assay_wire::MeanView { mean: -22.4, low: -40.0, high: -4.0, n: 9 };
        let spent = SpentView { what: "latencyMs".into(), base: 812.0, head: 789.6, change };
        assert_eq!(spent_row(&spent), ["Latency", "812 → 790 ms", "−22 [−40, −4]"]);
    }

    #[test]
    fn a_choice_of_a_column_comes_back_as_the_side_it_was() {
        let side = side_of_value("r", "a@server/m");
        assert_eq!(column_value(&side), "a@server/m");
        assert_eq!(side_of_value("r", "@"), SideRef::run("r"));
        let columns = [column("a", "m"), column("b", "m")];
        let words: Vec<_> = column_choices("r", &columns).into_iter().map(|c| c.1).collect();
        assert_eq!(words, ["every column", "a", "b"]);
    }
}
