//! Text to words as BERT's original tokenizer makes them: cleaned, in lower case, without accents,
//! each sign of punctuation and each Chinese character on its own.
//!
//! It is transformers' `BertTokenizer` in Python, which bert-score uses. The fast tokenizer, which
//! makes the pieces of embeddings, means to do the same and knows an older Unicode: it keeps
//! characters that nobody assigned, does not split at younger punctuation, leaves younger accents
//! on, and omits 256 Chinese characters. The embedding model's own reference does as the fast one.
//!
//! One difference to the original is meant: a text that reads `[SEP]` is text here.

use unicode_general_category::{GeneralCategory, get_general_category};
use unicode_normalization::UnicodeNormalization;

/// The words of a text, in its order.
pub(super) fn words(text: &str) -> Vec<String> {
    let cleaned: String = text.chars().flat_map(cleaned).flat_map(char::to_lowercase).collect();
    let plain = cleaned.nfd().filter(|c| category(*c) != GeneralCategory::NonspacingMark);
    let plain: String = plain.collect();
    plain.split_whitespace().flat_map(split_at_punctuation).collect()
}

/// What stands for a character: nothing for a control character, blanks around a Chinese one.
fn cleaned(c: char) -> impl Iterator<Item = char> {
    let around = is_chinese(c).then_some(' ');
    let inner = match c {
        '\t' | '\n' | '\r' => Some(' '),
        char::REPLACEMENT_CHARACTER => None,
        _ if is_control(c) => None,
        _ if category(c) == GeneralCategory::SpaceSeparator => Some(' '),
        _ => Some(c),
    };
    around.into_iter().chain(inner).chain(around)
}

fn split_at_punctuation(word: &str) -> impl Iterator<Item = String> {
    // A sign stands alone: a part ends before it and behind it.
    let parts = word.split_inclusive(is_punctuation);
    parts.flat_map(|part| {
        let before = part.trim_end_matches(is_punctuation);
        [before, &part[before.len()..]].map(str::to_owned).into_iter().filter(|p| !p.is_empty())
    })
}

fn category(c: char) -> GeneralCategory {
    get_general_category(c)
}

/// Control and format characters, and code points that are none.
fn is_control(c: char) -> bool {
    use GeneralCategory as Is;
    matches!(
        category(c),
        Is::Control | Is::Format | Is::PrivateUse | Is::Surrogate | Is::Unassigned
    )
}

fn is_punctuation(c: char) -> bool {
    use GeneralCategory as Is;
    let is_of_unicode = || {
        matches!(
            category(c),
            Is::ConnectorPunctuation
                | Is::DashPunctuation
                | Is::OpenPunctuation
                | Is::ClosePunctuation
                | Is::InitialPunctuation
                | Is::FinalPunctuation
                | Is::OtherPunctuation
        )
    };
    c.is_ascii_punctuation() || is_of_unicode()
}

/// The blocks of Chinese characters, as BERT lists them.
fn is_chinese(c: char) -> bool {
    matches!(
        c,
        '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{2a6df}'
            | '\u{2a700}'..='\u{2ceaf}'
            | '\u{2f800}'..='\u{2fa1f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_in_lower_case_and_without_accents() {
        assert_eq!(
            words("Grüße aus ZÜRICH\u{a0}an İzmir"),
            ["gruße", "aus", "zurich", "an", "izmir"]
        );
    }

    #[test]
    fn a_sign_of_punctuation_stands_alone_wherever_it_is() {
        assert_eq!(words("«Wi-Fi»...a$"), ["«", "wi", "-", "fi", "»", ".", ".", ".", "a", "$"]);
        assert_eq!(words("young\u{2e5d}sign"), ["young", "\u{2e5d}", "sign"]);
    }

    #[test]
    fn a_chinese_character_is_a_word() {
        assert_eq!(words("買8本\u{2b820}x"), ["買", "8", "本", "\u{2b820}", "x"]);
    }

    #[test]
    fn what_is_no_character_is_left_out() {
        assert_eq!(words("a\0\u{fffd}\u{10ffff}\u{200d}\u{85}\u{1c}b"), ["ab"]);
        assert!(words("\u{10fffe}").is_empty());
    }

    #[test]
    fn every_kind_of_white_space_parts_words() {
        assert_eq!(words("a\tb\nc\u{2028}d\u{3000}e"), ["a", "b", "c", "d", "e"]);
    }

    #[test]
    fn young_accents_fall_off() {
        assert_eq!(words("a\u{898}b"), ["ab"]);
    }
}
