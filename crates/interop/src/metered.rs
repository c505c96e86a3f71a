//! One import's view of a source: what it reads is counted and remembered.
//!
//! A file may name others, hundreds of times over, and each may be large. So an import as a whole
//! reads no more than [`MAX_READ`] bytes, whatever its format; from the first file on that would go
//! beyond that, nothing more is read, and the report says so.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use crate::source::plain;
use crate::{Notes, Source, SourceError};

/// The most that one import reads, in bytes.
const MAX_READ: u64 = 64 << 20;

/// A source that is read from for one import.
pub(crate) struct Metered<'s> {
    source: &'s dyn Source,
    left: Cell<u64>,
    /// The file that was too much.
    stopped_at: RefCell<Option<String>>,
    /// What was read since the last [`Self::settle`].
    read: RefCell<BTreeSet<String>>,
    /// What came over as part of a prompt.
    taken: RefCell<BTreeSet<String>>,
    /// What is not listed any more.
    hidden: RefCell<BTreeSet<String>>,
}

impl<'s> Metered<'s> {
    pub fn new(source: &'s dyn Source) -> Self {
        Self {
            source,
            left: Cell::new(MAX_READ),
            stopped_at: RefCell::default(),
            read: RefCell::default(),
            taken: RefCell::default(),
            hidden: RefCell::default(),
        }
    }

    /// Ends an attempt: when a prompt came of it, the files that were read are part of that.
    pub fn settle(&self, came_over: bool) {
        let mut read = self.read.take();
        if came_over {
            self.taken.borrow_mut().append(&mut read);
        }
    }

    /// Whether the file came over, by itself or because another names it.
    pub fn is_taken(&self, path: &str) -> bool {
        self.taken.borrow().contains(path)
    }

    /// Lists what came over no more, so that another format does not read it a second time.
    pub fn hide_taken(&self) {
        *self.hidden.borrow_mut() = self.taken.borrow().clone();
    }

    /// Says that something was not read; importers may have gone on without it.
    pub fn note(&self, notes: &mut Notes) {
        if let Some(path) = &*self.stopped_at.borrow() {
            notes.left_out(path, "this file and all that were to be read after it", reason());
        }
    }

    fn stop(&self, path: &str) -> SourceError {
        self.stopped_at.borrow_mut().get_or_insert_with(|| path.to_owned());
        SourceError::Unreadable { path: path.to_owned(), reason: reason() }
    }
}

fn reason() -> String {
    format!("an import reads no more than {} MB: import its parts one by one", MAX_READ >> 20)
}

impl Source for Metered<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, SourceError> {
        if self.stopped_at.borrow().is_some() {
            return Err(self.stop(path));
        }
        let bytes = self.source.read(path)?;
        let left =
            self.left.get().checked_sub(bytes.len() as u64).ok_or_else(|| self.stop(path))?;
        self.left.set(left);
        self.read.borrow_mut().extend(plain(path, false));
        Ok(bytes)
    }

    fn list(&self) -> Vec<String> {
        let hidden = self.hidden.borrow();
        self.source.list().into_iter().filter(|path| !hidden.contains(path)).collect()
    }

    fn head(&self, path: &str) -> Result<Vec<u8>, SourceError> {
        self.source.head(path)
    }

    fn name(&self) -> Option<String> {
        self.source.name()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Every path is a file of a megabyte.
    struct Endless;

    impl Source for Endless {
        fn read(&self, _: &str) -> Result<Vec<u8>, SourceError> {
            Ok(vec![b' '; 1 << 20])
        }

        fn list(&self) -> Vec<String> {
            vec!["a".to_owned(), "b".to_owned()]
        }
    }

    #[test]
    fn an_import_reads_64_mb_and_names_the_file_that_was_too_much() {
        let source = Metered::new(&Endless);
        let read = (0..70).take_while(|at| source.read(&format!("{at}")).is_ok()).count();
        assert_eq!(read, 64);
        let mut notes = Notes::default();
        source.note(&mut notes);
        let [note] = notes.list() else { panic!("{notes:?}") };
        assert_eq!(note.place, "64");
        assert!(note.why.contains("64 MB"), "{}", note.why);
        assert!(source.read("0").is_err(), "what was read before is not read again either");
    }

    #[test]
    fn what_came_over_is_listed_no_more_and_what_was_refused_is() {
        let source = Metered::new(&Endless);
        source.read("a").unwrap();
        source.settle(true);
        source.read("b").unwrap();
        source.settle(false);
        assert!(source.is_taken("a") && !source.is_taken("b"));
        assert_eq!(source.list(), ["a", "b"]);
        source.hide_taken();
        assert_eq!(source.list(), ["b"]);
    }
}
