//! Examples and cases, matched by their ids.

use std::collections::BTreeMap;

use assay_prompt::Row;

use super::item;
use crate::change::{ChangeItem, Subject, What};

/// Rows added, removed, edited and moved, in the order of the new file; removed ones come last.
pub(super) fn edited(subject: Subject, old: &[Row], new: &[Row]) -> Vec<ChangeItem> {
    let noun = if subject == Subject::Case { "case" } else { "example" };
    let before = by_id(old);
    let after = by_id(new);
    let still = stayed(&before, &after);
    let mut items = Vec::new();
    for (place, row) in new.iter().enumerate() {
        // Of rows that share an id, which is an error the lint reports, the first counts.
        if after.get(row.id.as_str()) != Some(&place) {
            continue;
        }
        let id = &row.id;
        let Some(&was) = before.get(id.as_str()) else {
            items.push(item(What::Added, subject, id, format!("{noun} {id} added")));
            continue;
        };
        let mut details = fields(&old[was], row);
        if !still.contains(&place) {
            details.push(format!("moved from place {} to {}", was + 1, place + 1));
        }
        if !details.is_empty() {
            let summary = format!("{noun} {id}: {}", details.join(", "));
            items.push(item(What::Edited, subject, id, summary));
        }
    }
    for (place, row) in old.iter().enumerate() {
        let id = &row.id;
        if before.get(id.as_str()) == Some(&place) && !after.contains_key(id.as_str()) {
            items.push(item(What::Removed, subject, id, format!("{noun} {id} removed")));
        }
    }
    items
}

/// The place of each id's first row.
fn by_id(rows: &[Row]) -> BTreeMap<&str, usize> {
    let mut places = BTreeMap::new();
    for (place, row) in rows.iter().enumerate() {
        places.entry(row.id.as_str()).or_insert(place);
    }
    places
}

/// The new places of the largest set of rows that kept their order: all others were moved.
fn stayed(before: &BTreeMap<&str, usize>, after: &BTreeMap<&str, usize>) -> Vec<usize> {
    let mut common: Vec<(usize, usize)> =
        after.iter().filter_map(|(id, &now)| Some((now, *before.get(id)?))).collect();
    common.sort_unstable();
    longest_rising(&common)
}

/// The first numbers of a longest run whose second numbers rise, by patience sorting.
fn longest_rising(pairs: &[(usize, usize)]) -> Vec<usize> {
    // tails[n] is the pair that ends the best run of length n + 1; links point to the pair before.
    let mut tails: Vec<usize> = Vec::new();
    let mut links: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (index, &(_, was)) in pairs.iter().enumerate() {
        let length = tails.partition_point(|&tail| pairs[tail].1 < was);
        links.push(length.checked_sub(1).map(|shorter| tails[shorter]));
        if length == tails.len() {
            tails.push(index);
        } else {
            tails[length] = index;
        }
    }
    let mut kept = Vec::new();
    let mut next = tails.last().copied();
    while let Some(index) = next {
        kept.push(pairs[index].0);
        next = links[index];
    }
    kept.reverse();
    kept
}

/// The fields in which two rows differ.
fn fields(old: &Row, new: &Row) -> Vec<String> {
    let mut details = Vec::new();
    details.extend(keys("input ", &old.input, &new.input));
    details.extend(optional("output", &old.output, &new.output));
    details.extend(optional("expected", &old.expected, &new.expected));
    details.extend(listed("tags", &old.tags, &new.tags));
    details.extend(optional("group", &old.group, &new.group));
    details.extend(optional("weight", &old.weight, &new.weight));
    details.extend(listed("references", &old.references, &new.references));
    details.extend(listed("contexts", &old.contexts, &new.contexts));
    details.extend(keys("", &old.extra, &new.extra));
    details
}

type Object = serde_json::Map<String, serde_json::Value>;

fn keys(prefix: &str, old: &Object, new: &Object) -> Vec<String> {
    let added = new.keys().filter(|key| !old.contains_key(*key));
    old.keys()
        .chain(added)
        .filter_map(|key| {
            let name = format!("{prefix}{key}");
            optional(&name, &old.get(key), &new.get(key))
        })
        .collect()
}

fn optional<T: PartialEq>(name: &str, old: &Option<T>, new: &Option<T>) -> Option<String> {
    let done = match (old, new) {
        (None, Some(_)) => "added",
        (Some(_), None) => "removed",
        (old, new) if old != new => "edited",
        _ => return None,
    };
    Some(format!("{name} {done}"))
}

fn listed<T: PartialEq>(name: &str, old: &[T], new: &[T]) -> Option<String> {
    optional(name, &(!old.is_empty()).then_some(old), &(!new.is_empty()).then_some(new))
}

#[cfg(test)]
mod tests {
    use super::longest_rising;

    fn check(was: &[usize], stayed: &[usize]) {
        let pairs: Vec<_> = was.iter().copied().enumerate().collect();
        assert_eq!(longest_rising(&pairs), stayed, "for {was:?}");
    }

    #[test]
    fn as_few_rows_as_possible_count_as_moved() {
        check(&[], &[]);
        check(&[0, 1, 2], &[0, 1, 2]);
        check(&[2, 0, 1], &[1, 2]);
        check(&[1, 2, 3, 0], &[0, 1, 2]);
        check(&[2, 1, 0], &[2]);
    }
}
