//! Agreement of raters, and preferences between pairs.

use serde_json::{Value, json};

use super::{Answer, Given, MOST_CLASSES, Out, Problem, ends, maybe, number};
use crate::stats::agreement::{self as agree, Level, Weights};
use crate::stats::preference::{self, BradleyTerry, Game, Preference};

/// Ratings of several raters, at most: Krippendorff's α compares every value with every other.
const MOST_RATINGS: usize = 20_000;

pub(super) fn agreement(given: &Given) -> Answer {
    if given.has("raters_x_units") { many_raters(given) } else { two_raters(given) }
}

fn two_raters(given: &Given) -> Answer {
    let (first, second) = (given.list("y1")?, given.list("y2")?);
    if first.len() != second.len() {
        return Err(Problem::Uneven("y1", "y2"));
    }
    let labels =
        if given.has("labels") { given.list("labels")?.to_vec() } else { seen(first, second) };
    if labels.len() > MOST_CLASSES {
        return Err(Problem::TooLong("labels", MOST_CLASSES));
    }
    let places = |ratings: &[Value]| -> Option<Vec<usize>> {
        ratings.iter().map(|rating| labels.iter().position(|label| label == rating)).collect()
    };
    let unknown = || Problem::Wrong("labels", "not all that was given");
    let (y1, y2) = (places(first).ok_or_else(unknown)?, places(second).ok_or_else(unknown)?);
    let table = agree::cross_table(&y1, &y2, labels.len());
    let mut out = Out::default();
    out.number("unweighted", agree::cohens_kappa(&table, Weights::Unweighted))
        .number("linear", agree::cohens_kappa(&table, Weights::Linear))
        .number("quadratic", agree::cohens_kappa(&table, Weights::Quadratic))
        .number("observed_agreement", agree::observed_agreement(&table))
        .put("sm", with_error(&table))
        .number("gwet_ac1", agree::gwet_ac1(&counts_of_given(&y1, &y2)));
    let numbers = |ratings: &[Value]| -> Option<Vec<Option<f64>>> {
        ratings.iter().map(|rating| rating.as_f64().map(Some)).collect()
    };
    match numbers(first).zip(numbers(second)) {
        Some((first, second)) => alphas(&mut out, &[first, second]),
        None => {
            let place = |places: &[usize]| places.iter().map(|p| Some(*p as f64)).collect();
            let raters = [place(&y1), place(&y2)];
            out.number("alpha_nominal", agree::krippendorff_alpha(&raters, Level::Nominal));
        }
    }
    Ok(out.done())
}

/// The labels that somebody gave, in the order of their first appearance.
fn seen(first: &[Value], second: &[Value]) -> Vec<Value> {
    let mut seen = Vec::new();
    for label in first.iter().chain(second) {
        if seen.len() <= MOST_CLASSES && !seen.contains(label) {
            seen.push(label.clone());
        }
    }
    seen
}

/// For each unit how often each category was given, of the categories that somebody gave.
fn counts_of_given(y1: &[usize], y2: &[usize]) -> Vec<Vec<f64>> {
    let mut given = [y1, y2].concat();
    given.sort_unstable();
    given.dedup();
    let unit = |(first, second): (&usize, &usize)| {
        let of = |category: &usize| {
            f64::from(u8::from(first == category) + u8::from(second == category))
        };
        given.iter().map(of).collect()
    };
    y1.iter().zip(y2).map(unit).collect()
}

fn with_error(table: &[Vec<f64>]) -> Value {
    agree::kappa_with_error(table).map_or(Value::Null, |k| {
        json!({
            "kappa": number(k.kappa), "se": number(k.se), "ci95": ends(Some(k.interval)),
            "se0": number(k.se_by_chance), "z": maybe(k.z), "p2": maybe(k.p),
        })
    })
}

fn alphas(out: &mut Out, raters: &[Vec<Option<f64>>]) {
    let levels = [
        ("alpha_nominal", Level::Nominal),
        ("alpha_ordinal", Level::Ordinal),
        ("alpha_interval", Level::Interval),
        ("alpha_ratio", Level::Ratio),
    ];
    for (name, level) in levels {
        out.number(name, agree::krippendorff_alpha(raters, level));
    }
}

fn many_raters(given: &Given) -> Answer {
    let wrong = || Problem::Wrong("raters_x_units", "no list of lists of numbers");
    let rating = |rating: &Value| match rating {
        Value::Null => Some(None),
        rating => rating.as_f64().map(Some),
    };
    let rater = |rater: &Value| rater.as_array()?.iter().map(rating).collect::<Option<Vec<_>>>();
    let raters: Option<Vec<Vec<Option<f64>>>> =
        given.list("raters_x_units")?.iter().map(rater).collect();
    let raters = raters.ok_or_else(wrong)?;
    let units = raters.first().map_or(0, Vec::len);
    if raters.iter().any(|rater| rater.len() != units) {
        return Err(Problem::Wrong("raters_x_units", "not of one length for every rater"));
    }
    if raters.len() * units > MOST_RATINGS {
        return Err(Problem::TooLong("raters_x_units", MOST_RATINGS));
    }
    let mut out = Out::default();
    alphas(&mut out, &raters);
    if let Some(counts) = counted(given, &raters)? {
        out.number("fleiss", agree::fleiss_kappa(&counts))
            .number("randolph", agree::randolph_kappa(&counts));
    }
    Ok(out.done())
}

/// For each unit how many raters gave each level, where everybody rated everything from 1, or from 0.
fn counted(given: &Given, raters: &[Vec<Option<f64>>]) -> Result<Option<Vec<Vec<f64>>>, Problem> {
    if !given.has("levels") {
        return Ok(None);
    }
    let levels = given.count("levels")?;
    if levels > MOST_CLASSES {
        return Err(Problem::TooLong("levels", MOST_CLASSES));
    }
    let whole = |rating: &Option<f64>| rating.filter(|r| r.fract() == 0.0 && *r >= 0.0);
    let ratings: Option<Vec<Vec<f64>>> =
        raters.iter().map(|rater| rater.iter().map(whole).collect()).collect();
    let Some(ratings) = ratings else { return Ok(None) };
    let lowest = ratings.iter().flatten().copied().fold(1.0, f64::min);
    let units = ratings.first().map_or(0, Vec::len);
    let mut counts = vec![vec![0.0; levels]; units];
    for rater in &ratings {
        for (unit, rating) in counts.iter_mut().zip(rater) {
            let Some(count) = unit.get_mut((rating - lowest) as usize) else { return Ok(None) };
            *count += 1.0;
        }
    }
    Ok(Some(counts))
}

pub(super) fn pairwise(given: &Given) -> Answer {
    if given.has("verdicts") { both_orders(given) } else { strengths(given) }
}

fn both_orders(given: &Given) -> Answer {
    let preference = |value: Option<&Value>| match value?.as_str()? {
        "A" => Some(Preference::A),
        "B" => Some(Preference::B),
        "T" => Some(Preference::Tie),
        _ => None,
    };
    let pair = |pair: &Value| Some((preference(pair.get(0))?, preference(pair.get(1))?));
    let answers: Option<Vec<_>> = given.list("verdicts")?.iter().map(pair).collect();
    let answers = answers.ok_or(Problem::Wrong("verdicts", "no list of pairs of A, B and T"))?;
    let mut out = Out::default();
    let Some(ours) = preference::both_orders(&answers) else { return Ok(out.done()) };
    out.put("A", ours.a.into())
        .put("B", ours.b.into())
        .put("tie", ours.ties.into())
        .put("flips", ours.flips.into())
        .number("consistency", Some(ours.consistency))
        .number("first_position_rate", Some(ours.first_position))
        .number("win_rate_A_ties_half", Some(ours.win_rate))
        .number("sign_p", ours.p)
        .interval("wilson95_among_decided", ours.interval);
    Ok(out.done())
}

fn strengths(given: &Given) -> Answer {
    const MOST_ITEMS: usize = 60;
    let wins = given.table("counts")?;
    if wins.len() > MOST_ITEMS {
        return Err(Problem::TooLong("counts", MOST_ITEMS));
    }
    if wins.iter().any(|row| row.len() != wins.len()) {
        return Err(Problem::Wrong("counts", "no square table"));
    }
    let ours = BradleyTerry::fit(&wins);
    let some = |values: Vec<f64>| values.into_iter().map(Some).collect::<Vec<_>>();
    let fitted = |values: fn(&BradleyTerry) -> Vec<f64>| match &ours {
        Some(ours) => some(values(ours)),
        None => vec![None; wins.len()],
    };
    let chances = |i: usize| -> Value {
        let chance = |j| ours.as_ref().filter(|_| i != j).and_then(|b| b.chance(i, j));
        (0..wins.len()).map(|j| maybe(chance(j))).collect()
    };
    let mut out = Out::default();
    out.put("connected", preference::is_connected(&wins).into())
        .list("bt", fitted(|b| b.strengths.clone()))
        .list("elo", fitted(BradleyTerry::elo))
        .list("se_vs_item0", fitted(|b| b.se_against_first.clone()))
        .put("p_win", (0..wins.len()).map(chances).collect())
        .list("win_rate", preference::win_rates(&wins));
    if given.has("games") {
        let items = if given.has("items") { given.count("items")? } else { wins.len() };
        out.list("elo_seq", some(preference::elo_after(&games(given, items)?, items)));
    }
    Ok(out.done())
}

fn games(given: &Given, items: usize) -> Result<Vec<Game>, Problem> {
    if items > MOST_CLASSES {
        return Err(Problem::TooLong("items", MOST_CLASSES));
    }
    let place = |game: &Value, at: usize| {
        let place = usize::try_from(game.get(at)?.as_u64()?).ok()?;
        (place < items).then_some(place)
    };
    let game = |game: &Value| {
        Some(Game {
            first: place(game, 0)?,
            second: place(game, 1)?,
            score: game.get(2)?.as_f64()?,
        })
    };
    let games: Option<Vec<Game>> = given.list("games")?.iter().map(game).collect();
    games.ok_or(Problem::Wrong("games", "no list of [item, item, score]"))
}
