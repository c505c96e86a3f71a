//! The cells of a lane, taken in turn from each of its columns.
//!
//! Variants of one prompt are compared with each other, so a run that is looked at half done, or stopped, should have
//! answered about as many cells of each.

use std::collections::VecDeque;

/// Cells waiting, by column.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    columns: Vec<(u32, VecDeque<u32>)>,
    turn: usize,
    len: usize,
}

impl Queue {
    /// Adds a cell behind the others of its column.
    pub fn push(&mut self, column: u32, cell: u32) {
        self.column(column).push_back(cell);
        self.len += 1;
    }

    /// Puts a cell back in front of those of its column.
    pub fn put_back(&mut self, column: u32, cell: u32) {
        self.column(column).push_front(cell);
        self.len += 1;
    }

    /// The next cell, of the next column that has one.
    pub fn pop(&mut self) -> Option<(u32, u32)> {
        for _ in 0..self.columns.len() {
            let (column, cells) = &mut self.columns[self.turn];
            let popped = cells.pop_front().map(|cell| (*column, cell));
            self.turn = (self.turn + 1) % self.columns.len();
            if popped.is_some() {
                self.len -= 1;
                return popped;
            }
        }
        None
    }

    /// Cells waiting.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn column(&mut self, column: u32) -> &mut VecDeque<u32> {
        let place = match self.columns.iter().position(|(known, _)| *known == column) {
            Some(place) => place,
            None => {
                self.columns.push((column, VecDeque::new()));
                self.columns.len() - 1
            }
        };
        &mut self.columns[place].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(cells: &[(u32, u32)]) -> Queue {
        let mut queue = Queue::default();
        for (column, cell) in cells {
            queue.push(*column, *cell);
        }
        queue
    }

    #[test]
    fn columns_take_turns_however_they_were_filled() {
        let mut queue = queue(&[(0, 0), (0, 1), (0, 2), (1, 3), (2, 4), (2, 5)]);
        let order: Vec<_> = std::iter::from_fn(|| queue.pop()).map(|(_, cell)| cell).collect();
        assert_eq!(order, [0, 3, 4, 1, 5, 2]);
        assert!(queue.is_empty());
    }

    #[test]
    fn a_cell_that_is_pushed_again_comes_after_the_others_of_its_column() {
        let mut queue = queue(&[(0, 0), (0, 1)]);
        let (column, cell) = queue.pop().expect("a cell");
        queue.push(column, cell);
        let order: Vec<_> = std::iter::from_fn(|| queue.pop()).map(|(_, cell)| cell).collect();
        assert_eq!(order, [1, 0]);
    }

    #[test]
    fn a_cell_that_is_put_back_comes_before_the_others_of_its_column() {
        let mut queue = queue(&[(0, 0), (0, 1)]);
        let (column, cell) = queue.pop().expect("a cell");
        queue.put_back(column, cell);
        assert_eq!((queue.len(), queue.pop()), (2, Some((0, 0))));
    }
}
