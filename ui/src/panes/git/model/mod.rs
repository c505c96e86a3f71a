//! What the Git view decides: how files are grouped, what is chosen, how lines and hidden characters are shown.

use std::collections::BTreeSet;

use assay_wire::{
    ChangedFile, ChangedItem, CommitView, DiffHunk, DiffLine, DiffSide, DiffSpan, FieldDifference,
    FileStatus,
};

use crate::components::{Mark, Tone};

/// Longest summary that other programs show whole.
pub const SUMMARY_FITS: usize = 72;

/// Changed files that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Group {
    /// Key of their prompt; `None` for files of the repository itself.
    pub prompt: Option<String>,
    /// Paths, in the order of the list.
    pub paths: Vec<String>,
}

/// Files by prompt, in the order of their first file; those of no prompt last.
pub fn groups(files: &[ChangedFile]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for file in files {
        match groups.iter_mut().find(|group| group.prompt == file.prompt) {
            Some(group) => group.paths.push(file.path.clone()),
            None => {
                groups.push(Group { prompt: file.prompt.clone(), paths: vec![file.path.clone()] })
            }
        }
    }
    groups.sort_by_key(|group| group.prompt.is_none());
    groups
}

/// Paths in the order in which the list shows them.
pub fn paths(files: &[ChangedFile]) -> Vec<String> {
    groups(files).into_iter().flat_map(|group| group.paths).collect()
}

/// The path `rows` away from `from` in the list; it ends at either end.
pub fn step(paths: &[String], from: &str, rows: isize) -> Option<String> {
    let at = paths.iter().position(|path| path == from)?;
    let last = paths.len().checked_sub(1)?;
    paths.get(at.saturating_add_signed(rows).min(last)).cloned()
}

/// A file's name under the heading of its prompt.
pub fn short_path<'a>(path: &'a str, prompt: Option<&str>) -> &'a str {
    let inside = prompt.and_then(|key| path.strip_prefix(key)?.strip_prefix('/'));
    inside.unwrap_or_else(|| match prompt {
        Some(_) => path.rsplit('/').next().unwrap_or(path),
        None => path,
    })
}

/// Paths of the files that go into the commit.
pub fn chosen(files: &[ChangedFile], left_out: &BTreeSet<String>) -> Vec<String> {
    paths(files).into_iter().filter(|path| !left_out.contains(path)).collect()
}

/// How many files go into the commit.
pub fn count_words(chosen: usize, all: usize) -> String {
    match (chosen, all) {
        (_, 0) => "Nothing to commit".to_owned(),
        (0, _) => "No file chosen".to_owned(),
        (1, 1) => "1 file".to_owned(),
        (chosen, all) if chosen == all => format!("All {all} files"),
        (chosen, all) => format!("{chosen} of {all} files"),
    }
}

/// What stands between the person and the commit.
pub fn obstacle(summary: &str, chosen: usize) -> Option<&'static str> {
    if chosen == 0 {
        Some("Choose a file first")
    } else if summary.trim().is_empty() {
        Some("Write a summary first")
    } else {
        None
    }
}

/// Summary and body as git wants them: apart by an empty line.
pub fn message(summary: &str, body: &str) -> String {
    match (summary.trim(), body.trim()) {
        (summary, "") => summary.to_owned(),
        (summary, body) => format!("{summary}\n\n{body}"),
    }
}

/// What a toast says of a new commit.
pub fn confirmation(commit: &CommitView, files: usize) -> String {
    let files = if files == 1 { "1 file".to_owned() } else { format!("{files} files") };
    format!("Committed {files} as {}", short_id(&commit.id))
}

/// The part of an id that people read out to each other.
pub fn short_id(id: &str) -> &str {
    id.get(..7).unwrap_or(id)
}

/// What happened to a file, for the eye and in words.
pub fn status(status: FileStatus) -> (Mark, &'static str, Tone) {
    match status {
        FileStatus::Added => (Mark::Plus, "Added", Tone::Ok),
        FileStatus::Edited => (Mark::Dot, "Edited", Tone::Info),
        FileStatus::Deleted => (Mark::Bin, "Deleted", Tone::Danger),
        FileStatus::Renamed => (Mark::ChevronRight, "Moved", Tone::Warn),
    }
}

/// A change as a sentence that names its subject: `variant baseline: 3 words added`.
pub fn item_words(item: &ChangedItem) -> String {
    let ChangedItem { subject, id, summary, status: what } = item;
    let rows = matches!(subject.as_str(), "variant" | "example" | "case");
    if summary.is_empty() {
        format!("{subject} {id}: {}", status(*what).1.to_lowercase())
    } else if rows && summary.starts_with(&format!("{id}:")) {
        format!("{subject} {summary}")
    } else {
        summary.clone()
    }
}

/// What is to be told of a file beside the fields of its edited rows: a row that came or went has none.
pub fn beside_fields(items: Vec<ChangedItem>, fields: &[FieldDifference]) -> Vec<ChangedItem> {
    let is_told = |item: &ChangedItem| {
        item.status == FileStatus::Edited && fields.iter().any(|field| field.row == item.id)
    };
    items.into_iter().filter(|item| !is_told(item)).collect()
}

/// The first `most` changes as sentences, and how many more there are.
pub fn item_lines(items: &[ChangedItem], most: usize) -> Vec<String> {
    let mut lines: Vec<String> = items.iter().take(most).map(item_words).collect();
    match items.len().saturating_sub(most) {
        0 => {}
        1 => lines.push("and 1 more".to_owned()),
        more => lines.push(format!("and {more} more")),
    }
    lines
}

/// How many lines were added and removed.
pub fn line_counts(hunks: &[DiffHunk]) -> (usize, usize) {
    let count = |side| hunks.iter().flat_map(|h| &h.lines).filter(|l| l.side == side).count();
    (count(DiffSide::New), count(DiffSide::Old))
}

/// Lines of the new file between two hunks, which are not shown.
pub fn skipped(before: Option<&DiffHunk>, hunk: &DiffHunk) -> u32 {
    let first = hunk.lines.iter().find_map(|line| line.new);
    let last = before.and_then(|hunk| hunk.lines.iter().rev().find_map(|line| line.new));
    first.map_or(0, |first| first.saturating_sub(last.unwrap_or(0) + 1))
}

/// The words before the hunk: how much is left out there.
pub fn skipped_words(lines: u32) -> Option<String> {
    match lines {
        0 => None,
        1 => Some("1 line unchanged".to_owned()),
        lines => Some(format!("{lines} lines unchanged")),
    }
}

/// The first `most` lines of a diff.
pub fn start_of(hunks: &[DiffHunk], most: usize) -> Vec<DiffHunk> {
    let mut left = most;
    let mut start = Vec::new();
    for hunk in hunks {
        if left == 0 {
            break;
        }
        let lines: Vec<DiffLine> = hunk.lines.iter().take(left).cloned().collect();
        left -= lines.len();
        start.push(DiffHunk { lines });
    }
    start
}

/// The sign before a line, and what it means aloud.
pub fn sign(side: DiffSide) -> (&'static str, &'static str) {
    match side {
        DiffSide::Both => ("", ""),
        DiffSide::Old => ("−", "removed"),
        DiffSide::New => ("+", "added"),
    }
}

/// The sign before a line that only moved, and what it means aloud.
pub fn moved_sign(side: DiffSide) -> (&'static str, &'static str) {
    match side {
        DiffSide::Both => ("", ""),
        DiffSide::Old => ("<", "moved away from here"),
        DiffSide::New => (">", "moved here"),
    }
}

/// Lines that stand elsewhere on the other side, by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moved {
    /// In the old file.
    pub from: Vec<u32>,
    /// In the new file.
    pub to: Vec<u32>,
}

impl Moved {
    /// Whether that line has only moved.
    pub fn has(&self, line: &DiffLine) -> bool {
        let is_in =
            |numbers: &[u32], number: Option<u32>| number.is_some_and(|n| numbers.contains(&n));
        match line.side {
            DiffSide::Both => false,
            DiffSide::Old => is_in(&self.from, line.old),
            DiffSide::New => is_in(&self.to, line.new),
        }
    }
}

/// Whether the changed words of a line stand out. Where everything changed the line itself says so.
pub fn emphasises(line: &DiffLine) -> bool {
    let seen = |span: &&DiffSpan| !span.text.trim().is_empty() || span.changed;
    line.side != DiffSide::Both
        && line.spans.iter().any(|span| span.changed)
        && line.spans.iter().filter(seen).any(|span| !span.changed)
}

/// The colour class of a role; one that this build does not know is plain.
pub fn role_class(role: &str) -> &'static str {
    match role {
        "keyword" => "role--keyword",
        "string" => "role--string",
        "number" => "role--number",
        "comment" => "role--comment",
        "variable" => "role--variable",
        "tag" => "role--tag",
        "heading" => "role--heading",
        "punctuation" => "role--punctuation",
        _ => "role--plain",
    }
}

/// A part of a line as it is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Glyphs {
    /// Drawn as it is.
    Text(String),
    /// A character that shows nothing, or turns its surroundings around.
    Hidden {
        /// Drawn in its place.
        glyph: String,
        /// Its number and name.
        name: String,
    },
}

/// A text with every hidden character made visible.
pub fn glyphs(text: &str) -> Vec<Glyphs> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    for c in text.chars() {
        match hidden(c) {
            None => plain.push(c),
            Some((glyph, name)) => {
                if !plain.is_empty() {
                    parts.push(Glyphs::Text(std::mem::take(&mut plain)));
                }
                parts.push(Glyphs::Hidden { glyph, name: format!("U+{:04X} {name}", c as u32) });
            }
        }
    }
    if !plain.is_empty() {
        parts.push(Glyphs::Text(plain));
    }
    parts
}

/// Glyph and name of a character that a reviewer could not see. The two joiners and the emoji selectors are left
/// alone: scripts and emoji need them, and they hide nothing.
fn hidden(c: char) -> Option<(String, &'static str)> {
    let (glyph, name) = match c {
        '\t' | '\n' => return None,
        '\r' => ("␍", "carriage return"),
        '\0'..='\u{1f}' => return Some((control_picture(c), "control character")),
        '\u{7f}'..='\u{9f}' => ("␡", "control character"),
        '\u{a0}' => ("NBSP", "no-break space"),
        '\u{ad}' => ("SHY", "soft hyphen"),
        '\u{61c}' => ("ALM", "Arabic letter mark"),
        '\u{180e}' => ("MVS", "Mongolian vowel separator"),
        '\u{200b}' => ("ZWSP", "zero width space"),
        '\u{200e}' => ("LRM", "left-to-right mark"),
        '\u{200f}' => ("RLM", "right-to-left mark"),
        '\u{2028}' => ("LS", "line separator"),
        '\u{2029}' => ("PS", "paragraph separator"),
        '\u{202a}' => ("LRE", "left-to-right embedding"),
        '\u{202b}' => ("RLE", "right-to-left embedding"),
        '\u{202c}' => ("PDF", "pop directional formatting"),
        '\u{202d}' => ("LRO", "left-to-right override"),
        '\u{202e}' => ("RLO", "right-to-left override"),
        '\u{2060}' => ("WJ", "word joiner"),
        '\u{2061}'..='\u{2065}' => ("INV", "invisible operator"),
        '\u{2066}' => ("LRI", "left-to-right isolate"),
        '\u{2067}' => ("RLI", "right-to-left isolate"),
        '\u{2068}' => ("FSI", "first strong isolate"),
        '\u{2069}' => ("PDI", "pop directional isolate"),
        '\u{206a}'..='\u{206f}' => ("FMT", "deprecated format character"),
        '\u{feff}' => ("BOM", "byte order mark"),
        '\u{e0000}'..='\u{e007f}' => return Some((tag_glyph(c), "tag character")),
        '\u{e0100}'..='\u{e01ef}' => ("VS", "variation selector"),
        _ => return None,
    };
    Some((glyph.to_owned(), name))
}

fn control_picture(c: char) -> String {
    char::from_u32(0x2400 + c as u32).unwrap_or('␣').to_string()
}

/// Tag characters spell ASCII that nobody sees, so the glyph shows what they spell.
fn tag_glyph(c: char) -> String {
    match char::from_u32(c as u32 - 0xe0000) {
        Some(letter) if letter.is_ascii_graphic() => format!("TAG {letter}"),
        _ => "TAG".to_owned(),
    }
}

/// How long ago something was, as people say it; `None` once a date says it better.
pub fn ago(time_s: i64, now_s: i64) -> Option<String> {
    let seconds = now_s.saturating_sub(time_s);
    let of = |count: i64, unit: &str| match count {
        1 => format!("1 {unit} ago"),
        count => format!("{count} {unit}s ago"),
    };
    match seconds {
        ..60 => Some("just now".to_owned()),
        60..3_600 => Some(of(seconds / 60, "minute")),
        3_600..86_400 => Some(of(seconds / 3_600, "hour")),
        86_400..604_800 => Some(of(seconds / 86_400, "day")),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
