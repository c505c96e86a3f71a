//! What holds for any two texts.

use assay_text::{Change, DiffLine, lines, word_count, words};
use proptest::prelude::*;

/// Texts that share words, so that differences are not trivial; with joiners, right-to-left marks and odd line ends.
fn text() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        8 => prop::sample::select(vec!["route", "the", "ticket", "urgent", "café", "e\u{301}", "雨", "👩‍👩‍👧", "{{ x }}", "-", "."]),
        4 => prop::sample::select(vec![" ", "  ", "\t", "\n", "\r\n", "\r", "\n\n"]),
        1 => prop::sample::select(vec!["\u{200b}", "\u{202e}", "\u{feff}", "\u{2028}", "\0"]),
    ];
    prop_oneof![
        4 => prop::collection::vec(token, 0..40).prop_map(|tokens| tokens.concat()),
        1 => any::<String>(),
    ]
}

fn side(lines: &[DiffLine], without: Change) -> String {
    lines
        .iter()
        .filter(|line| line.change != without)
        .map(|line| line.text() + if line.newline { "\n" } else { "" })
        .collect()
}

proptest! {
    #[test]
    fn pieces_give_both_texts_back(old in text(), new in text()) {
        let pieces = words(&old, &new);
        let side = |without| pieces.iter().filter(|p| p.change != without).map(|p| p.text.as_str()).collect::<String>();
        prop_assert_eq!(side(Change::Added), old);
        prop_assert_eq!(side(Change::Removed), new);
        prop_assert!(pieces.iter().all(|p| !p.text.is_empty()));
        prop_assert!(pieces.windows(2).all(|pair| pair[0].change != pair[1].change), "neighbours differ: {:?}", pieces);
    }

    #[test]
    fn lines_give_both_texts_back(old in text(), new in text()) {
        let all = lines(&old, &new, None).concat();
        prop_assert_eq!(side(&all, Change::Added), old);
        prop_assert_eq!(side(&all, Change::Removed), new);
    }

    #[test]
    fn line_numbers_count_up_on_both_sides(old in text(), new in text()) {
        let all = lines(&old, &new, None).concat();
        let olds: Vec<usize> = all.iter().filter_map(|line| line.old).collect();
        let news: Vec<usize> = all.iter().filter_map(|line| line.new).collect();
        prop_assert!(olds.iter().copied().eq(1..=olds.len()), "{:?}", olds);
        prop_assert!(news.iter().copied().eq(1..=news.len()), "{:?}", news);
    }

    #[test]
    fn a_text_equals_itself(text in text()) {
        prop_assert!(words(&text, &text).iter().all(|p| p.change == Change::Equal));
        prop_assert!(lines(&text, &text, Some(3)).is_empty());
    }

    #[test]
    fn counts_agree_with_the_texts_lengths(old in text(), new in text()) {
        let count = word_count(&old, &new);
        let words = |text: &str| text.split_whitespace().count();
        prop_assert_eq!(words(&old) + count.added, words(&new) + count.removed);
    }
}
