//! Ranks, and how many values share one.

/// The rank of each value from 1 on; equal values share the mean of their ranks.
pub(super) fn ranks(values: &[f64]) -> Vec<f64> {
    let mut ranks = vec![0.0; values.len()];
    for group in groups(values) {
        let rank = group.before as f64 + (group.members.len() + 1) as f64 / 2.0;
        for member in group.members {
            ranks[member] = rank;
        }
    }
    ranks
}

/// How often each value of which there are several stands there.
pub(super) fn ties(values: &[f64]) -> Vec<f64> {
    groups(values).iter().map(|group| group.members.len() as f64).filter(|n| *n > 1.0).collect()
}

/// The sum of t³ − t over the [`ties`].
pub(super) fn tie_correction(values: &[f64]) -> f64 {
    ties(values).iter().map(|t| t * t * t - t).sum()
}

/// The places of equal values, and how many values are smaller.
struct Group {
    before: usize,
    members: Vec<usize>,
}

fn groups(values: &[f64]) -> Vec<Group> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut before = 0;
    // Not by bits: 0 and −0 are one value.
    order
        .chunk_by(|a, b| values[*a] == values[*b])
        .map(|members| {
            let group = Group { before, members: members.to_vec() };
            before += members.len();
            group
        })
        .collect()
}
