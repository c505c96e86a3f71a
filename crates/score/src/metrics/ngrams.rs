//! Which n-grams a text shares with its references: what BLEU and chrF count.
//!
//! No n-gram is ever built. Words and characters become small numbers ([`Symbols`]), and the
//! windows that start at each of them are sorted once: equal n-grams of *every* order then stand
//! side by side, because windows that share n symbols share a prefix of n. Where a window fits into
//! 64 bits, which it does for all but very long texts, it is sorted as an integer. Counts are exact:
//! nothing is hashed into anything smaller.

use std::collections::HashMap;

use foldhash::fast::RandomState;

/// Numbers the words or characters of a text and its references, from 1.
#[derive(Debug)]
pub struct Symbols<'a> {
    words: HashMap<&'a str, u32, RandomState>,
    ascii: [u32; 128],
    characters: HashMap<char, u32, RandomState>,
    last: u32,
}

impl<'a> Symbols<'a> {
    /// None yet, with room for so many words.
    pub fn with_room(words: usize) -> Self {
        Symbols {
            words: HashMap::with_capacity_and_hasher(words, RandomState::default()),
            ascii: [0; 128],
            characters: HashMap::default(),
            last: 0,
        }
    }

    /// The number of a word.
    pub fn word(&mut self, word: &'a str) -> u32 {
        *self.words.entry(word).or_insert_with(|| next(&mut self.last))
    }

    /// The number of a character. One set of symbols numbers words or characters, not both.
    pub fn character(&mut self, c: char) -> u32 {
        match self.ascii.get_mut(c as usize) {
            Some(number) if *number > 0 => *number,
            Some(number) => {
                *number = next(&mut self.last);
                *number
            }
            None => *self.characters.entry(c).or_insert_with(|| next(&mut self.last)),
        }
    }
}

/// More symbols than fit into 32 bits would need a text of 4 GiB.
fn next(last: &mut u32) -> u32 {
    *last = last.saturating_add(1);
    *last
}

/// How many n-grams of an order a text of this length has.
pub fn ngrams_in(length: usize, order: usize) -> usize {
    (length + 1).saturating_sub(order)
}

/// For each order from 1 to `orders`: how many n-grams of the text the references have as well,
/// each counted as often as the one reference has it that has it most often, and at most as often
/// as the text has it.
pub fn shared_ngrams(text: &[u32], references: &[&[u32]], orders: usize) -> Vec<usize> {
    if orders == 0 {
        return Vec::new();
    }
    let mut groups = Groups::new(orders, references.len() + 1);
    let sources = || std::iter::once(text).chain(references.iter().copied());
    let largest = sources().flatten().copied().max().unwrap_or_default();
    match Packing::of(largest, orders, references.len()) {
        Some(packing) => packing.count(sources(), &mut groups),
        None => count_unpacked(sources(), orders, &mut groups),
    }
    groups.finish()
}

/// How a window of symbols is laid out in 64 bits: the symbols from the most significant bits
/// down, zeros after the text's end, and below them which text the window is from.
struct Packing {
    orders: usize,
    symbol_bits: u32,
    source_bits: u32,
}

impl Packing {
    /// None where a window does not fit.
    fn of(largest: u32, orders: usize, last_source: usize) -> Option<Packing> {
        let symbol_bits = u32::BITS - largest.leading_zeros();
        let source_bits = usize::BITS - last_source.leading_zeros();
        let bits =
            u32::try_from(orders).ok()?.checked_mul(symbol_bits)?.checked_add(source_bits)?;
        (bits > 0 && bits <= u64::BITS).then_some(Packing { orders, symbol_bits, source_bits })
    }

    fn count<'a>(&self, sources: impl Iterator<Item = &'a [u32]>, groups: &mut Groups) {
        let mut windows = Vec::new();
        for (source, symbols) in sources.enumerate() {
            self.pack(symbols, source, &mut windows);
        }
        windows.sort_unstable();
        let mut previous = None;
        for window in windows {
            let shared = previous.map_or(0, |previous| self.shared_prefix(previous, window));
            groups.add(shared, self.length(window), self.source(window));
            previous = Some(window);
        }
    }

    /// Adds the windows of a text, from its last symbol to its first.
    fn pack(&self, symbols: &[u32], source: usize, windows: &mut Vec<u64>) {
        let top = self.symbol_bits * (self.orders as u32 - 1);
        let mut window = 0u64;
        for &symbol in symbols.iter().rev() {
            window = (window >> self.symbol_bits) | (u64::from(symbol) << top);
            windows.push((window << self.source_bits) | source as u64);
        }
    }

    fn shared_prefix(&self, a: u64, b: u64) -> usize {
        let difference = (a ^ b) >> self.source_bits;
        let differing = u64::BITS - difference.leading_zeros();
        self.orders - differing.div_ceil(self.symbol_bits) as usize
    }

    /// How many symbols a window has; there is at least one, and none is zero.
    fn length(&self, window: u64) -> usize {
        let empty = (window >> self.source_bits).trailing_zeros() / self.symbol_bits;
        self.orders - empty as usize
    }

    fn source(&self, window: u64) -> usize {
        (window & ((1 << self.source_bits) - 1)) as usize
    }
}

/// The same with windows of any width.
fn count_unpacked<'a>(
    sources: impl Iterator<Item = &'a [u32]>,
    orders: usize,
    groups: &mut Groups,
) {
    let mut windows: Vec<(&[u32], usize)> = Vec::new();
    for (source, symbols) in sources.enumerate() {
        windows.extend(
            (0..symbols.len()).map(|at| (&symbols[at..symbols.len().min(at + orders)], source)),
        );
    }
    windows.sort_unstable();
    let mut previous: &[u32] = &[];
    for (window, source) in windows {
        let shared = previous.iter().zip(window).take_while(|(a, b)| a == b).count();
        groups.add(shared, window.len(), source);
        previous = window;
    }
}

/// Counts sorted windows. The windows that share their first n symbols are a group of order n; one
/// group of each order is open at a time, and remembers what had been seen when it was opened.
struct Groups {
    sources: usize,
    /// How many windows there were so far, by source.
    seen: Vec<usize>,
    /// The same when the open group began, by order, then by source.
    opened: Vec<usize>,
    /// How many symbols the last window has. The windows of an open group of a higher order are
    /// cut short by the text's end: no n-grams of that order.
    length: usize,
    matches: Vec<usize>,
}

impl Groups {
    fn new(orders: usize, sources: usize) -> Groups {
        Groups {
            sources,
            seen: vec![0; sources],
            opened: vec![0; orders * sources],
            length: 0,
            matches: vec![0; orders],
        }
    }

    /// Takes in the next window, which shares this many symbols with the one before.
    fn add(&mut self, shared: usize, length: usize, source: usize) {
        self.close(shared);
        self.seen[source] += 1;
        self.length = length;
    }

    /// Ends the groups of all orders above this one, and begins the next.
    fn close(&mut self, shared: usize) {
        let groups = self.opened.chunks_exact_mut(self.sources).zip(&mut self.matches);
        for (at, (opened, matches)) in groups.enumerate().skip(shared) {
            if at < self.length {
                let mut counts = self.seen.iter().zip(&*opened).map(|(now, then)| now - then);
                let text = counts.next().unwrap_or_default();
                *matches += text.min(counts.max().unwrap_or_default());
            }
            opened.copy_from_slice(&self.seen);
        }
    }

    fn finish(mut self) -> Vec<usize> {
        self.close(0);
        self.matches
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, as slow as it reads.
    fn counted_one_by_one(text: &[u32], references: &[&[u32]], order: usize) -> usize {
        let counts = |symbols: &[u32]| {
            let mut counts: HashMap<Vec<u32>, usize> = HashMap::new();
            for window in symbols.windows(order) {
                *counts.entry(window.to_vec()).or_default() += 1;
            }
            counts
        };
        let references: Vec<_> = references.iter().map(|symbols| counts(symbols)).collect();
        counts(text)
            .into_iter()
            .map(|(ngram, count)| {
                let most = references.iter().filter_map(|counts| counts.get(&ngram)).max();
                count.min(most.copied().unwrap_or_default())
            })
            .sum()
    }

    proptest! {
        #[test]
        fn sorted_windows_count_what_the_definition_counts(
            text in prop::collection::vec(1u32..5, 0..30),
            references in prop::collection::vec(prop::collection::vec(1u32..5, 0..30), 0..4),
            orders in 1usize..7,
            // Large symbols do not fit into 64 bits.
            step in prop::sample::select(vec![1u32, 100_000_000]),
        ) {
            let spread = |symbols: &[u32]| symbols.iter().map(|s| s * step).collect::<Vec<_>>();
            let text = spread(&text);
            let references: Vec<_> = references.iter().map(|symbols| spread(symbols)).collect();
            let references: Vec<&[u32]> = references.iter().map(Vec::as_slice).collect();
            let found = shared_ngrams(&text, &references, orders);
            let wanted: Vec<_> =
                (1..=orders).map(|n| counted_one_by_one(&text, &references, n)).collect();
            prop_assert_eq!(found, wanted);
        }
    }

    #[test]
    fn texts_without_symbols_share_nothing() {
        assert_eq!(shared_ngrams(&[], &[&[]], 3), [0, 0, 0]);
        assert_eq!(shared_ngrams(&[1], &[], 2), [0, 0]);
        assert!(shared_ngrams(&[1], &[&[1]], 0).is_empty());
    }
}
