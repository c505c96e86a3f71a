//! What the settings decide: what is typed in the forms, and how providers, prices and hosts are put in words.

mod declaration;
mod draft;
mod price;

use assay_wire::{LedgerView, LimitsView, ProviderTest};

use crate::panes::toolbar::grouped;

pub use declaration::{Declared, objection, with};
pub use draft::{Draft, free_name, presets_grouped};
pub use price::{PriceDraft, shown};

/// Model names shown of an answer before it says how many more there are.
const SHOWN_MODELS: usize = 12;

/// Ids of the models a provider named, as prompts name them, and how many more there are.
pub fn offered(name: &str, test: &ProviderTest) -> (Vec<String>, usize) {
    let ids =
        test.models.iter().take(SHOWN_MODELS).map(|model| format!("{name}/{model}")).collect();
    (ids, test.models.len().saturating_sub(SHOWN_MODELS))
}

/// What a provider allows, in words; `None` where it is found out from its answers.
pub fn limit_words(limits: &LimitsView) -> Option<String> {
    let named = [
        limits.concurrency.map(|n| format!("{} at once", grouped(n.into()))),
        limits.rpm.map(|n| format!("{} requests a minute", grouped(n))),
        limits.tpm.map(|n| format!("{} tokens a minute", grouped(n))),
    ];
    let words: Vec<_> = named.into_iter().flatten().collect();
    (!words.is_empty()).then(|| format!("At most {}", words.join(", ")))
}

/// How often a host was contacted, or kept from being.
pub fn request_words(entry: &LedgerView) -> String {
    let times = match entry.requests {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{} times", grouped(n)),
    };
    if entry.refused { format!("refused {times}, nothing sent") } else { times }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offered_models_are_named_as_prompts_name_them() {
        let models = (0..15).map(|n| format!("m{n}")).collect();
        let (ids, more) =
            offered("work", &ProviderTest { ok: true, message: String::new(), models });
        assert_eq!((ids.len(), ids[0].as_str(), more), (12, "work/m0", 3));
    }

    #[test]
    fn limits_are_named_as_far_as_they_are_set() {
        assert_eq!(limit_words(&LimitsView::default()), None);
        let limits = LimitsView { concurrency: Some(8), rpm: None, tpm: Some(90_000) };
        assert_eq!(
            limit_words(&limits).as_deref(),
            Some("At most 8 at once, 90,000 tokens a minute")
        );
    }

    #[test]
    fn requests_are_counted_in_words_and_refused_ones_say_so() {
        let entry = |requests, refused| LedgerView {
            origin: String::new(),
            purpose: String::new(),
            requests,
            first_ms: 0,
            last_ms: 0,
            refused,
        };
        let said = [(1, false), (2, false), (1_400, false), (1, true)]
            .map(|(n, r)| request_words(&entry(n, r)));
        assert_eq!(said, ["once", "twice", "1,400 times", "refused once, nothing sent"]);
    }
}
