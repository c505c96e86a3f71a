//! Who rates, and sharing ratings, signed.

use assay_wire::{ApiError, RaterView, ReadRater, SetRater, ShareRatings, SharedRatings};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::{Button, CheckField, ErrorNote, Kind, Mark},
    ipc,
    state::{Load, Toasts, context},
};

/// Who rates, with what can be changed about it. `changed` rises when it is somebody else.
#[component]
pub(super) fn RaterLine(changed: RwSignal<u32>) -> impl IntoView {
    let rater = RwSignal::new(Load::<RaterView>::Loading);
    let trouble = RwSignal::new(None::<ApiError>);
    let read = move || {
        spawn_local(async move {
            // The view may be gone by the time the answer comes.
            rater.try_set(ipc::call(ReadRater {}).await.into());
        });
    };
    read();
    let change = move |change: SetRater| {
        spawn_local(async move {
            let before = rater.with_untracked(|r| r.ready().map(|r| r.name.clone()));
            match ipc::call(change).await {
                Ok(now) => {
                    trouble.try_set(None);
                    if before.as_ref() != Some(&now.name) {
                        changed.try_update(|n| *n += 1);
                    }
                    rater.try_set(Load::Ready(now));
                }
                Err(error) => drop(trouble.try_set(Some(error))),
            }
        });
    };
    view! {
        {move || match rater.get() {
            Load::Loading => ().into_any(),
            Load::Failed(error) => view! {
                <ErrorNote error actions=move || view! {
                    <Button small=true on_press=move |_| read()>"Try again"</Button>
                } />
            }
            .into_any(),
            Load::Ready(rater) => view! { <RaterForm rater change trouble /> }.into_any(),
        }}
        {move || trouble.get().map(|error| view! { <ErrorNote error /> })}
    }
}

#[component]
fn RaterForm(
    rater: RaterView,
    change: impl Fn(SetRater) + Copy + Send + Sync + 'static,
    trouble: RwSignal<Option<ApiError>>,
) -> impl IntoView {
    let RaterView { name, from_git, known, share_by_itself } = rater;
    let whence = if from_git {
        "Your name in git; type another to rate as somebody else"
    } else {
        "Empty it to rate under your name in git"
    };
    let toasts = context::<Toasts>();
    let rename = move |name: String| change(SetRater { name: Some(name), share_by_itself: None });
    view! {
        <label class="ratings__rater" title=whence>
            <span class="quiet">"Rating as"</span>
            <input
                class="input" type="text" autocomplete="off" maxlength="80" list="ratings-raters" data-testid="rater-name"
                prop:value=name on:change:target=move |event| rename(event.target().value())
            />
        </label>
        <datalist id="ratings-raters">{known.into_iter().map(|name| view! { <option value=name></option> }).collect_view()}</datalist>
        <CheckField
            label="Share with every sync" value=Signal::stored(share_by_itself) testid="rater-by-itself"
            take=Box::new(move |share| { change(SetRater { name: None, share_by_itself: Some(share) }); Ok(()) })
        />
        <Button
            small=true kind=Kind::Quiet icon=Mark::Export testid="ratings-share"
            hint="Sign what you rated since the last time, for the next sync to send; outputs stay here, only their hashes go"
            on_press=move |_| share(trouble, toasts)
        >"Share ratings"</Button>
    }
}

fn share(trouble: RwSignal<Option<ApiError>>, toasts: Toasts) {
    spawn_local(async move {
        match ipc::call(ShareRatings {}).await {
            Ok(shared) => toasts.say(shared_words(&shared)),
            Err(error) => drop(trouble.try_set(Some(error))),
        }
    });
}

fn shared_words(shared: &SharedRatings) -> String {
    let labels: u32 = shared.files.iter().map(|file| file.added).sum();
    let signed = match shared.signed {
        0 => format!("{} has rated nothing that is not shared yet", shared.rater),
        1 => "1 rating signed; Sync sends it".to_owned(),
        n => format!("{n} ratings signed; Sync sends them"),
    };
    let labels = (labels > 0).then(|| format!("{labels} labels are written, to be committed"));
    let others =
        (shared.others > 0).then(|| format!("{} given under other names stay here", shared.others));
    [Some(signed), labels, others].into_iter().flatten().collect::<Vec<_>>().join(". ")
}

#[cfg(test)]
mod tests {
    use assay_wire::SharedFile;

    use super::*;

    #[test]
    fn sharing_says_how_much_and_what_comes_next() {
        let file =
            |added| SharedFile { path: String::new(), rater: String::new(), added, total: 9 };
        let shared = |signed, others, files| {
            shared_words(&SharedRatings {
                rater: "Ada".into(),
                signed,
                others,
                files,
                ..SharedRatings::default()
            })
        };
        assert_eq!(shared(0, 0, Vec::new()), "Ada has rated nothing that is not shared yet");
        assert_eq!(shared(1, 0, vec![file(0)]), "1 rating signed; Sync sends it");
        let all = shared(3, 2, vec![file(2), file(1)]);
        assert!(all.starts_with("3 ratings signed") && all.contains("3 labels"), "{all}");
        assert!(all.ends_with("2 given under other names stay here"), "{all}");
    }
}
