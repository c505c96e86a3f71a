//! Keys and values of tokens already computed, and the prefixes kept of them.
//!
//! They lie in pages that sequences share until one writes: a case that starts
//! with another case's prompt takes over its pages, and copies only the page in
//! which the two part. Nothing here computes; [`crate::llama`] fills the pages.

use std::collections::HashSet;
use std::sync::Arc;

/// Tokens of one page.
pub(crate) const PAGE: usize = 32;
/// Pages kept for later calls: 4096 tokens, some 190 MB for the embedded model.
const KEPT_PAGES: usize = 128;

/// What the shape of a page follows from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageShape {
    pub(crate) layers: usize,
    pub(crate) heads: usize,
    pub(crate) head_size: usize,
}

impl PageShape {
    fn head_len(self) -> usize {
        self.head_size * PAGE
    }

    fn offset(self, layer: usize, head: usize) -> usize {
        (layer * self.heads + head) * self.head_len()
    }
}

/// Keys and values of 32 neighbouring tokens, for all layers and heads.
#[derive(Clone)]
struct Page {
    /// Per layer and head: dimension by token, so that scores of a page are
    /// computed side by side.
    keys: Vec<f32>,
    /// Per layer and head: token by dimension.
    values: Vec<f32>,
}

/// The keys and values of one sequence of tokens.
#[derive(Clone)]
pub(crate) struct Sequence {
    shape: PageShape,
    pages: Vec<Arc<Page>>,
    len: usize,
}

impl Sequence {
    pub(crate) fn new(shape: PageShape) -> Self {
        Self { shape, pages: Vec::new(), len: 0 }
    }

    /// Tokens whose keys and values are complete.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The same sequence cut to its first `len` tokens, sharing their pages.
    fn prefix(&self, len: usize) -> Self {
        let pages = self.pages[..len.div_ceil(PAGE)].to_vec();
        Self { shape: self.shape, pages, len }
    }

    /// Counts `tokens` more as complete, once every layer has written them.
    pub(crate) fn grow(&mut self, tokens: usize) {
        self.len += tokens;
    }

    /// Writes one token's keys and values of one layer, head after head.
    pub(crate) fn write(&mut self, layer: usize, position: usize, keys: &[f32], values: &[f32]) {
        let shape = self.shape;
        let slot = position % PAGE;
        let page = self.page_mut(position / PAGE);
        for head in 0..shape.heads {
            let of_head = head * shape.head_size..(head + 1) * shape.head_size;
            let start = shape.offset(layer, head);
            let column = page.keys[start + slot..].iter_mut().step_by(PAGE);
            for (to, from) in column.zip(&keys[of_head.clone()]) {
                *to = *from;
            }
            page.values[start + slot * shape.head_size..][..shape.head_size]
                .copy_from_slice(&values[of_head]);
        }
    }

    /// Keys and values of one layer and head, page by page.
    pub(crate) fn pages(
        &self,
        layer: usize,
        head: usize,
    ) -> impl Iterator<Item = (&[f32], &[f32])> {
        let start = self.shape.offset(layer, head);
        let len = self.shape.head_len();
        self.pages
            .iter()
            .map(move |page| (&page.keys[start..][..len], &page.values[start..][..len]))
    }

    fn page_mut(&mut self, index: usize) -> &mut Page {
        if index == self.pages.len() {
            let len = self.shape.offset(self.shape.layers, 0);
            self.pages.push(Arc::new(Page { keys: vec![0.0; len], values: vec![0.0; len] }));
        }
        Arc::make_mut(&mut self.pages[index])
    }
}

/// The prompts last computed, the most recent one at the end.
#[derive(Default)]
pub(crate) struct Prefixes {
    kept: Vec<(Vec<u32>, Sequence)>,
}

impl Prefixes {
    /// What is already known of `prompt`, without its last token: that one is
    /// always computed, for what follows it.
    pub(crate) fn longest(&mut self, prompt: &[u32], shape: PageShape) -> Sequence {
        let usable = prompt.len().saturating_sub(1);
        let best = self
            .kept
            .iter()
            .enumerate()
            .map(|(index, (tokens, _))| (common(tokens, &prompt[..usable]), index))
            .max();
        match best {
            Some((len, index)) if len > 0 => {
                let entry = self.kept.remove(index);
                let prefix = entry.1.prefix(len);
                self.kept.push(entry);
                prefix
            }
            _ => Sequence::new(shape),
        }
    }

    /// Keeps a prompt, and drops those unused for longest while the pages kept
    /// are too many.
    pub(crate) fn keep(&mut self, prompt: &[u32], sequence: &Sequence) {
        self.kept.retain(|(tokens, _)| !prompt.starts_with(tokens));
        self.kept.push((prompt.to_vec(), sequence.clone()));
        while self.distinct_pages() > KEPT_PAGES {
            self.kept.remove(0);
        }
    }

    fn distinct_pages(&self) -> usize {
        let pages = self.kept.iter().flat_map(|(_, sequence)| &sequence.pages);
        pages.map(Arc::as_ptr).collect::<HashSet<_>>().len()
    }
}

/// How many tokens two sequences share from their start.
fn common(a: &[u32], b: &[u32]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: PageShape = PageShape { layers: 2, heads: 1, head_size: 4 };

    /// A sequence whose keys and values are all its token's number.
    fn sequence(tokens: &[u32]) -> Sequence {
        let mut sequence = Sequence::new(SHAPE);
        append(&mut sequence, tokens);
        sequence
    }

    fn append(sequence: &mut Sequence, tokens: &[u32]) {
        for token in tokens {
            for layer in 0..SHAPE.layers {
                sequence.write(layer, sequence.len(), &[*token as f32; 4], &[*token as f32; 4]);
            }
            sequence.grow(1);
        }
    }

    fn values(sequence: &Sequence) -> Vec<u32> {
        let pages = sequence.pages(1, 0).flat_map(|(_, values)| values.iter().step_by(4));
        pages.take(sequence.len()).map(|value| *value as u32).collect()
    }

    fn tokens(range: std::ops::Range<u32>) -> Vec<u32> {
        range.collect()
    }

    #[test]
    fn the_longest_common_prefix_is_taken_over() {
        let mut prefixes = Prefixes::default();
        prefixes.keep(&tokens(0..50), &sequence(&tokens(0..50)));
        prefixes.keep(&tokens(0..20), &sequence(&tokens(0..20)));
        let prompt = [tokens(0..40), tokens(90..99)].concat();
        assert_eq!(values(&prefixes.longest(&prompt, SHAPE)), tokens(0..40));
    }

    #[test]
    fn the_last_token_of_a_prompt_is_left_to_compute() {
        let mut prefixes = Prefixes::default();
        prefixes.keep(&tokens(0..50), &sequence(&tokens(0..50)));
        assert_eq!(prefixes.longest(&tokens(0..50), SHAPE).len(), 49);
    }

    #[test]
    fn writing_behind_a_shared_prefix_leaves_the_kept_one_alone() {
        let mut prefixes = Prefixes::default();
        prefixes.keep(&tokens(0..50), &sequence(&tokens(0..50)));
        let mut other = prefixes.longest(&[tokens(0..40), vec![77, 78]].concat(), SHAPE);
        append(&mut other, &[77]);
        assert_eq!(values(&other), [tokens(0..40), vec![77]].concat());
        assert_eq!(values(&prefixes.longest(&tokens(0..51), SHAPE)), tokens(0..50));
    }

    #[test]
    fn prompts_unused_for_longest_go_when_the_pages_are_too_many() {
        let mut prefixes = Prefixes::default();
        let long = |first: u32| tokens(first..first + 1800);
        for first in [0, 10_000] {
            prefixes.keep(&long(first), &sequence(&long(first)));
        }
        assert_eq!(prefixes.longest(&long(0), SHAPE).len(), 1799);
        prefixes.keep(&long(20_000), &sequence(&long(20_000)));
        assert_eq!(prefixes.longest(&long(0), SHAPE).len(), 1799, "used last");
        assert_eq!(prefixes.longest(&long(10_000), SHAPE).len(), 0, "unused for longest");
        assert!(prefixes.distinct_pages() <= KEPT_PAGES);
    }
}
