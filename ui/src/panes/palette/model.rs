//! What is found for the letters typed, and how the sheet is ordered.

use assay_wire::PromptSummary;

use crate::actions::{ACTIONS, Action, Entry};

/// What choosing something does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// An action.
    Action(Action),
    /// Opening the prompt of that key.
    Prompt(String),
}

/// Something found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub title: String,
    /// What kind of thing it is.
    pub note: String,
    /// Its shortcut.
    pub keys: Option<&'static str>,
    /// What choosing it does.
    pub target: Target,
}

/// Everything that has the typed letters in their order, best first. `@` looks among prompts only.
pub fn search<'a>(
    typed: &str,
    actions: impl Iterator<Item = &'a Entry>,
    prompts: &[PromptSummary],
) -> Vec<Found> {
    let (only_prompts, letters) = match typed.trim().strip_prefix('@') {
        Some(rest) => (true, rest),
        None => (false, typed.trim()),
    };
    let of_actions = actions.filter(|_| !only_prompts).map(of_action);
    let mut found: Vec<(u32, Found)> = of_actions
        .chain(prompts.iter().map(of_prompt))
        .filter_map(|found| Some((distance(letters, &found.title)?, found)))
        .collect();
    found.sort_by_key(|(distance, _)| *distance);
    found.into_iter().map(|(_, found)| found).collect()
}

fn of_action(entry: &Entry) -> Found {
    Found {
        title: entry.title.to_owned(),
        note: entry.group.to_owned(),
        keys: entry.keys.first().copied(),
        target: Target::Action(entry.action),
    }
}

fn of_prompt(prompt: &PromptSummary) -> Found {
    Found {
        title: prompt.name.clone(),
        note: prompt.key.clone(),
        keys: None,
        target: Target::Prompt(prompt.key.clone()),
    }
}

/// How far apart the letters stand in the text, or `None` when they are not all there in order.
fn distance(letters: &str, text: &str) -> Option<u32> {
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let (mut at, mut gaps) = (0, 0);
    for letter in letters.to_lowercase().chars().filter(|c| !c.is_whitespace()) {
        let step = text[at..].iter().position(|c| *c == letter)?;
        gaps += step as u32;
        at += step + 1;
    }
    Some(gaps)
}

/// Actions that have a shortcut, by group, in the order of the list.
pub fn groups() -> Vec<(&'static str, Vec<&'static Entry>)> {
    let mut groups: Vec<(&'static str, Vec<&'static Entry>)> = Vec::new();
    for entry in ACTIONS.iter().filter(|entry| !entry.keys.is_empty()) {
        match groups.iter_mut().find(|(group, _)| *group == entry.group) {
            Some((_, entries)) => entries.push(entry),
            None => groups.push((entry.group, vec![entry])),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(typed: &str) -> Vec<String> {
        search(typed, ACTIONS.iter(), &[]).into_iter().map(|found| found.title).collect()
    }

    #[test]
    fn nothing_typed_offers_everything() {
        assert_eq!(titles("").len(), ACTIONS.len());
    }

    #[test]
    fn letters_in_order_are_enough_and_close_ones_win() {
        assert_eq!(titles("sett").first().map(String::as_str), Some("Settings"));
        assert_eq!(titles("runop").first().map(String::as_str), Some("Run the open prompt"));
        assert!(titles("zzz").is_empty());
    }

    #[test]
    fn an_at_sign_looks_among_prompts_only() {
        assert!(titles("@").is_empty());
    }

    #[test]
    fn the_sheet_shows_every_shortcut_once() {
        let shown: usize = groups().iter().map(|(_, entries)| entries.len()).sum();
        assert_eq!(shown, ACTIONS.iter().filter(|entry| !entry.keys.is_empty()).count());
    }
}
