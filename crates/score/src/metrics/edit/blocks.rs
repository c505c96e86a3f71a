//! The ratio of Python's `difflib.SequenceMatcher`: twice the length of its matching blocks, divided
//! by the length of both texts.
//!
//! The longest block that both have is taken first, then the same is done before and behind it. That
//! is neither symmetric nor the longest common subsequence.

use std::collections::HashMap;
use std::ops::Range;

/// Steps after which a comparison is given up: about a second. Only texts of tens of thousands of
/// characters that repeat themselves come here.
const MOST_STEPS: usize = 1 << 29;

/// From so many characters on, `autojunk` leaves out those that make up more than 1 % of the text.
const JUNK_FROM: usize = 200;

/// The ratio, from 0 to 1. `None` when the texts are too long and too repetitive to be compared.
pub(super) fn ratio(a: &[char], b: &[char], autojunk: bool) -> Option<f64> {
    let both = a.len() + b.len();
    if both == 0 {
        return Some(1.0);
    }
    let matches = Matcher::new(a, b, autojunk).matches()?;
    Some(2.0 * matches as f64 / both as f64)
}

struct Matcher<'a> {
    a: &'a [char],
    b: &'a [char],
    /// Where in `b` each character stands; without what autojunk leaves out.
    places: HashMap<char, Vec<usize>>,
    /// For each place of `b` the length of the block that ends there and at the last place of `a`.
    lengths: Vec<usize>,
    steps: usize,
}

/// Equal stretches: where in each text, and how long.
#[derive(Clone, Copy)]
struct Block {
    a: usize,
    b: usize,
    length: usize,
}

impl<'a> Matcher<'a> {
    fn new(a: &'a [char], b: &'a [char], autojunk: bool) -> Self {
        let mut places: HashMap<char, Vec<usize>> = HashMap::new();
        for (at, c) in b.iter().enumerate() {
            places.entry(*c).or_default().push(at);
        }
        if autojunk && b.len() >= JUNK_FROM {
            places.retain(|_, at| at.len() <= b.len() / 100 + 1);
        }
        Matcher { a, b, places, lengths: vec![0; b.len()], steps: 0 }
    }

    /// The length of all blocks together.
    fn matches(&mut self) -> Option<usize> {
        let mut total = 0;
        let mut waiting = vec![(0..self.a.len(), 0..self.b.len())];
        while let Some((a, b)) = waiting.pop() {
            let block = self.longest(a.clone(), b.clone())?;
            if block.length == 0 {
                continue;
            }
            total += block.length;
            let before = (a.start..block.a, b.start..block.b);
            let behind = (block.a + block.length..a.end, block.b + block.length..b.end);
            let rest = [before, behind].into_iter();
            waiting.extend(rest.filter(|(a, b)| !a.is_empty() && !b.is_empty()));
        }
        Some(total)
    }

    /// The longest block within the ranges: the first in `a`, and of those the first in `b`.
    fn longest(&mut self, a: Range<usize>, b: Range<usize>) -> Option<Block> {
        let mut best = Block { a: a.start, b: b.start, length: 0 };
        let mut ended: Vec<usize> = Vec::new();
        for at in a.clone() {
            let places = self.places.get(&self.a[at]).map_or(&[][..], Vec::as_slice);
            let places = &places[places.partition_point(|place| *place < b.start)..];
            let places = &places[..places.partition_point(|place| *place < b.end)];
            self.steps += places.len() + 1;
            if self.steps > MOST_STEPS {
                return None;
            }
            // All are read before one is written: a length grows from that of the place before.
            let grown = places.iter().map(|place| (*place, self.before(*place, &b) + 1));
            let grown: Vec<(usize, usize)> = grown.collect();
            ended.drain(..).for_each(|place| self.lengths[place] = 0);
            for (place, length) in grown {
                self.lengths[place] = length;
                ended.push(place);
                if length > best.length {
                    best = Block { a: at + 1 - length, b: place + 1 - length, length };
                }
            }
        }
        ended.drain(..).for_each(|place| self.lengths[place] = 0);
        Some(self.widened(best, &a, &b))
    }

    fn before(&self, place: usize, b: &Range<usize>) -> usize {
        if place > b.start { self.lengths[place - 1] } else { 0 }
    }

    /// Characters that autojunk left out can still stand at the ends of a block.
    fn widened(&self, mut block: Block, a: &Range<usize>, b: &Range<usize>) -> Block {
        while block.a > a.start && block.b > b.start && self.a[block.a - 1] == self.b[block.b - 1] {
            block = Block { a: block.a - 1, b: block.b - 1, length: block.length + 1 };
        }
        while block.a + block.length < a.end
            && block.b + block.length < b.end
            && self.a[block.a + block.length] == self.b[block.b + block.length]
        {
            block.length += 1;
        }
        block
    }
}
