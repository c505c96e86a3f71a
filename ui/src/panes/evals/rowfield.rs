//! A field of one row of a list.

use leptos::prelude::*;

use super::{forms::List, values::Unfit};
use crate::components::TextField;

/// Reads a key of a row as text.
pub type ReadKey<T> = fn(&T) -> String;
/// Sets a key of a row to what was typed; the other rows are there to compare with.
pub type SetKey<T> = fn(&mut T, &[T], &str) -> Result<(), Unfit>;

/// A text field over one key of a row.
#[component]
pub fn RowField<T: Clone + PartialEq + Send + Sync + 'static>(
    /// The list.
    list: List<T>,
    /// Which row.
    at: usize,
    /// The key, as the file has it.
    key: &'static str,
    /// Its name for people.
    label: &'static str,
    /// How it is read.
    get: ReadKey<T>,
    /// How it is set.
    set: SetKey<T>,
    /// What is wrong with it at first sight.
    #[prop(default = unchecked)]
    check: fn(&str) -> Option<&'static str>,
    /// What it is for.
    #[prop(optional)]
    about: &'static str,
    /// Shown while it is empty.
    #[prop(optional)]
    placeholder: &'static str,
    /// How many lines; one when 0.
    #[prop(optional)]
    lines: u32,
    /// Id of a `datalist`.
    #[prop(optional)]
    known: &'static str,
    /// Across the whole form.
    #[prop(optional)]
    wide: bool,
) -> impl IntoView {
    let value = Signal::derive(move || list.of(at, get));
    let seen = move || Some(check(&value.get())?.to_owned());
    view! {
        <TextField
            label value
            take=Box::new(move |typed| list.change(at, key, |row, others| {
                set(row, others, &typed).map_err(|unfit| unfit.to_string())
            }))
            trouble=Signal::derive(move || list.trouble_at(at, key).or_else(seen))
            about=Signal::derive(move || about.to_owned())
            placeholder lines list=known wide
            testid=format!("{}-{at}-{key}", list.section().what())
        />
    }
}

/// Sees nothing wrong.
pub fn unchecked(_: &str) -> Option<&'static str> {
    None
}
