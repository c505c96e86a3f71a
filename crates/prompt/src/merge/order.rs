//! The order of a list or map that two people changed: what stayed keeps its place, what one side
//! moved goes where that side has it, what is new stands behind what it was put behind.
//!
//! Order is never in dispute. Where both sides moved the same thing, ours counts.

use std::collections::{HashMap, HashSet};

/// Every name of `ours` and `theirs`, each once, in the merged order. Which of them stay is the
/// caller's to say.
pub(super) fn merged<'v>(base: &[&'v str], ours: &[&'v str], theirs: &[&'v str]) -> Vec<&'v str> {
    let was = places(base);
    let here: HashSet<&str> = ours.iter().copied().collect();
    let ours_moved = moved(&was, ours);
    let mut moving = moved(&was, theirs);
    moving.retain(|name| here.contains(name) && !ours_moved.contains(name));
    woven(&was, ours, theirs, &moving)
}

/// Every name of `was`, and of `is` those that `taken` has, in the order of `was`: only what is taken goes where `is`
/// has it.
pub(super) fn taken<'v>(was: &[&'v str], is: &[&'v str], taken: &HashSet<&str>) -> Vec<&'v str> {
    let place = places(was);
    let left: Vec<&str> = is.iter().copied().filter(|name| !taken.contains(name)).collect();
    let left_moved = moved(&place, &left);
    let in_place = |name: &str| place.contains_key(name) && !left_moved.contains(name);
    let shown: Vec<&str> =
        is.iter().copied().filter(|name| taken.contains(name) || in_place(name)).collect();
    // What is left in its place counts more than what is taken, however much of that there is.
    let fits: Vec<&str> = fitting(&place, &shown, taken);
    let kept: HashSet<&str> = fits.iter().copied().collect();
    let mut moving = moved(&place, &fits);
    moving.extend(shown.iter().filter(|name| place.contains_key(*name) && !kept.contains(*name)));
    woven(&place, was, &shown, &moving)
}

/// The names without those taken that stand on the other side of one that is not.
fn fitting<'v>(
    was: &HashMap<&str, usize>,
    names: &[&'v str],
    taken: &HashSet<&str>,
) -> Vec<&'v str> {
    let mut least = 0;
    let mut most: Vec<usize> = Vec::with_capacity(names.len());
    let mut next = usize::MAX;
    for name in names.iter().rev() {
        most.push(next);
        if let (false, Some(place)) = (taken.contains(name), was.get(name)) {
            next = *place;
        }
    }
    let mut fits = Vec::new();
    for (name, most) in names.iter().zip(most.into_iter().rev()) {
        let Some(place) = was.get(name) else { continue };
        if !taken.contains(name) {
            least = place + 1;
        } else if *place < least || *place > most {
            continue;
        }
        fits.push(*name);
    }
    fits
}

fn places<'v>(names: &[&'v str]) -> HashMap<&'v str, usize> {
    names.iter().enumerate().map(|(at, name)| (*name, at)).collect()
}

/// `ours`, with what is moving and what is new where `theirs` has it.
fn woven<'v>(
    was: &HashMap<&'v str, usize>,
    ours: &[&'v str],
    theirs: &[&'v str],
    moving: &HashSet<&str>,
) -> Vec<&'v str> {
    let here: HashSet<&str> = ours.iter().copied().collect();
    let there: HashSet<&str> = theirs.iter().copied().collect();
    let stays = |name: &str| here.contains(name) && !moving.contains(name);

    // What stands behind each name that stays, in theirs; at the front, behind none.
    let mut behind: HashMap<Option<&str>, Vec<&str>> = HashMap::new();
    let mut anchor = None;
    for &name in theirs {
        if stays(name) {
            anchor = Some(name);
        } else {
            behind.entry(anchor).or_default().push(name);
        }
    }

    let mut order = Vec::new();
    let mut waiting = behind.remove(&None).unwrap_or_default();
    for &name in ours.iter().filter(|name| stays(name)) {
        // What only ours added stays with what it was added behind.
        if was.contains_key(name) || there.contains(name) {
            order.append(&mut waiting);
            waiting = behind.remove(&Some(name)).unwrap_or_default();
        }
        order.push(name);
    }
    order.append(&mut waiting);
    order
}

/// The names of a side that do not stand in the order they had: as few as possible.
fn moved<'v>(was: &HashMap<&'v str, usize>, side: &[&'v str]) -> HashSet<&'v str> {
    let known: Vec<(&str, usize)> =
        side.iter().filter_map(|name| Some((*name, *was.get(name)?))).collect();
    let places: Vec<usize> = known.iter().map(|(_, place)| *place).collect();
    let kept: HashSet<usize> = longest_rising(&places).into_iter().collect();
    let all = known.into_iter().enumerate();
    all.filter(|(at, _)| !kept.contains(at)).map(|(_, (name, _))| name).collect()
}

/// Where the numbers of a longest rising run stand, by patience sorting.
fn longest_rising(numbers: &[usize]) -> Vec<usize> {
    // tails[n] ends the best run of length n + 1; links point to what stands before.
    let mut tails: Vec<usize> = Vec::new();
    let mut links: Vec<Option<usize>> = Vec::with_capacity(numbers.len());
    for (at, number) in numbers.iter().enumerate() {
        let length = tails.partition_point(|tail| numbers[*tail] < *number);
        links.push(length.checked_sub(1).map(|shorter| tails[shorter]));
        if length == tails.len() {
            tails.push(at);
        } else {
            tails[length] = at;
        }
    }
    std::iter::successors(tails.last().copied(), |at| links[*at]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(text: &str) -> Vec<&str> {
        text.split_whitespace().collect()
    }

    fn check(base: &str, ours: &str, theirs: &str, expected: &str) {
        let order = merged(&names(base), &names(ours), &names(theirs));
        assert_eq!(order.join(" "), expected, "base {base}, ours {ours}, theirs {theirs}");
    }

    #[test]
    fn what_is_new_stands_behind_what_it_was_put_behind() {
        check("a b c", "a x b c", "a b y c", "a x b y c");
        check("a b", "a x b", "a y b", "a x y b");
        check("a b", "x a b", "y z a b", "x y z a b");
        check("", "a", "b", "a b");
    }

    #[test]
    fn what_one_side_moved_goes_where_that_side_has_it() {
        check("a b c", "a b c", "c a b", "c a b");
        check("a b c", "c a b", "a b c", "c a b");
        check("a b c d", "a b c x d", "d a b c", "d a b c x");
        check("a b c", "b a c", "a c b", "b a c");
    }

    #[test]
    fn what_one_side_took_out_is_still_named_in_its_place() {
        check("a b c", "a c", "a b c", "a b c");
        check("a b c", "a b c", "a c", "a b c");
    }

    fn check_taken(was: &str, is: &str, ids: &str, expected: &str) {
        let ids: HashSet<&str> = names(ids).into_iter().collect();
        let order = taken(&names(was), &names(is), &ids);
        assert_eq!(order.join(" "), expected, "{was} to {is}, of which {ids:?}");
    }

    #[test]
    fn only_what_is_taken_moves() {
        check_taken("a b c d", "d a b c", "b", "a b c d");
        check_taken("a b c d", "d a b c", "d", "d a b c");
        check_taken("a b", "b a", "a", "b a");
        check_taken("a b", "b a", "b", "b a");
        check_taken("a b c", "c b a", "b", "b a c");
        check_taken("a x b", "a b", "b", "a x b");
        check_taken("a b c", "c a y b z", "z", "a b z c");
    }

    /// Some of ten names, in some order.
    fn some_names() -> impl Strategy<Value = Vec<&'static str>> {
        let all = vec!["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
        (prop::sample::subsequence(all, 0..=10)).prop_shuffle()
    }

    proptest! {
        #[test]
        fn what_is_left_out_of_a_taking_keeps_its_order(
            was in some_names(), is in some_names(), ids in some_names()
        ) {
            let ids: HashSet<&str> = ids.into_iter().collect();
            let order = taken(&was, &is, &ids);
            let left = |names: &[&'static str]| -> Vec<&'static str> {
                names.iter().copied().filter(|name| was.contains(name) && !ids.contains(name)).collect()
            };
            prop_assert_eq!(left(&order), left(&was));
            let all: HashSet<&str> = is.iter().copied().collect();
            let whole: Vec<&str> =
                taken(&was, &is, &all).into_iter().filter(|name| all.contains(name)).collect();
            prop_assert_eq!(whole, is);
        }

        #[test]
        fn every_name_stands_once_and_an_unchanged_side_decides_nothing(
            base in some_names(), ours in some_names(), theirs in some_names()
        ) {
            let order = merged(&base, &ours, &theirs);
            let mut sorted = order.clone();
            sorted.sort_unstable();
            let mut all = [ours.clone(), theirs.clone()].concat();
            all.sort_unstable();
            all.dedup();
            prop_assert_eq!(sorted, all);

            let only = |side: &[&'static str], order: Vec<&'static str>| {
                order.into_iter().filter(|name| side.contains(name)).collect::<Vec<_>>()
            };
            prop_assert_eq!(only(&theirs, merged(&base, &base, &theirs)), theirs.clone());
            prop_assert_eq!(only(&ours, merged(&base, &ours, &base)), ours.clone());
        }
    }
}
