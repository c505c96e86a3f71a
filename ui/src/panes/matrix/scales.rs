//! What the head of a column says of a scorer: its mean on its own scale, and the number that stands for the column.
//!
//! Pure. A BLEU of 34 and an accuracy of 0.34 are drawn at the same place, a word error rate says that lower is better, and
//! the F1 of a column stands beside the mean of its cells, which is no F1.

use assay_prompt::{Scale, ScorerSpec, column_numbers};
use assay_wire::{ColumnNumberView, MeanView};

/// A line of the head.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadLine {
    /// The scorer's place among the run's.
    pub place: usize,
    /// Its id.
    pub scorer: String,
    /// The number about the whole column; the mean of the cells when `None`.
    pub number: Option<&'static str>,
    /// What the line's values are like.
    pub scale: Scale,
}

impl HeadLine {
    /// What stands at the left: the scorer, or its number, and which way it is better where that is not up.
    pub fn name(&self) -> String {
        let name = match self.number {
            None => self.scorer.clone(),
            Some(number) => format!("{} {number}", self.scorer),
        };
        if self.scale.lower_is_better { format!("{name} ↓") } else { name }
    }

    /// The same in full.
    pub fn hint(&self) -> String {
        let what = match self.number {
            None => format!("{}: mean of the cells", self.scorer),
            Some(number) => format!("{}: {number} of the whole column", self.scorer),
        };
        let end = self.scale.high.map_or("no end".to_owned(), |high| high.to_string());
        let better = if self.scale.lower_is_better { "lower" } else { "higher" };
        format!("{what}, from {} to {end}, {better} is better", self.scale.low)
    }
}

/// The lines of a head: a mean for each scorer, and under it the number that says more where there is one.
pub fn head_lines<'k>(scorers: &[String], kind: impl Fn(&str) -> &'k str) -> Vec<HeadLine> {
    let lines = scorers.iter().enumerate().flat_map(|(place, scorer)| {
        let kind = kind(scorer);
        let mean = HeadLine {
            place,
            scorer: scorer.clone(),
            number: None,
            scale: assay_prompt::scorer_scale(kind),
        };
        let number = told(kind).map(|number| HeadLine {
            number: Some(number),
            scale: assay_prompt::number_scale(kind, number),
            ..mean.clone()
        });
        std::iter::once(mean).chain(number)
    });
    lines.collect()
}

/// The number of a column that says what the mean of its cells does not. The mean of a label's cells is its accuracy.
fn told(kind: &str) -> Option<&'static str> {
    let numbers = column_numbers(&ScorerSpec::new("", kind))?;
    let f1 = numbers.iter().find(|number| **number == "macro-f1");
    f1.or(numbers.first()).copied()
}

/// A value as its scale has it: `0.83`, `34.2`.
pub fn words(scale: Scale, value: f64) -> String {
    let coarse = scale.high.map_or(value.abs() >= 10.0, |high| high > 10.0);
    if coarse { format!("{value:.1}") } else { format!("{value:.2}") }
}

/// A mean as numbers: `0.83` and `0.61–0.94`.
pub fn mean_words(scale: Scale, mean: &MeanView) -> (String, String) {
    let interval = format!("{}–{}", words(scale, mean.low), words(scale, mean.high));
    (words(scale, mean.mean), interval)
}

/// Where a line ends on which means are drawn: at the scale's end, or where it has none, at the greatest of them all.
pub fn end(scale: Scale, means: impl Iterator<Item = MeanView>) -> f64 {
    let greatest = means.map(|mean| mean.high).filter(|high| high.is_finite());
    scale.high.unwrap_or_else(|| greatest.fold(scale.low + 1.0, f64::max))
}

/// A mean's interval on the line from the scale's least value to `end`: left edge, width and the mean, in percent.
pub fn bar(scale: Scale, end: f64, mean: &MeanView) -> (f64, f64, f64) {
    let percent = |value: f64| ((value - scale.low) / (end - scale.low)).clamp(0.0, 1.0) * 100.0;
    let (low, high) = (percent(mean.low), percent(mean.high));
    (low, (high - low).max(1.0), percent(mean.mean))
}

/// A number about a column, and all that its scorer says of it; none of a column in which nothing was counted.
pub fn number_words(line: &HeadLine, numbers: &[ColumnNumberView]) -> Option<(String, String)> {
    let own = || numbers.iter().filter(|number| number.scorer == line.scorer);
    let is_shown = |number: &&ColumnNumberView| Some(number.name.as_str()) == line.number;
    let shown = own().find(is_shown).filter(|number| number.n > 0)?;
    let value =
        |value: Option<f64>| value.map_or("undefined".to_owned(), |value| words(line.scale, value));
    let all: Vec<String> = own().map(|n| format!("{} {}", n.name, value(n.value))).collect();
    let mut hint = format!("{}\n{} outputs", all.join("\n"), shown.n);
    if shown.unjudged > 0 {
        hint.push_str(&format!(", {} could not be counted", shown.unjudged));
    }
    Some((value(shown.value), hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(kind: &'static str, at: usize) -> HeadLine {
        head_lines(&["s".to_owned()], |_| kind).remove(at)
    }

    fn mean(mean: f64, low: f64, high: f64) -> MeanView {
        MeanView { mean, low, high, n: 3 }
    }

    #[test]
    fn a_column_says_the_number_that_its_mean_is_not() {
        let lines = |kind: &'static str| -> Vec<Option<&'static str>> {
            head_lines(&["s".to_owned()], |_| kind).iter().map(|line| line.number).collect()
        };
        assert_eq!(lines("label"), [None, Some("macro-f1")]);
        assert_eq!(lines("bleu"), [None, Some("corpus")]);
        assert_eq!(lines("equals"), [None]);
        assert_eq!(lines(""), [None], "a scorer that nobody knows has a mean all the same");
    }

    #[test]
    fn a_mean_is_drawn_on_its_own_scale() {
        let near = |(left, width, at): (f64, f64, f64), wanted: (f64, f64, f64)| {
            let far = [left - wanted.0, width - wanted.1, at - wanted.2];
            assert!(far.iter().all(|by| by.abs() < 1e-9), "{left} {width} {at}");
        };
        let share = line("equals", 0).scale;
        near(bar(share, end(share, [].into_iter()), &mean(1.0, 0.7, 1.2)), (70.0, 30.0, 100.0));
        let bleu = line("bleu", 0).scale;
        near(bar(bleu, end(bleu, [].into_iter()), &mean(0.5, 0.0, 50.0)), (0.0, 50.0, 0.5));
        let signed = line("similar", 0).scale;
        near(bar(signed, end(signed, [].into_iter()), &mean(0.0, -1.0, 0.0)), (0.0, 50.0, 50.0));
        let edits = line("levenshtein", 0).scale;
        let all = [mean(4.0, 2.0, 6.0), mean(8.0, 6.0, 10.0)];
        let end = end(edits, all.into_iter());
        near(bar(edits, end, &mean(4.0, 2.0, 6.0)), (20.0, 40.0, 40.0));
    }

    #[test]
    fn numbers_have_the_places_that_their_scale_needs() {
        assert_eq!(words(line("equals", 0).scale, 0.834), "0.83");
        assert_eq!(words(line("bleu", 0).scale, 4.26), "4.3");
        assert_eq!(words(line("wer", 0).scale, 0.126), "0.13");
        assert_eq!(words(line("levenshtein", 0).scale, 120.0), "120.0");
        let share = line("equals", 0).scale;
        let (number, interval) = mean_words(share, &mean(1.0, 0.7, 1.2));
        assert_eq!((number.as_str(), interval.as_str()), ("1.00", "0.70–1.20"));
    }

    #[test]
    fn the_way_that_is_better_is_said_where_it_is_not_up() {
        assert_eq!(line("wer", 0).name(), "s ↓");
        assert_eq!(line("wer", 1).name(), "s corpus ↓");
        assert!(line("wer", 0).hint().ends_with("from 0 to no end, lower is better"));
        assert_eq!(line("bleu", 1).name(), "s corpus");
    }

    #[test]
    fn a_number_tells_the_others_of_its_scorer_on_demand() {
        let number = |scorer: &str, name: &str, value| ColumnNumberView {
            scorer: scorer.to_owned(),
            name: name.to_owned(),
            value,
            n: 60,
            unjudged: 2,
            signature: String::new(),
            confusion: None,
        };
        let numbers = [
            number("s", "accuracy", Some(0.82)),
            number("s", "macro-f1", Some(0.7951)),
            number("s", "auc", None),
            number("t", "corpus", Some(34.0)),
        ];
        let (value, hint) = number_words(&line("label", 1), &numbers).expect("it is there");
        assert_eq!(value, "0.80");
        assert_eq!(
            hint,
            "accuracy 0.82\nmacro-f1 0.80\nauc undefined\n60 outputs, 2 could not be counted"
        );
        assert_eq!(number_words(&line("bleu", 1), &numbers), None, "none of its own is there yet");
        let of_nothing = ColumnNumberView { n: 0, ..number("s", "macro-f1", None) };
        assert_eq!(number_words(&line("label", 1), &[of_nothing]), None);
    }
}
