//! Two revisions and what differs between them, in files and in the messages that a model would be sent.

use assay_wire::{DifferenceView, ReadDifference, ReadRendered, RenderedView};
use leptos::{prelude::*, task::spawn_local};

use super::model::{self, Question};
use crate::{
    ipc,
    state::{Documents, Load, context},
};

/// What is shown of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// The files, in words of prompts and line by line.
    Files,
    /// The messages that would be sent.
    Messages,
}

/// Two revisions.
#[derive(Clone, Copy)]
pub struct Between {
    base: RwSignal<String>,
    head: RwSignal<String>,
    prompt: RwSignal<String>,
    case: RwSignal<String>,
    of: RwSignal<Of>,
    files: RwSignal<Option<Load<DifferenceView>>>,
    messages: RwSignal<Option<Load<RenderedView>>>,
    asked: StoredValue<u64>,
    documents: Documents,
}

impl Between {
    /// Nothing asked: the files on disk against the last commit would be.
    pub fn new() -> Self {
        Self {
            base: RwSignal::new(String::new()),
            head: RwSignal::new(String::new()),
            prompt: RwSignal::new(String::new()),
            case: RwSignal::new(String::new()),
            of: RwSignal::new(Of::Files),
            files: RwSignal::new(None),
            messages: RwSignal::new(None),
            asked: StoredValue::new(0),
            documents: context(),
        }
    }

    /// Name of the base as typed; the last commit when empty.
    pub fn base(self) -> RwSignal<String> {
        self.base
    }

    /// Name of the head as typed; the files on disk when empty.
    pub fn head(self) -> RwSignal<String> {
        self.head
    }

    /// Only messages of this prompt; of all when empty.
    pub fn prompt(self) -> RwSignal<String> {
        self.prompt
    }

    /// Only messages of this case; when empty, of each variant the first one with other messages.
    pub fn case(self) -> RwSignal<String> {
        self.case
    }

    /// What is shown.
    pub fn of(self) -> Signal<Of> {
        self.of.into()
    }

    /// The files that differ; `None` until asked.
    pub fn files(self) -> Signal<Option<Load<DifferenceView>>> {
        self.files.into()
    }

    /// The messages that differ; `None` until asked.
    pub fn messages(self) -> Signal<Option<Load<RenderedView>>> {
        self.messages.into()
    }

    /// Forgets what belonged to another project.
    pub fn forget(self) {
        self.asked.update_value(|asked| *asked += 1);
        for name in [self.base, self.head, self.prompt, self.case] {
            name.set(String::new());
        }
        self.files.set(None);
        self.messages.set(None);
    }

    /// Shows what differs between these two; the files on disk without a head.
    pub fn show(self, base: String, head: Option<String>) {
        self.base.set(base);
        self.head.set(head.unwrap_or_default());
        self.read();
    }

    /// Shows files or messages.
    pub fn choose(self, of: Of) {
        if self.of.get_untracked() != of {
            self.of.set(of);
            self.read();
        }
    }

    fn question(self) -> Question {
        untrack(|| model::question(&self.base.get(), &self.head.get()))
    }

    /// Asks what differs.
    pub fn read(self) {
        match self.of.get_untracked() {
            Of::Files => self.read_files(),
            Of::Messages => self.read_messages(),
        }
    }

    fn turn(self) -> u64 {
        self.asked.update_value(|asked| *asked += 1);
        self.asked.get_value()
    }

    fn read_files(self) {
        let (asked, Question { base, head }) = (self.turn(), self.question());
        self.files.set(Some(Load::Loading));
        spawn_local(async move {
            self.documents.flush().await;
            let read = ipc::call(ReadDifference { base, head }).await;
            if self.asked.get_value() == asked {
                self.files.set(Some(read.into()));
            }
        });
    }

    fn read_messages(self) {
        let (asked, Question { base, head }) = (self.turn(), self.question());
        let [prompts, cases] =
            [self.prompt, self.case].map(|name| model::named(&name.get_untracked()));
        self.messages.set(Some(Load::Loading));
        spawn_local(async move {
            self.documents.flush().await;
            let read = ipc::call(ReadRendered { base, head, prompts, cases }).await;
            if self.asked.get_value() == asked {
                self.messages.set(Some(read.into()));
            }
        });
    }
}

impl Default for Between {
    fn default() -> Self {
        Self::new()
    }
}
