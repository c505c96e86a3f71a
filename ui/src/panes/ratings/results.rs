//! What the ratings of a run come to, with names: passes and grades by column, raters, agreement, preference.

use assay_wire::{
    AgreementView, PeopleColumn, PreferenceView, RaterCount, RatingSummary, SummarizeRatings,
};
use leptos::{prelude::*, task::spawn_local};

use super::model;
use crate::{
    components::{Blank, Button, Chip, ErrorNote, Loading, Mark, Note, Tone},
    ipc,
    state::Load,
};

/// What the ratings of a run come to.
#[component]
pub(super) fn Results(
    /// The run.
    run: String,
) -> impl IntoView {
    let summary = RwSignal::new(Load::<RatingSummary>::Loading);
    let run = StoredValue::new(run);
    let read = move || {
        summary.set(Load::Loading);
        spawn_local(async move {
            let read = ipc::call(SummarizeRatings { run: run.get_value() }).await;
            // The view may be gone by the time the answer comes.
            summary.try_set(read.into());
        });
    };
    read();
    move || {
        match summary.get() {
        Load::Loading => view! { <Loading what="Adding up the ratings" /> }.into_any(),
        Load::Failed(error) => view! {
            <div class="ratings__refused">
                <ErrorNote error actions=move || view! {
                    <Button small=true on_press=move |_| read()>"Try again"</Button>
                } />
            </div>
        }
        .into_any(),
        Load::Ready(summary) if summary.raters.is_empty() => view! {
            <Blank
                mark=Mark::Gauge title="Nobody has rated yet"
                text="Rate outputs one by one or two by two; what people say of each variant and model, and whether they agree, stands here."
            />
        }
        .into_any(),
        Load::Ready(summary) => view! { <Summary summary /> }.into_any(),
    }
    }
}

#[component]
fn Summary(summary: RatingSummary) -> impl IntoView {
    let RatingSummary { outputs, rated, columns, raters, preference, refused, .. } = summary;
    let agreements =
        [("Pass or fail", summary.pass_agreement), ("Grades", summary.grade_agreement)];
    let agreements: Vec<_> =
        agreements.into_iter().filter_map(|(what, view)| Some((what, view?))).collect();
    view! {
        <div class="results" data-testid="rating-summary">
            <p>{format!("{rated} of {outputs} different outputs are rated.")}</p>
            {(!refused.is_empty()).then(|| view! { <Refused refused /> })}
            <Columns columns />
            <Agreement agreements />
            {(!preference.is_empty()).then(|| view! { <Preference preference /> })}
            <Raters raters />
        </div>
    }
}

#[component]
fn Refused(refused: Vec<String>) -> impl IntoView {
    view! {
        <Note tone=Tone::Warn mark=Mark::Warning>
            <p>"Some of what was shared could not be read:"</p>
            <ul>{refused.into_iter().map(|line| view! { <li class="mono">{line}</li> }).collect_view()}</ul>
        </Note>
    }
}

#[component]
fn Columns(columns: Vec<PeopleColumn>) -> impl IntoView {
    let row = |column: PeopleColumn| {
        view! {
            <tr class=("quiet", !model::is_rated(&column))>
                <th scope="row">{column.variant.clone()}<span class="mono quiet">" › "{column.model.clone()}</span></th>
                <td class="number">{model::passed_words(column.passed.as_ref())}</td>
                <td class="number">{model::grade_words(column.grade.as_ref())}</td>
            </tr>
        }
    };
    view! {
        <table class="results__table">
            <caption>"What people say of each column, with 95 % intervals"</caption>
            <thead><tr><th scope="col">"Column"</th><th scope="col">"Passed"</th><th scope="col">"Mean grade"</th></tr></thead>
            <tbody>{columns.into_iter().map(row).collect_view()}</tbody>
        </table>
    }
}

#[component]
fn Agreement(agreements: Vec<(&'static str, AgreementView)>) -> impl IntoView {
    let none = agreements.is_empty();
    let line = |(what, view): (&'static str, AgreementView)| {
        view! { <p data-testid="rating-agreement"><strong>{what}": "</strong>{view.text}</p> }
    };
    view! {
        <section>
            <h3 class="facts__title">"Agreement"</h3>
            {agreements.into_iter().map(line).collect_view()}
            {none.then(|| view! { <p class="quiet">"Shown once two people have rated the same output."</p> })}
        </section>
    }
}

#[component]
fn Preference(preference: Vec<PreferenceView>) -> impl IntoView {
    let row = |view: PreferenceView| {
        let (wins, strength) = (model::wins_words(&view), model::strength_words(&view));
        view! {
            <tr>
                <th scope="row">{view.variant}<span class="mono quiet">" › "{view.model}</span></th>
                <td class="number">{wins}</td>
                <td class="number">{strength}</td>
                <td class="number">{view.comparisons}</td>
            </tr>
        }
    };
    view! {
        <table class="results__table" data-testid="rating-preference">
            <caption>"Preference, the strongest first (Bradley–Terry, 95 % intervals)"</caption>
            <thead><tr>
                <th scope="col">"Column"</th><th scope="col">"Wins"</th><th scope="col">"Strength"</th><th scope="col">"Pairs"</th>
            </tr></thead>
            <tbody>{preference.into_iter().map(row).collect_view()}</tbody>
        </table>
    }
}

#[component]
fn Raters(raters: Vec<RaterCount>) -> impl IntoView {
    let row = |count: RaterCount| {
        let name = if count.own { format!("{} (you)", count.rater) } else { count.rater };
        let stranger = count.stranger.then(|| {
            view! {
                " "<Chip tone=Tone::Warn icon=Mark::Warning hint="Signed by a key that .assay/allowed_signers does not name, or not any more">"not counted"</Chip>
            }
        });
        view! {
            <tr>
                <th scope="row">{name}{stranger}</th>
                <td class="number">{count.passes}</td><td class="number">{count.grades}</td>
                <td class="number">{count.comments}</td><td class="number">{count.preferences}</td>
            </tr>
        }
    };
    view! {
        <table class="results__table">
            <caption>"Who rated how much"</caption>
            <thead><tr>
                <th scope="col">"Rater"</th><th scope="col">"Pass or fail"</th><th scope="col">"Grades"</th>
                <th scope="col">"Comments"</th><th scope="col">"Pairs"</th>
            </tr></thead>
            <tbody>{raters.into_iter().map(row).collect_view()}</tbody>
        </table>
    }
}
