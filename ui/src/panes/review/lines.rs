//! Lines of a proposal's difference: side by side, what a comment on one is anchored to, and which conversations stand
//! below it.
//!
//! Pure.

use std::hash::{DefaultHasher, Hash, Hasher};

use assay_wire::{
    AnchorPlace, AnchorView, DiffHunk, DiffLine, DiffSide, FileDifference, ThreadView,
};

use super::focus::Spot;

/// A row of a difference that is shown side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What the target has there.
    pub old: Option<DiffLine>,
    /// What it would have.
    pub new: Option<DiffLine>,
}

/// Lines side by side: those that both sides have face each other, and so do removed lines and the added ones that take
/// their place, in order.
pub fn side_by_side(lines: &[DiffLine]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    // Where the added lines that follow go on filling the rows of removed ones.
    let mut open = 0;
    for line in lines {
        match line.side {
            DiffSide::Both => {
                rows.push(Row { old: Some(line.clone()), new: Some(line.clone()) });
                open = rows.len();
            }
            DiffSide::Old => rows.push(Row { old: Some(line.clone()), new: None }),
            DiffSide::New => {
                match rows.get_mut(open) {
                    Some(row) => row.new = Some(line.clone()),
                    None => rows.push(Row { old: None, new: Some(line.clone()) }),
                }
                open += 1;
            }
        }
    }
    rows
}

/// The text of a line.
pub fn text_of(line: &DiffLine) -> String {
    line.spans.iter().map(|span| span.text.as_str()).collect()
}

/// Whether a line can be commented on: not one that the proposal removes, nor an empty one, which no words could find
/// again.
pub fn can_anchor(line: &DiffLine) -> bool {
    line.new.is_some() && line.spans.iter().any(|span| !span.text.trim().is_empty())
}

/// What a comment on a line is anchored to, in the proposed text of its file.
pub fn anchor_of(file: &str, line: &DiffLine, text: &str) -> Option<AnchorView> {
    if !can_anchor(line) {
        return None;
    }
    let whole = text_of(line);
    let begins = line_start(text, line.new?)?;
    text.get(begins..)?.starts_with(whole.trim_end()).then_some(())?;
    anchored(file, begins, &whole)
}

/// What a comment on the words between two places is anchored to, in the proposed text of their file.
pub fn anchor_between(
    file: &FileDifference,
    text: &str,
    from: Spot,
    to: Spot,
) -> Option<AnchorView> {
    let (start, end) = (offset(file, text, from)?, offset(file, text, to)?);
    anchored(&file.file.path, start, text.get(start..end)?)
}

/// Of the words that a comment is about only those that are meant, the first where they stand there twice; all when none
/// are named.
pub fn narrowed(anchor: &AnchorView, only: &str) -> Option<AnchorView> {
    let only = only.trim();
    let at = anchor.content.find(only)?;
    match only {
        "" => Some(anchor.clone()),
        _ => anchored(&anchor.file, anchor.start as usize + at, only),
    }
}

/// The words that begin at `start`, in bytes, without the blanks around them.
fn anchored(file: &str, start: usize, words: &str) -> Option<AnchorView> {
    let content = words.trim();
    let start = start + (words.len() - words.trim_start().len());
    let end = u32::try_from(start + content.len()).ok()?;
    let start = u32::try_from(start).ok()?;
    let anchor = AnchorView { file: file.to_owned(), start, end, content: content.to_owned() };
    (!content.is_empty()).then_some(anchor)
}

/// Where a place of a line is in the text, in bytes; nowhere when the line on screen is not that of the text.
fn offset(file: &FileDifference, text: &str, spot: Spot) -> Option<usize> {
    let begins = line_start(text, spot.line)?;
    let line = text_of(line_numbered(file, spot.line)?);
    text.get(begins..)?.starts_with(line.trim_end()).then_some(())?;
    let mut ends = line.char_indices().map(|(at, _)| at).chain([line.len()]);
    Some(begins + ends.nth(spot.before)?)
}

/// Where a line begins in a text, in bytes; lines count from 1. A lone carriage return ends a line too, as it does for
/// the difference.
fn line_start(text: &str, number: u32) -> Option<usize> {
    let bytes = text.as_bytes();
    let ends = |at: &usize| match bytes[*at] {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    };
    let mut starts = std::iter::once(0).chain((0..bytes.len()).filter(ends).map(|at| at + 1));
    starts.nth(number.checked_sub(1)? as usize)
}

/// The line of that number in the proposed file, where the difference shows it.
pub fn line_numbered(file: &FileDifference, number: u32) -> Option<&DiffLine> {
    shown_lines(&file.hunks).find(|line| line.new == Some(number))
}

fn shown_lines(hunks: &[DiffHunk]) -> impl Iterator<Item = &DiffLine> {
    hunks.iter().flat_map(|hunk| &hunk.lines)
}

/// The conversations about words of a line.
pub fn threads_on(threads: &[ThreadView], file: &str, line: Option<u32>) -> Vec<ThreadView> {
    let is_here = |thread: &&ThreadView| {
        let anchor = thread.anchor.as_ref();
        line.is_some() && anchor.is_some_and(|anchor| anchor.file == file && anchor.line == line)
    };
    threads.iter().filter(is_here).cloned().collect()
}

/// Whether a conversation is about all words of the line that it stands below.
pub fn is_about_line(thread: &ThreadView, file: &FileDifference) -> bool {
    let Some(anchor) = &thread.anchor else { return false };
    let line = anchor.line.and_then(|number| line_numbered(file, number));
    line.is_some_and(|line| text_of(line).trim() == anchor.quote)
}

/// The conversations about a file whose words stand on no line that the difference shows.
pub fn threads_elsewhere(threads: &[ThreadView], file: &FileDifference) -> Vec<ThreadView> {
    let is_shown = |line: Option<u32>| line.is_some_and(|n| line_numbered(file, n).is_some());
    let is_here = |thread: &&ThreadView| {
        let anchor = thread.anchor.as_ref();
        anchor.is_some_and(|anchor| anchor.file == file.file.path && !is_shown(anchor.line))
    };
    threads.iter().filter(is_here).cloned().collect()
}

/// Where the words of a conversation are now.
pub fn place_words(place: AnchorPlace, line: Option<u32>) -> String {
    let at = line.map(|line| format!("line {line}"));
    match (place, at) {
        (AnchorPlace::Gone, _) | (_, None) => "these words are gone".to_owned(),
        (AnchorPlace::Same, Some(at)) => at,
        (AnchorPlace::Moved, Some(at)) => format!("moved to {at}"),
        (AnchorPlace::Edited, Some(at)) => format!("edited since, {at}"),
    }
}

/// Tells two differences of a file apart, so that a file counts as read only as long as it is the one that was.
pub fn fingerprint(file: &FileDifference) -> u64 {
    let mut hasher = DefaultHasher::new();
    // Writing a difference as JSON cannot fail; if it did, the file would count as changed.
    serde_json::to_string(file).unwrap_or_default().hash(&mut hasher);
    hasher.finish()
}

/// Whether a line stands elsewhere on the other side, word for word.
pub fn is_moved(file: &FileDifference, line: &DiffLine) -> bool {
    let is_in = |numbers: &[u32], number: Option<u32>| number.is_some_and(|n| numbers.contains(&n));
    match line.side {
        DiffSide::Both => false,
        DiffSide::Old => is_in(&file.moved_from, line.old),
        DiffSide::New => is_in(&file.moved_to, line.new),
    }
}

/// How many lines a difference has.
pub fn line_count(file: &FileDifference) -> usize {
    file.hunks.iter().map(|hunk| hunk.lines.len()).sum()
}

/// Where arrows lead among so many places; they stay at the ends.
pub fn stepped(at: Option<usize>, key: &str, count: usize) -> Option<usize> {
    let last = count.checked_sub(1)?;
    let next = match (key, at) {
        ("ArrowDown", None) | ("Home", _) => 0,
        ("ArrowUp", None) | ("End", _) => last,
        ("ArrowDown", Some(at)) => at + 1,
        ("ArrowUp", Some(at)) => at.saturating_sub(1),
        _ => return None,
    };
    Some(next.min(last))
}

#[cfg(test)]
mod tests {
    use assay_wire::{ChangedFile, DiffSpan, FileStatus, ThreadAnchorView};

    use super::*;

    fn line(side: DiffSide, new: Option<u32>, text: &str) -> DiffLine {
        let span = DiffSpan { text: text.into(), role: "plain".into(), changed: false };
        DiffLine { side, old: None, new, spans: vec![span] }
    }

    fn old(text: &str) -> DiffLine {
        line(DiffSide::Old, None, text)
    }

    fn new(number: u32, text: &str) -> DiffLine {
        line(DiffSide::New, Some(number), text)
    }

    fn both(number: u32, text: &str) -> DiffLine {
        line(DiffSide::Both, Some(number), text)
    }

    fn file(lines: Vec<DiffLine>) -> FileDifference {
        FileDifference {
            file: ChangedFile {
                path: "p/a.prompty".into(),
                status: FileStatus::Edited,
                prompt: None,
                items: Vec::new(),
            },
            fields: Vec::new(),
            hunks: vec![DiffHunk { lines }],
            moved_from: Vec::new(),
            moved_to: Vec::new(),
        }
    }

    fn thread(id: &str, file: &str, line: Option<u32>) -> ThreadView {
        let anchor = ThreadAnchorView {
            file: file.into(),
            quote: "words".into(),
            place: AnchorPlace::Same,
            line,
            start: None,
            end: None,
        };
        ThreadView { id: id.into(), anchor: Some(anchor), comments: Vec::new(), resolved: false }
    }

    fn shown(rows: &[Row]) -> Vec<(String, String)> {
        let side = |line: &Option<DiffLine>| line.as_ref().map(text_of).unwrap_or_default();
        rows.iter().map(|row| (side(&row.old), side(&row.new))).collect()
    }

    #[test]
    fn added_lines_face_the_removed_ones_whose_place_they_take() {
        let lines = [both(1, "a"), old("b"), old("c"), new(2, "B"), both(3, "d"), new(4, "e")];
        let rows = side_by_side(&lines);
        let expected = [("a", "a"), ("b", "B"), ("c", ""), ("d", "d"), ("", "e")]
            .map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(shown(&rows), expected);
    }

    #[test]
    fn more_added_than_removed_lines_go_on_below() {
        let rows = side_by_side(&[old("a"), new(1, "A"), new(2, "B"), both(3, "c"), old("d")]);
        let expected = [("a", "A"), ("", "B"), ("c", "c"), ("d", "")]
            .map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(shown(&rows), expected);
    }

    #[test]
    fn a_comment_is_anchored_to_the_words_of_its_line_in_the_proposed_file() {
        let text = "one\rtwo é\r\n  Be brîef.\r\n\nfour";
        let anchor = anchor_of("f", &new(3, "  Be brîef.\r"), text).expect("words");
        let (start, end) = (anchor.start as usize, anchor.end as usize);
        assert_eq!((&text[start..end], anchor.content.as_str()), ("Be brîef.", "Be brîef."));
        let last = anchor_of("f", &both(5, "four"), text).expect("words");
        assert_eq!(&text[last.start as usize..], "four");
        assert_eq!(anchor_of("f", &both(4, ""), text), None, "nothing to find again");
        assert_eq!(anchor_of("f", &old("one"), text), None, "what is removed is not in that file");
        assert_eq!(anchor_of("f", &new(2, "other"), text), None, "other words stand there");
        assert_eq!(anchor_of("f", &new(9, "four"), text), None, "no such line");
    }

    #[test]
    fn a_comment_on_some_words_is_anchored_to_just_them() {
        let text = "one\nBe brîef, be kind.\n\nfour five";
        let file = file(vec![both(1, "one"), new(2, "Be brîef, be kind."), both(4, "four five")]);
        let at = |line, before| Spot { line, before };
        let words = |from, to| anchor_between(&file, text, from, to).map(|a| a.content);
        assert_eq!(words(at(2, 3), at(2, 8)).as_deref(), Some("brîef"));
        assert_eq!(words(at(2, 2), at(2, 9)).as_deref(), Some("brîef,"), "no blanks around");
        assert_eq!(words(at(2, 10), at(4, 4)).as_deref(), Some("be kind.\n\nfour"));
        assert_eq!(words(at(2, 2), at(2, 3)), None, "a blank is nothing to find again");
        assert_eq!(words(at(2, 9), at(2, 3)), None, "backwards");
        assert_eq!(words(at(2, 3), at(3, 0)), None, "a line that is not shown");
        let anchor = anchor_between(&file, text, at(2, 3), at(2, 8)).expect("words");
        assert_eq!(&text[anchor.start as usize..anchor.end as usize], "brîef");
    }

    #[test]
    fn the_words_that_are_meant_can_be_named() {
        let text = "Be brîef, be kind.";
        let anchor = anchor_of("f", &new(1, text), text).expect("words");
        let meant = narrowed(&anchor, " kind ").expect("they stand there");
        assert_eq!(&text[meant.start as usize..meant.end as usize], "kind");
        assert_eq!(narrowed(&anchor, "").as_ref(), Some(&anchor));
        assert_eq!(narrowed(&anchor, "cruel"), None);
    }

    #[test]
    fn a_conversation_says_its_words_where_they_are_not_the_whole_line() {
        let file = file(vec![new(2, "  all the words")]);
        let about = |quote: &str| {
            let mut thread = thread("t", "p/a.prompty", Some(2));
            if let Some(anchor) = &mut thread.anchor {
                anchor.quote = quote.into();
            }
            is_about_line(&thread, &file)
        };
        assert!(about("all the words") && !about("words"));
    }

    #[test]
    fn a_conversation_stands_below_its_line_or_beside_the_file() {
        let file = file(vec![both(1, "a"), new(2, "b")]);
        let threads = [
            thread("on", "p/a.prompty", Some(2)),
            thread("off", "p/a.prompty", Some(40)),
            thread("gone", "p/a.prompty", None),
            thread("other", "p/b.prompty", Some(2)),
        ];
        let ids = |found: Vec<ThreadView>| found.into_iter().map(|t| t.id).collect::<Vec<_>>();
        assert_eq!(ids(threads_on(&threads, "p/a.prompty", Some(2))), ["on"]);
        assert!(threads_on(&threads, "p/a.prompty", None).is_empty());
        assert_eq!(ids(threads_elsewhere(&threads, &file)), ["off", "gone"]);
    }

    #[test]
    fn a_line_that_moved_is_told_from_one_that_is_new() {
        let mut file = file(Vec::new());
        (file.moved_from, file.moved_to) = (vec![1], vec![3]);
        let from = DiffLine { old: Some(1), ..old("a") };
        assert!(is_moved(&file, &from) && is_moved(&file, &new(3, "a")));
        assert!(!is_moved(&file, &new(1, "b")), "the numbers of the other side say nothing");
        assert!(!is_moved(&file, &both(3, "a")));
    }

    #[test]
    fn what_became_of_the_words_is_said() {
        assert_eq!(place_words(AnchorPlace::Same, Some(3)), "line 3");
        assert_eq!(place_words(AnchorPlace::Moved, Some(3)), "moved to line 3");
        assert_eq!(place_words(AnchorPlace::Edited, Some(3)), "edited since, line 3");
        assert_eq!(place_words(AnchorPlace::Gone, None), "these words are gone");
    }

    #[test]
    fn a_file_that_changed_is_another_than_the_one_that_was_read() {
        let (one, two) = (file(vec![new(1, "a")]), file(vec![new(1, "b")]));
        assert_eq!(fingerprint(&one), fingerprint(&one.clone()));
        assert_ne!(fingerprint(&one), fingerprint(&two));
    }

    #[test]
    fn arrows_go_through_and_stay_at_the_ends() {
        assert_eq!(stepped(None, "ArrowDown", 3), Some(0));
        assert_eq!(stepped(Some(2), "ArrowDown", 3), Some(2));
        assert_eq!(stepped(Some(0), "ArrowUp", 3), Some(0));
        assert_eq!(stepped(Some(1), "End", 3), Some(2));
        assert_eq!(stepped(Some(1), "a", 3), None);
        assert_eq!(stepped(None, "ArrowDown", 0), None);
    }
}
