//! A chart as data: axes with ticks, marks with their words. What draws it and what lists it as a table read the same.
//!
//! Places are shares of the plot, from 0 at the left or the bottom to 1.

/// A chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Part of its ids on the page.
    pub id: &'static str,
    /// What it shows.
    pub title: String,
    /// How to read it.
    pub about: String,
    /// From left to right.
    pub x: Axis,
    /// From the bottom up.
    pub y: Axis,
    /// A vertical line, such as "no difference".
    pub guide: Option<f64>,
    /// A vertical band around it, such as what counts as no difference.
    pub band: Option<(f64, f64)>,
    /// What the series are called.
    pub series: Vec<String>,
    /// What there is to see.
    pub marks: Vec<Mark>,
    /// The head of the table.
    pub columns: Vec<&'static str>,
    /// What is said where there is nothing to see.
    pub none: &'static str,
    /// How many lines of marks stand one above the other; 0 where the plot is as high as any.
    pub lines: usize,
}

/// An axis.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Axis {
    /// What it measures.
    pub label: String,
    /// Places with their words.
    pub ticks: Vec<(f64, String)>,
}

/// Something to see, and to choose.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Its form and place.
    pub shape: Shape,
    /// Which series it belongs to.
    pub series: usize,
    /// It in words, for whoever does not see it.
    pub label: String,
    /// Its line of the table.
    pub row: Vec<String>,
    /// Where choosing it leads.
    pub goal: Goal,
}

/// The form of a mark.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    /// A point.
    Dot {
        /// From the left.
        x: f64,
        /// From the bottom.
        y: f64,
    },
    /// A bar that stands on the axis.
    Bar {
        /// Its left side.
        x: f64,
        /// How wide it is.
        width: f64,
        /// Its height.
        y: f64,
    },
    /// A point with an interval from left to right.
    Across {
        /// The interval's ends, and the point.
        x: [f64; 3],
        /// From the bottom.
        y: f64,
    },
    /// A point with an interval from the bottom up.
    Up {
        /// From the left.
        x: f64,
        /// The interval's ends, and the point.
        y: [f64; 3],
    },
}

impl Shape {
    /// Where it is, for the ring around the mark that has the keyboard.
    pub fn centre(self) -> (f64, f64) {
        match self {
            Shape::Dot { x, y } => (x, y),
            Shape::Bar { x, width, y } => (x + width / 2.0, y),
            Shape::Across { x, y } => (x[2], y),
            Shape::Up { x, y } => (x, y[2]),
        }
    }
}

/// Where choosing a mark leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// Nowhere.
    None,
    /// A pair and a scorer of the comparison.
    Verdict(usize, usize),
    /// A case of the comparison.
    Case(String),
    /// A cell of the run in the matrix.
    Cell(u32),
    /// A run.
    Run(String),
}

/// A range of values that a plot covers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    /// Covers all of these from one round value to another, about so many apart, so that nothing lies beyond the last
    /// tick; what would lie on it has a step of room. One that covers a single value has it in the middle.
    pub fn whole(values: impl IntoIterator<Item = f64>, about: usize) -> Scale {
        let finite = values.into_iter().filter(|value| value.is_finite());
        let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        if low >= high || low.is_infinite() {
            return Scale::over([low, high]);
        }
        let step = round_step((high - low) / about.max(1) as f64);
        // Zero is where many measures begin, and a mark may stand on it.
        let first = if low == 0.0 { 0.0 } else { snapped(low / step).ceil() - 1.0 };
        let last = if high == 0.0 { 0.0 } else { snapped(high / step).floor() + 1.0 };
        Scale { low: first * step, high: last * step }
    }

    /// Covers all of these, with a little room; one that covers a single value has it in the middle.
    pub fn over(values: impl IntoIterator<Item = f64>) -> Scale {
        let finite = values.into_iter().filter(|value| value.is_finite());
        let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        match low < high {
            true => {
                let room = (high - low) * 0.05;
                Scale { low: low - room, high: high + room }
            }
            false if low.is_finite() => Scale { low: low - 0.5, high: low + 0.5 },
            false => Scale { low: 0.0, high: 1.0 },
        }
    }

    /// Where a value is, from 0 to 1; what lies outside stands at the edge.
    pub fn at(self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    /// Round values within it, about so many, with their places.
    pub fn ticks(self, about: usize, words: impl Fn(f64) -> String) -> Vec<(f64, String)> {
        let step = round_step((self.high - self.low) / about.max(1) as f64);
        let first = (self.low / step).ceil() as i64;
        let last = (self.high / step).floor() as i64;
        // A step is at least a tenth of what was asked for, so there are never many.
        (first..=last.min(first + 20 * about.max(1) as i64))
            .map(|n| n as f64 * step)
            .map(|value| (self.at(value), words(if value == 0.0 { 0.0 } else { value })))
            .collect()
    }
}

/// The whole number that a division all but comes to: 0.7 is seven times 0.1.
fn snapped(value: f64) -> f64 {
    let whole = value.round();
    if (value - whole).abs() < 1e-9 { whole } else { value }
}

/// 1, 2 or 5 times a power of ten, not below `step`.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.abs().max(f64::MIN_POSITIVE).log10().floor());
    let times = [1.0, 2.0, 5.0, 10.0].into_iter().find(|times| times * power >= step);
    times.unwrap_or(10.0) * power
}

/// The mark that a key leads to: with left and right, up and down in the order of the list.
pub fn stepped(at: usize, key: &str, marks: usize) -> Option<usize> {
    let last = marks.checked_sub(1)?;
    match key {
        "ArrowRight" | "ArrowDown" => Some((at + 1).min(last)),
        "ArrowLeft" | "ArrowUp" => Some(at.saturating_sub(1)),
        "Home" => Some(0),
        "End" => Some(last),
        "PageDown" => Some((at + 10).min(last)),
        "PageUp" => Some(at.saturating_sub(10)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(low: f64, high: f64) -> Vec<String> {
        let ticks = Scale { low, high }.ticks(5, |value| format!("{value}"));
        ticks.into_iter().map(|(_, words)| words).collect()
    }

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(ticks(0.0, 1.0), ["0", "0.2", "0.4", "0.6000000000000001", "0.8", "1"]);
        assert_eq!(ticks(-30.0, 70.0), ["-20", "0", "20", "40", "60"]);
        assert_eq!(ticks(812.0, 4_031.0), ["1000", "2000", "3000", "4000"]);
    }

    #[test]
    fn a_whole_scale_has_a_tick_above_and_below_what_it_covers() {
        let ends = |values: &[f64]| {
            let Scale { low, high } = Scale::whole(values.iter().copied(), 4);
            ((low * 1e6).round() / 1e6, (high * 1e6).round() / 1e6)
        };
        assert_eq!(ends(&[0.0, 0.0052]), (0.0, 0.006));
        assert_eq!(ends(&[0.35, 0.88]), (0.2, 1.0));
        assert_eq!(ends(&[0.0, 20.0]), (0.0, 25.0), "what lies on a tick is not at the edge");
        assert_eq!(ends(&[0.3, 0.7]), (0.2, 0.8), "though 0.7 / 0.1 is a little less than 7");
        assert_eq!(ends(&[-3.0, 0.0]), (-4.0, 0.0));
        assert_eq!(Scale::whole([3.0], 4).at(3.0), 0.5);
        assert_eq!(Scale::whole([], 4), Scale::over([]));
        assert!(Scale::whole([0.0, 1e300], 4).at(5e299) > 0.0);
    }

    #[test]
    fn a_scale_covers_one_value_and_none() {
        assert_eq!(Scale::over([3.0]).at(3.0), 0.5);
        assert_eq!(Scale::over([]).at(0.5), 0.5);
        assert_eq!(Scale::over([f64::NAN, 1.0, 3.0]).at(2.0), 0.5);
        assert_eq!(Scale { low: 0.0, high: 1.0 }.at(9.0), 1.0);
    }

    #[test]
    fn keys_go_through_the_marks_and_stop_at_the_ends() {
        assert_eq!(stepped(0, "ArrowLeft", 3), Some(0));
        assert_eq!(stepped(1, "ArrowRight", 3), Some(2));
        assert_eq!(stepped(1, "End", 3), Some(2));
        assert_eq!(stepped(1, "Tab", 3), None);
        assert_eq!(stepped(0, "End", 0), None);
    }
}
