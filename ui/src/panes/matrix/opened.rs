//! The cell that is open in the inspector: everything about it, and its text while it is being written.

use assay_wire::{ApiError, CellView, ReadCell, WatchCell};
use leptos::{prelude::*, task::spawn_local};

use super::{model, turn::Turn};
use crate::{ipc, state::Load};

/// The opened cell.
#[derive(Clone, Copy)]
pub struct Opened {
    run: StoredValue<Option<String>>,
    ordinal: RwSignal<Option<u32>>,
    view: RwSignal<Load<CellView>>,
    text: RwSignal<String>,
    reads: Turn,
}

impl Opened {
    /// None yet.
    pub(super) fn new() -> Self {
        Self {
            run: StoredValue::new(None),
            ordinal: RwSignal::new(None),
            view: RwSignal::new(Load::Loading),
            text: RwSignal::new(String::new()),
            reads: Turn::new(),
        }
    }

    /// Its number in the run.
    pub fn ordinal(self) -> Signal<Option<u32>> {
        self.ordinal.into()
    }

    /// Its run and its number.
    pub fn place(self) -> Option<(String, u32)> {
        Some((self.run.get_value()?, self.ordinal.get_untracked()?))
    }

    /// Everything about it.
    pub fn view(self) -> Signal<Load<CellView>> {
        self.view.into()
    }

    /// What the model has written of it so far.
    pub fn text(self) -> Signal<String> {
        self.text.into()
    }

    pub(super) fn open(self, run: String, cell: u32) {
        if self.ordinal.get_untracked() == Some(cell) {
            return;
        }
        self.view.set(Load::Loading);
        self.text.set(String::new());
        self.ordinal.set(Some(cell));
        self.run.set_value(Some(run));
        self.watch();
        self.read();
    }

    pub(super) fn close(self) {
        if self.ordinal.get_untracked().is_some() {
            self.ordinal.set(None);
            self.watch();
        }
    }

    /// More text of a cell. What was missed is asked for by watching anew, which starts at 0.
    pub(super) fn stream(self, cell: u32, from: usize, piece: &str) {
        if self.ordinal.get_untracked() != Some(cell) {
            return;
        }
        let fits = self.text.try_update(|text| model::continued(text, from, piece));
        if fits == Some(false) {
            self.watch();
        }
    }

    /// Reads a cell again that could not be read.
    pub(super) fn try_again(self) {
        self.view.set(Load::Loading);
        self.read();
    }

    /// Reads the cell again if it is among those that changed.
    pub(super) fn refresh_if(self, stale: &[(u32, u32)]) {
        let Some(cell) = self.ordinal.get_untracked() else { return };
        if model::touches(stale, &(cell..cell + 1)) {
            self.read();
        }
    }

    fn watch(self) {
        let Some(run) = self.run.get_value() else { return };
        let cell = self.ordinal.get_untracked();
        spawn_local(async move {
            // Without the stream the cell still shows its output when it is done.
            if let Err(error) = ipc::call(WatchCell { run, cell }).await {
                leptos::logging::warn!("not watching a cell: {error}");
            }
        });
    }

    fn read(self) {
        let (Some(run), Some(cell)) = (self.run.get_value(), self.ordinal.get_untracked()) else {
            return;
        };
        if !self.reads.take() {
            return;
        }
        spawn_local(async move {
            let read = ipc::call(ReadCell { run: run.clone(), cell }).await;
            let again = self.reads.leave();
            self.take(&run, cell, read);
            if again {
                self.read();
            }
        });
    }

    fn take(self, run: &str, cell: u32, read: Result<CellView, ApiError>) {
        let same_run = self.run.with_value(|now| now.as_deref() == Some(run));
        let view = read.into();
        let news = self.view.with_untracked(|shown| *shown != view);
        if same_run && news && self.ordinal.get_untracked() == Some(cell) {
            self.view.set(view);
        }
    }
}
