//! The text of a watched cell on its way to whoever watches, without keys.
//!
//! A stored reply has had keys taken out of it as a whole. What is shown while it still arrives has not: a server that
//! repeats a key would put it on the screen and into every message to the page. So the pieces pass through here, which
//! holds back an end that a key may begin with. It is shown with the next piece, or when the cell is read.

use assay_engine::TextChange;
use assay_net::redact::{Redactor, Secrets};

/// The text of one cell, as far as it was handed on.
pub(crate) struct Watched {
    secrets: Secrets,
    cell: Option<u32>,
    redactor: Redactor,
    /// Bytes handed on, which is where the next piece begins.
    told: usize,
    /// The beginning of a character whose rest is still held back.
    torn: Vec<u8>,
}

impl Watched {
    pub fn new(secrets: &Secrets) -> Watched {
        Watched {
            secrets: secrets.clone(),
            cell: None,
            redactor: secrets.redactor(),
            told: 0,
            torn: Vec::new(),
        }
    }

    /// Where the text goes on, and how. Nothing while all of it is held back.
    pub fn next(&mut self, change: &TextChange) -> Option<(u32, String)> {
        if change.from == 0 || self.cell != Some(change.cell) {
            *self = Watched { cell: Some(change.cell), ..Watched::new(&self.secrets) };
        }
        let mut bytes = std::mem::take(&mut self.torn);
        bytes.extend(self.redactor.push(change.text.as_bytes()));
        self.torn = bytes.split_off(whole(&bytes));
        if bytes.is_empty() {
            return None;
        }
        let from = self.told;
        self.told += bytes.len();
        Some((from as u32, String::from_utf8_lossy(&bytes).into_owned()))
    }
}

/// Bytes up to the last whole character.
fn whole(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.len(),
        Err(error) => error.valid_up_to(),
    }
}

#[cfg(test)]
mod tests {
    use assay_net::SecretString;

    use super::*;

    const KEY: &str = "sk-0123456789-0123456789";

    /// What a watcher has on the screen in the end.
    fn shown(secrets: &Secrets, pieces: &[&str]) -> String {
        let mut watched = Watched::new(secrets);
        let (mut from, mut screen) = (0, String::new());
        for piece in pieces {
            let change = TextChange { cell: 7, from, text: (*piece).to_owned() };
            from += piece.len();
            if let Some((at, text)) = watched.next(&change) {
                screen.truncate(at as usize);
                screen.push_str(&text);
            }
        }
        screen
    }

    #[test]
    fn without_keys_each_piece_is_handed_on_at_once() {
        assert_eq!(shown(&Secrets::new(), &["Grü", "ße, ", "Ada"]), "Grüße, Ada");
    }

    #[test]
    fn a_key_in_pieces_is_never_shown_in_part_and_characters_stay_whole() {
        let secrets = Secrets::new();
        secrets.add_text(&SecretString::from(KEY));
        let long = "é".repeat(60);
        let text = format!("Your key is {KEY}, {long}");
        for size in [1, 3, 7, 50] {
            let chars: Vec<_> = text.chars().collect();
            let pieces: Vec<String> = chars.chunks(size).map(|c| c.iter().collect()).collect();
            let pieces: Vec<_> = pieces.iter().map(String::as_str).collect();
            let screen = shown(&secrets, &pieces);
            assert_eq!(screen, format!("Your key is [key], {long}"), "{size}");
        }
    }

    #[test]
    fn a_short_reply_appears_at_once_though_a_key_is_loaded() {
        let secrets = Secrets::new();
        secrets.add_text(&SecretString::from(KEY));
        assert_eq!(shown(&secrets, &["bill"]), "bill");
        assert_eq!(shown(&secrets, &["bill", "ing"]), "billing");
    }

    #[test]
    fn another_cell_and_a_second_try_begin_anew() {
        let mut watched = Watched::new(&Secrets::new());
        let change = |cell, from, text: &str| TextChange { cell, from, text: text.to_owned() };
        assert_eq!(watched.next(&change(1, 0, "abc")), Some((0, "abc".to_owned())));
        assert_eq!(watched.next(&change(1, 3, "d")), Some((3, "d".to_owned())));
        assert_eq!(watched.next(&change(1, 0, "x")), Some((0, "x".to_owned())));
        assert_eq!(watched.next(&change(2, 0, "y")), Some((0, "y".to_owned())));
    }
}
