//! From bytes of tokens to text that may be shown: whole characters only, and
//! nothing that could turn out to be the start of a stop string.

/// Joins bytes to characters.
#[derive(Default)]
struct Characters {
    pending: Vec<u8>,
}

impl Characters {
    /// The characters that are complete now. Bytes that can never be one become U+FFFD.
    fn push(&mut self, bytes: &[u8]) -> String {
        self.pending.extend_from_slice(bytes);
        let mut text = String::new();
        let mut unfinished = Vec::new();
        let mut chunks = self.pending.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            text.push_str(chunk.valid());
            if chunks.peek().is_none() && could_continue(chunk.invalid()) {
                unfinished = chunk.invalid().to_vec();
            } else if !chunk.invalid().is_empty() {
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        self.pending = unfinished;
        text
    }

    fn finish(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.pending)).into_owned()
    }
}

/// Whether more bytes could make these a character.
fn could_continue(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

/// The text of an answer as it comes.
pub(crate) struct TextStream<'a> {
    stop: &'a [String],
    characters: Characters,
    held: String,
}

/// Text that may be shown, and whether a stop string ended it.
pub(crate) struct Shown {
    pub(crate) text: String,
    pub(crate) stopped: bool,
}

impl<'a> TextStream<'a> {
    pub(crate) fn new(stop: &'a [String]) -> Self {
        Self { stop, characters: Characters::default(), held: String::new() }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) -> Shown {
        let text = self.characters.push(bytes);
        self.show(&text)
    }

    /// All that was held back.
    pub(crate) fn finish(&mut self) -> Shown {
        let text = self.characters.finish();
        let mut shown = self.show(&text);
        if !shown.stopped {
            shown.text.push_str(&std::mem::take(&mut self.held));
        }
        shown
    }

    fn show(&mut self, text: &str) -> Shown {
        self.held.push_str(text);
        let stops = self.stop.iter().filter(|stop| !stop.is_empty());
        if let Some(at) = stops.clone().filter_map(|stop| self.held.find(stop.as_str())).min() {
            self.held.truncate(at);
            return Shown { text: std::mem::take(&mut self.held), stopped: true };
        }
        let kept = stops.map(|stop| overlap(&self.held, stop)).max().unwrap_or(0);
        let rest = self.held.split_off(self.held.len() - kept);
        Shown { text: std::mem::replace(&mut self.held, rest), stopped: false }
    }
}

/// Length of the longest end of `text` that `stop` starts with.
fn overlap(text: &str, stop: &str) -> usize {
    let lengths = stop.char_indices().map(|(at, _)| at).rev();
    lengths.into_iter().find(|at| text.ends_with(&stop[..*at])).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(stop: &[&str], pieces: &[&[u8]]) -> (Vec<String>, bool) {
        let stop: Vec<String> = stop.iter().map(|s| (*s).to_owned()).collect();
        let mut stream = TextStream::new(&stop);
        let mut texts = Vec::new();
        for piece in pieces {
            let shown = stream.push(piece);
            texts.push(shown.text);
            if shown.stopped {
                return (texts, true);
            }
        }
        let last = stream.finish();
        texts.push(last.text);
        (texts, last.stopped)
    }

    #[test]
    fn a_character_split_over_tokens_is_shown_once_it_is_whole() {
        let (texts, _) = stream(&[], &[b"a\xf0\x9f", b"\x98", b"\x80b"]);
        assert_eq!(texts, ["a", "", "\u{1f600}b", ""]);
    }

    #[test]
    fn bytes_that_are_no_character_are_replaced() {
        let (texts, _) = stream(&[], &[b"a\xff", b"b\xe2\x82"]);
        assert_eq!(texts, ["a\u{fffd}", "b", "\u{fffd}"]);
    }

    #[test]
    fn text_ends_before_the_first_stop_string() {
        let (texts, stopped) = stream(&["END", "\n\n"], &[b"one\n", b"\ntwo END"]);
        assert_eq!((texts.concat().as_str(), stopped), ("one", true));
    }

    #[test]
    fn what_only_looked_like_a_stop_string_is_shown_after_all() {
        let (texts, stopped) = stream(&["END"], &[b"the EN", b"gine E"]);
        assert_eq!(
            (texts, stopped),
            (vec!["the ".to_owned(), "ENgine ".to_owned(), "E".to_owned()], false)
        );
    }
}
