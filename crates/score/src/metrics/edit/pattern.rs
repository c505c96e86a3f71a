//! Where each symbol stands in a sequence, as bits: what the bit-parallel algorithms run on.

use std::collections::HashMap;
use std::hash::Hash;

/// Bits in a word of the vectors.
pub(super) const WORD: usize = u64::BITS as usize;

/// The places of the symbols of one sequence, sparse: a symbol's words without a bit are not kept,
/// so that a sequence of many different symbols takes no more memory than its length.
pub(super) struct Pattern<T> {
    places: HashMap<T, Vec<(usize, u64)>>,
    /// Words that a vector over the sequence has.
    pub words: usize,
}

impl<T: Eq + Hash + Copy> Pattern<T> {
    pub fn new(sequence: impl ExactSizeIterator<Item = T>) -> Pattern<T> {
        let words = sequence.len().div_ceil(WORD);
        let mut places: HashMap<T, Vec<(usize, u64)>> = HashMap::new();
        for (at, symbol) in sequence.enumerate() {
            let bit = 1 << (at % WORD);
            let found = places.entry(symbol).or_default();
            match found.last_mut() {
                Some((word, bits)) if *word == at / WORD => *bits |= bit,
                _ => found.push((at / WORD, bit)),
            }
        }
        Pattern { places, words }
    }

    /// The words in which a symbol stands, and its bits in them.
    pub fn places(&self, symbol: T) -> &[(usize, u64)] {
        self.places.get(&symbol).map_or(&[], Vec::as_slice)
    }
}

/// The longest common subsequence of a pattern with a sequence that is fed to it.
///
/// Source: Hyyrö, *Bit-parallel LCS-length computation revisited*, 2004.
pub(super) struct Common<'a, T> {
    pattern: &'a Pattern<T>,
    /// A zero for each place of the pattern that the subsequence has.
    open: Vec<u64>,
}

impl<'a, T: Eq + Hash + Copy> Common<'a, T> {
    pub fn new(pattern: &'a Pattern<T>) -> Common<'a, T> {
        Common { pattern, open: vec![u64::MAX; pattern.words] }
    }

    /// Takes the next symbol.
    pub fn push(&mut self, symbol: T) {
        let mut places = self.pattern.places(symbol).iter().peekable();
        let Some((first, _)) = places.peek() else { return };
        let mut carry = false;
        // Before the symbol's first place nothing changes.
        for (word, open) in self.open.iter_mut().enumerate().skip(*first) {
            let bits = places.next_if(|(at, _)| *at == word).map_or(0, |(_, bits)| *bits);
            let matched = *open & bits;
            let (sum, first) = open.overflowing_add(matched);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            carry = first || second;
            *open = sum | (*open - matched);
        }
    }

    /// Takes all symbols.
    pub fn push_all(mut self, symbols: &[T]) -> Self {
        symbols.iter().for_each(|symbol| self.push(*symbol));
        self
    }

    /// Length of the subsequence so far.
    pub fn len(&self) -> usize {
        self.open.iter().map(|open| open.count_zeros() as usize).sum()
    }
}
