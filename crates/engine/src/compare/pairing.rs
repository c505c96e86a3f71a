//! Which column meets which, and what the two are called.
//!
//! Columns of one prompt meet when they have the same variant and the same model. What a side was narrowed to, or has
//! only one of, is what is compared, and need not be the same.

use std::collections::BTreeSet;

use assay_store::NewColumn;

use super::side::ReadSide;

/// A column of the base and one of the head, by their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pair {
    pub base: usize,
    pub head: usize,
}

/// What meets, and what does not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Met {
    pub pairs: Vec<Pair>,
    pub left_out: Vec<String>,
}

/// What is compared and what its sides are called.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Names {
    pub subject: String,
    pub base: String,
    pub head: String,
}

/// Whether the variant, and whether the model, may differ.
#[derive(Clone, Copy)]
struct May {
    differ_in_variant: bool,
    differ_in_model: bool,
}

impl May {
    fn meet(self, base: &NewColumn, head: &NewColumn) -> bool {
        base.prompt == head.prompt
            && (self.differ_in_variant || base.variant == head.variant)
            && (self.differ_in_model || base.model == head.model)
    }
}

/// Everything that meets, in the order of the head's columns.
pub(super) fn meetings(base: &ReadSide, head: &ReadSide) -> Met {
    let mut met = Met::default();
    let same_run = base.of.run == head.of.run;
    for key in keys(base).union(&keys(head)) {
        let (ours, theirs) = (of_prompt(base, key), of_prompt(head, key));
        let may = may(base, head, &ours, &theirs);
        for &at in &theirs {
            let meets = |place: &&usize| {
                let (b, h) = (&base.detail.columns[**place], &head.detail.columns[at]);
                may.meet(b, h) && !(same_run && **place == at)
            };
            let found: Vec<_> = ours.iter().filter(meets).collect();
            met.pairs.extend(found.iter().map(|&&base| Pair { base, head: at }));
        }
        met.note_alone(key, (base, &ours, |pair| pair.base));
        met.note_alone(key, (head, &theirs, |pair| pair.head));
    }
    met
}

fn keys(side: &ReadSide) -> BTreeSet<&str> {
    side.meant.iter().map(|place| side.detail.columns[*place].prompt.as_str()).collect()
}

fn of_prompt(side: &ReadSide, key: &str) -> Vec<usize> {
    let columns = side.meant.iter().copied();
    columns.filter(|place| side.detail.columns[*place].prompt == key).collect()
}

fn may(base: &ReadSide, head: &ReadSide, ours: &[usize], theirs: &[usize]) -> May {
    let single = |of: fn(&NewColumn) -> &String| {
        let count = |side: &ReadSide, places: &[usize]| {
            places.iter().map(|p| of(&side.detail.columns[*p])).collect::<BTreeSet<_>>().len()
        };
        count(base, ours) == 1 && count(head, theirs) == 1
    };
    May {
        differ_in_variant: base.of.variant.is_some()
            || head.of.variant.is_some()
            || single(|column| &column.variant),
        differ_in_model: base.of.model.is_some()
            || head.of.model.is_some()
            || single(|column| &column.model),
    }
}

impl Met {
    fn note_alone(&mut self, key: &str, side: (&ReadSide, &[usize], fn(&Pair) -> usize)) {
        let (side, places, of) = side;
        let alone =
            places.iter().filter(|place| !self.pairs.iter().any(|pair| of(pair) == **place));
        let notes: Vec<_> = alone
            .map(|place| {
                let column = &side.detail.columns[*place];
                format!(
                    "{} has {}/{} on {}, which meets nothing",
                    side.of.label,
                    side.prompt_name(key),
                    column.variant,
                    column.model
                )
            })
            .collect();
        self.left_out.extend(notes);
    }

    /// What two columns are called: each side by what it has of its own, the subject by what both share and other pairs
    /// do not.
    pub fn names(&self, pair: &Pair, sides: &[ReadSide; 2]) -> Names {
        let columns = [&sides[0].detail.columns[pair.base], &sides[1].detail.columns[pair.head]];
        let [base, head] = columns;
        let mut subject = sides[1].prompt_name(&head.prompt);
        let others = || self.pairs.iter().map(|pair| &sides[1].detail.columns[pair.head]);
        if base.variant == head.variant && others().any(|c| c.variant != head.variant) {
            subject.push_str(&format!("/{}", head.variant));
        }
        if base.model == head.model && others().any(|c| c.model != head.model) {
            subject.push_str(&format!(" on {}", head.model));
        }
        let own = |side: usize| match (base.variant != head.variant, base.model != head.model) {
            (true, true) => format!("{} on {}", columns[side].variant, columns[side].model),
            (true, false) => columns[side].variant.clone(),
            (false, true) => columns[side].model.clone(),
            (false, false) => sides[side].of.label.clone(),
        };
        Names { subject, base: own(0), head: own(1) }
    }
}
