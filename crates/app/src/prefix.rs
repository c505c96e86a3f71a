//! What a change costs in a provider's prompt cache.
//!
//! Providers keep the beginning of a request and charge less for one that begins alike, so what all cases of a variant
//! share from the first letter on is what they can keep. A change at its end loses little, one in its first line all of
//! it, and an input that moved to the top makes nothing cacheable for good. Requests are rendered here as they would be
//! sent and compared letter by letter; nothing is sent, and tokens are estimates.

use std::collections::HashMap;

use assay_engine::{Compared, ComparedPair, RunSpec};
use assay_prompt::{Prompt, Rendered, Row, estimate_tokens, shots_wanted};
use assay_store::NewColumn;
use assay_wire::{ApiError, PrefixView};

use crate::app::App;

/// Cases that are rendered: what so many share, others will.
const MOST_CASES: usize = 24;

/// The longest beginning that is looked at, in bytes.
const LONGEST: usize = 400_000;

/// The prompts of both runs of a comparison.
pub(crate) struct Prefixes<'a> {
    app: &'a App,
    sides: [HashMap<String, Prompt>; 2],
}

impl<'a> Prefixes<'a> {
    pub fn of(app: &'a App, compared: &Compared) -> Result<Self, ApiError> {
        let prompts = |run: &str| -> Result<HashMap<String, Prompt>, ApiError> {
            let spec: RunSpec = app.spec_of(run)?;
            Ok(spec.prompts.iter().map(|source| (source.key.clone(), source.parse())).collect())
        };
        let base = prompts(&compared.base.run.to_string())?;
        Ok(Self { app, sides: [base, prompts(&compared.head.run.to_string())?] })
    }

    /// What both sides share of their requests; none where they ask the same, or only one case tells.
    pub fn of_pair(&self, pair: &ComparedPair) -> Option<PrefixView> {
        let cases: Vec<&Row> = pair.cases.iter().take(MOST_CASES).map(|case| &case.case).collect();
        if cases.len() < 2 {
            return None;
        }
        let base = self.shared(0, &pair.base, &cases)?;
        let head = self.shared(1, &pair.head, &cases)?;
        if base == head {
            return None;
        }
        let kept = common(&base, &head);
        let tokens = |text: &str| u32::try_from(estimate_tokens(text)).unwrap_or(u32::MAX);
        Some(PrefixView { base: tokens(&base), head: tokens(&head), kept: tokens(kept) })
    }

    /// The beginning that the requests of all cases share. A case that cannot be rendered was not asked either.
    fn shared(&self, side: usize, column: &NewColumn, cases: &[&Row]) -> Option<String> {
        let prompt = self.sides[side].get(&column.prompt)?;
        let variant = prompt.variant(&column.variant)?;
        // Examples that are chosen for each case are shared by none, and choosing them takes the embedding model.
        if shots_wanted(prompt, variant).is_some() {
            return None;
        }
        let neighbours = self.app.inner.models.neighbours();
        let rendered =
            cases.iter().filter_map(|case| neighbours.render(prompt, variant, case).ok());
        let mut shared: Option<String> = None;
        for request in rendered.map(|rendered| request(&rendered)) {
            match &mut shared {
                Some(shared) => shared.truncate(common(shared, &request).len()),
                None => shared = Some(request),
            }
        }
        shared
    }
}

/// A request as far as a cache looks at it: who speaks, and the words.
fn request(rendered: &Rendered) -> String {
    let mut text = String::new();
    for message in &rendered.messages {
        text.push_str(message.role.as_str());
        text.push('\n');
        text.extend(message.segments.iter().map(|segment| segment.text.as_str()));
        text.push('\n');
        if text.len() > LONGEST {
            text.truncate(text.floor_char_boundary(LONGEST));
            break;
        }
    }
    text
}

/// The beginning that two texts share, in whole characters.
fn common<'t>(one: &'t str, other: &str) -> &'t str {
    let same = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    &one[..one.floor_char_boundary(same)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_requests_share_ends_before_a_half_character() {
        assert_eq!(common("system\nBe brief. é", "system\nBe brief. è"), "system\nBe brief. ");
        assert_eq!(common("a", ""), "");
    }
}
