//! The queues: outputs one by one, and two by two, without the names of what gave them.
//!
//! The order is random, so that it tells nothing of columns, and comes from the run and the rater, so that it is the
//! same when a rater returns; each rater has an order of their own. A queue holds each different output once.

use std::collections::{HashMap, HashSet};

use assay_prompt::Row;
use assay_store::{Choice, OtherOutput, RatedOutput, RatingRecord, Said};
use assay_wire::*;

use super::RatedRun;
use super::outputs::RunOutput;
use crate::app::App;
use crate::error::Explain;
use crate::router::Answer;

/// Pairs that a queue holds at most; more than anybody chooses from.
const MAX_PAIRS: usize = 50_000;

impl Answer<NextOutput> for App {
    fn answer(&self, command: NextOutput) -> Result<OutputTurn, ApiError> {
        let rated = self.rated_run(&command.run)?;
        let queue = rated.output_queue();
        let open: Vec<bool> = queue.iter().map(|turn| !rated.own(turn).is_review()).collect();
        let place = seek(command.seek, &open);
        let output = place.and_then(|place| Some((place, *queue.get(place)?)));
        Ok(OutputTurn {
            total: queue.len() as u32,
            rated: open.iter().filter(|open| !**open).count() as u32,
            output: match output {
                Some((place, output)) => Some(self.blind_output(&rated, place, output)?),
                None => None,
            },
        })
    }
}

impl Answer<NextPair> for App {
    fn answer(&self, command: NextPair) -> Result<PairTurn, ApiError> {
        let rated = self.rated_run(&command.run)?;
        let (queue, chosen) = (rated.pair_queue(), rated.own_choices());
        let of_pair = |pair: &Pair<'_>| chosen.get(&rated.pair_name(pair)).copied();
        let open: Vec<bool> = queue.iter().map(|pair| of_pair(pair).is_none()).collect();
        let place = seek(command.seek, &open);
        let pair = place.and_then(|place| Some((place, queue.get(place)?)));
        Ok(PairTurn {
            total: queue.len() as u32,
            rated: open.iter().filter(|open| !**open).count() as u32,
            pair: match pair {
                Some((place, pair)) => Some(self.blind_pair(&rated, place, pair, of_pair(pair))?),
                None => None,
            },
        })
    }
}

/// Two outputs for one case, the left one first.
struct Pair<'a> {
    left: &'a RunOutput,
    right: &'a RunOutput,
}

/// A pair whichever side is which, and what a choice of the first one is called there.
type PairName = (RatedOutput, OtherOutput);

impl App {
    fn blind_output(
        &self,
        rated: &RatedRun,
        place: usize,
        output: &RunOutput,
    ) -> Result<BlindOutput, ApiError> {
        Ok(BlindOutput {
            place: place as u32,
            cell: output.cell,
            asked: rated.blind_case(output),
            output: self.output_text(rated, output)?,
            said: rated.own(output),
        })
    }

    fn blind_pair(
        &self,
        rated: &RatedRun,
        place: usize,
        pair: &Pair<'_>,
        chosen: Option<Choice>,
    ) -> Result<BlindPair, ApiError> {
        let is_turned =
            rated.rating_of(pair, None).rated != rated.outputs.subject(&rated.planned, pair.left);
        let on_sides = chosen.map(|choice| if is_turned { choice.turned() } else { choice });
        Ok(BlindPair {
            place: place as u32,
            asked: rated.blind_case(pair.left),
            left_cell: pair.left.cell,
            left: self.output_text(rated, pair.left)?,
            right_cell: pair.right.cell,
            right: self.output_text(rated, pair.right)?,
            said: on_sides.map(|choice| match choice {
                Choice::First => Side::Left,
                Choice::Second => Side::Right,
                Choice::Tie => Side::Neither,
            }),
        })
    }

    fn output_text(&self, rated: &RatedRun, output: &RunOutput) -> Result<String, ApiError> {
        let run = &rated.planned.detail().record.id;
        let cell = self.inner.store.cell(run, output.cell).map_err(|e| e.explain())?;
        Ok(cell.and_then(|cell| cell.output).unwrap_or_default())
    }
}

impl RatedRun {
    /// What a choice between two outputs is kept as.
    ///
    /// # Errors
    /// When they are for different cases, or one and the same.
    pub(super) fn preference(
        &self,
        left: &RunOutput,
        right: &RunOutput,
        side: Option<Side>,
    ) -> Result<Said, ApiError> {
        let of = |output| self.outputs.subject(&self.planned, output);
        let (first, second) = (of(left), of(right));
        if (&first.prompt, &first.case) != (&second.prompt, &second.case) {
            return Err(ApiError::new(
                Code::BadInput,
                format!("cells {} and {} are of different cases", left.cell, right.cell),
            ));
        }
        if first == second {
            return Err(ApiError::new(
                Code::BadInput,
                format!("cells {} and {} hold the same output", left.cell, right.cell),
            ));
        }
        let choice = side.map(|side| match side {
            Side::Left => Choice::First,
            Side::Right => Choice::Second,
            Side::Neither => Choice::Tie,
        });
        let other = OtherOutput { content_id: second.content_id, output: second.output };
        Ok(Said::Preference(other, choice))
    }

    /// The different outputs in the rater's order.
    fn output_queue(&self) -> Vec<&RunOutput> {
        let mut queue: Vec<(String, &RunOutput)> = self
            .outputs
            .different(&self.planned)
            .map(|(output, subject)| {
                (self.lot(&[&subject.content_id, &subject.case, &subject.output]), output)
            })
            .collect();
        queue.sort_by(|a, b| a.0.cmp(&b.0));
        queue.into_iter().map(|(_, output)| output).collect()
    }

    /// The different pairs of outputs of one row, in the rater's order, each with its sides drawn.
    fn pair_queue(&self) -> Vec<Pair<'_>> {
        let mut rows: HashMap<u32, Vec<&RunOutput>> = HashMap::new();
        for output in self.outputs.all() {
            rows.entry(output.row).or_default().push(output);
        }
        let mut rows: Vec<_> = rows.into_iter().collect();
        rows.sort_by_key(|(row, _)| *row);
        let mut seen = HashSet::new();
        let pairs = rows.iter().flat_map(|(_, outputs)| two_of(outputs));
        let mut queue: Vec<(String, Pair<'_>)> = pairs
            .filter(|(a, b)| a.hash != b.hash)
            .filter_map(|(left, right)| {
                let name = self.pair_name(&Pair { left, right });
                seen.insert(name.clone()).then(|| self.drawn(&name, left, right))
            })
            .take(MAX_PAIRS)
            .collect();
        queue.sort_by(|a, b| a.0.cmp(&b.0));
        queue.into_iter().map(|(_, pair)| pair).collect()
    }

    /// A pair with its sides drawn, and its place in the order.
    fn drawn<'a>(
        &self,
        (first, second): &PairName,
        left: &'a RunOutput,
        right: &'a RunOutput,
    ) -> (String, Pair<'a>) {
        let named =
            [&first.content_id, &first.case, &first.output, &second.content_id, &second.output];
        let lot = self.lot(&named);
        // Sides are drawn with respect to the pair's name, not to the columns' order; the last digit is a fair coin.
        let named_left = self.outputs.subject(&self.planned, left) == *first;
        let heads = lot.bytes().last().is_some_and(|digit| digit % 2 == 0);
        let pair = match named_left == heads {
            true => Pair { left, right },
            false => Pair { left: right, right: left },
        };
        (lot, pair)
    }

    /// What decides the order: random, and the same for this run and rater each time.
    fn lot(&self, named: &[&String]) -> String {
        let mut text = format!("{}\n{}", self.run, self.voices.rater());
        for name in named {
            text.push('\n');
            text.push_str(name);
        }
        assay_repo::digest(text.as_bytes())
    }

    fn rating_of(&self, pair: &Pair<'_>, choice: Option<Choice>) -> RatingRecord {
        let second = self.outputs.subject(&self.planned, pair.right);
        let other = OtherOutput { content_id: second.content_id, output: second.output };
        RatingRecord {
            rated: self.outputs.subject(&self.planned, pair.left),
            rater: String::new(),
            said: Said::Preference(other, choice),
            at_ms: 0,
        }
        .ordered()
    }

    fn pair_name(&self, pair: &Pair<'_>) -> PairName {
        let rating = self.rating_of(pair, None);
        let other = rating.said.other().cloned();
        let none = || OtherOutput { content_id: String::new(), output: String::new() };
        (rating.rated, other.unwrap_or_else(none))
    }

    /// What the present rater chose, by pair.
    fn own_choices(&self) -> HashMap<PairName, Choice> {
        let own = self.voices.pairs().iter().filter(|voice| self.voices.is_own(voice));
        own.filter_map(|voice| match &voice.rating.said {
            Said::Preference(other, Some(choice)) => {
                Some(((voice.rating.rated.clone(), other.clone()), *choice))
            }
            _ => None,
        })
        .collect()
    }

    fn blind_case(&self, output: &RunOutput) -> BlindCase {
        let detail = self.planned.detail();
        let row = detail.rows.get(output.row as usize);
        let case = self.planned.case(output.row).unwrap_or_default();
        BlindCase {
            prompt: row.map_or_else(String::new, |row| row.prompt.clone()),
            case: row.map_or_else(String::new, |row| row.case_id.clone()),
            inputs: inputs(&case),
            expected: case.expected.as_ref().map(plain),
        }
    }
}

/// All pairs of a few outputs.
fn two_of<'s, 'a>(
    outputs: &'s [&'a RunOutput],
) -> impl Iterator<Item = (&'a RunOutput, &'a RunOutput)> + use<'s, 'a> {
    outputs
        .iter()
        .enumerate()
        .flat_map(move |(place, a)| outputs[place + 1..].iter().map(move |b| (*a, *b)))
}

fn inputs(case: &Row) -> Vec<(String, String)> {
    case.input.iter().map(|(name, value)| (name.clone(), plain(value))).collect()
}

/// Text as it is, other values as JSON.
fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The place that is sought, among places that are open or not.
fn seek(seek: Seek, open: &[bool]) -> Option<usize> {
    let first_open = |from: usize| (from..open.len()).find(|place| open[*place]);
    match seek {
        Seek::Open => first_open(0),
        Seek::After(place) => {
            first_open((place as usize).saturating_add(1)).or_else(|| first_open(0))
        }
        Seek::At(place) => {
            Some(place as usize).filter(|place| *place < open.len()).or_else(|| first_open(0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_skipped_comes_again_at_the_end() {
        let open = [true, false, true, false];
        assert_eq!(seek(Seek::Open, &open), Some(0));
        assert_eq!(seek(Seek::After(0), &open), Some(2));
        assert_eq!(seek(Seek::After(2), &open), Some(0), "skipped before");
        assert_eq!(seek(Seek::After(u32::MAX), &open), Some(0));
        assert_eq!(seek(Seek::Open, &[false, false]), None);
    }

    #[test]
    fn one_can_go_back_to_what_is_rated() {
        assert_eq!(seek(Seek::At(1), &[true, false]), Some(1));
        assert_eq!(seek(Seek::At(2), &[true, false]), Some(0), "past the end");
        assert_eq!(seek(Seek::At(2), &[false, false]), None);
    }
}
