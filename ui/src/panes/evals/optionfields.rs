//! The options of a scorer as fields, one for each that its type reads.

use assay_prompt::ScorerSpec;
use leptos::prelude::*;

use super::{
    forms::List,
    options::{self, ScorerOption, Takes},
};
use crate::components::{CheckField, Choice, ChoiceField, TextField};

/// The fields of a scorer's options.
#[component]
pub fn OptionFields(list: List<ScorerSpec>, at: usize) -> impl IntoView {
    let kind = Memo::new(move |_| list.of(at, |scorer| scorer.kind.clone()));
    move || {
        let fields = options::of(&kind.get()).iter();
        fields.map(|option| view! { <OptionField list at option /> }).collect_view()
    }
}

#[component]
fn OptionField(list: List<ScorerSpec>, at: usize, option: &'static ScorerOption) -> impl IntoView {
    let testid = format!("scorer-{at}-option-{}", option.name);
    let value = Signal::derive(move || list.of(at, |scorer| option.text(scorer)));
    let take = move |typed: String| {
        list.change(at, "options", |scorer, _| {
            option.set(scorer, &typed).map_err(|unfit| unfit.to_string())
        })
    };
    match option.takes {
        Takes::Flag(_) => view! {
            <CheckField
                label=option.label about=option.about testid
                value=Signal::derive(move || list.of(at, |scorer| option.is_on(scorer)))
                take=Box::new(move |on| list.change(at, "options", |scorer, _| {
                    option.switch(scorer, on);
                    Ok(())
                }))
            />
        }
        .into_any(),
        Takes::Word(words) => {
            let choices: Vec<Choice> = words.iter().map(|word| Choice::plain(word)).collect();
            view! {
                <ChoiceField
                    label=option.label value choices=Signal::stored(choices) testid take=Box::new(take)
                    about=Signal::derive(move || option.about.to_owned())
                />
            }
            .into_any()
        }
        Takes::Number(_) | Takes::Whole(_) | Takes::Text(_) | Takes::Lines => {
            let lines = if option.takes == Takes::Lines { 3 } else { 0 };
            view! {
                <TextField
                    label=option.label value testid take=Box::new(take) placeholder=option.placeholder() lines
                    about=Signal::derive(move || option.about.to_owned())
                />
            }
            .into_any()
        }
    }
}
