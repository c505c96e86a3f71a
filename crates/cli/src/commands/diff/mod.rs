//! `assay diff`: what differs between two revisions, in words of prompts, or between the messages they would send.

mod rows;

use assay_app::App;
use assay_wire::{
    ApiError, ChangedFile, DiffLine, DiffSide, DifferenceView, FileDifference, FileStatus,
    ReadDifference, ReadRendered, RenderedChange, RenderedMessage, RenderedPiece, RenderedView,
};
use serde_json::json;

use crate::arguments::Diff;
use crate::exit::Exit;
use crate::output::{Output, counted, one_line};

pub(crate) fn execute(app: &App, arguments: &Diff, output: &Output) -> Result<Exit, ApiError> {
    let (base, head) = (arguments.base.clone(), arguments.head.clone());
    if arguments.rendered {
        let (prompts, cases) = (arguments.prompts.clone(), arguments.cases.clone());
        let view = app.call(ReadRendered { base, head, prompts, cases })?;
        let document = json!({
            "schema": "assay.diff/1",
            "base": view.base,
            "head": view.head,
            "changes": view.changes,
            "leftOut": view.left_out,
        });
        output.show(&document, || rendered(&view))?;
    } else {
        let mut view = app.call(ReadDifference { base, head })?;
        view.files.retain(|file| is_meant(file, &arguments.prompts));
        let document = json!({
            "schema": "assay.diff/1",
            "base": view.base,
            "head": view.head,
            "files": view.files,
        });
        output.show(&document, || files(&view))?;
    }
    Ok(Exit::Done)
}

/// Whether a file belongs to one of the prompts that were named, if any were.
fn is_meant(file: &FileDifference, prompts: &[String]) -> bool {
    let Some(key) = &file.file.prompt else { return prompts.is_empty() };
    let name = key.rsplit('/').next().unwrap_or(key);
    let name = name.strip_suffix(".prompty").unwrap_or(name);
    prompts.is_empty() || prompts.iter().any(|prompt| prompt == key || prompt == name)
}

fn files(view: &DifferenceView) -> String {
    if view.files.is_empty() {
        return format!("nothing differs between {} and {}", view.base, view.head);
    }
    all(&view.files)
}

/// Every file that differs; what merges keep of statements is counted, since names and contents are digests.
pub(super) fn all(files: &[FileDifference]) -> String {
    let (kept, told): (Vec<_>, Vec<_>) = files.iter().partition(|file| is_kept_statement(file));
    let mut text: String = told.into_iter().map(file).collect();
    if !kept.is_empty() {
        let count = counted(kept.len() as u32, "file");
        text.push_str(&format!("{STATEMENTS}: {count} of signed statements added\n\n"));
    }
    text
}

/// Where merges keep what opened their gates.
const STATEMENTS: &str = ".assay/attest/";

fn is_kept_statement(file: &FileDifference) -> bool {
    let ChangedFile { path, status, .. } = &file.file;
    let is_statement = path.ends_with(".json") || path.ends_with(".sig");
    *status == FileStatus::Added && path.starts_with(STATEMENTS) && is_statement
}

/// What changed, and its lines, or its rows. Fields tell rows that both sides have; what they do not tell is shown whole.
fn file(file: &FileDifference) -> String {
    let mut text = format!("{}\n", one_line(&file.file.path));
    for item in &file.file.items {
        text.push_str(&format!("  {}\n", one_line(&item.summary)));
    }
    for change in &file.fields {
        let said = marked(&change.pieces);
        let name = one_line(&format!("{} · {}", change.row, change.field));
        text.push_str(&format!("    {name}: {}\n", said.replace('\n', "\n    | ")));
    }
    match file.file.path.ends_with(".jsonl") {
        true => text.push_str(&rows::whole(file)),
        false => text.push_str(&lines(file)),
    }
    text + "\n"
}

fn lines(file: &FileDifference) -> String {
    let mut text = String::new();
    for hunk in &file.hunks {
        text.push_str("  ···\n");
        text.extend(hunk.lines.iter().map(|line| diff_line(line, file)));
    }
    text
}

/// A line with its sign: `<` where a passage was that stands elsewhere now, `>` where it stands now.
fn diff_line(line: &DiffLine, file: &FileDifference) -> String {
    let is_in = |lines: &[u32], number: Option<u32>| number.is_some_and(|n| lines.contains(&n));
    let sign = match line.side {
        DiffSide::Both => ' ',
        DiffSide::Old if is_in(&file.moved_from, line.old) => '<',
        DiffSide::Old => '-',
        DiffSide::New if is_in(&file.moved_to, line.new) => '>',
        DiffSide::New => '+',
    };
    let said: String = line.spans.iter().map(|span| span.text.as_str()).collect();
    format!("  {sign} {said}\n")
}

fn rendered(view: &RenderedView) -> String {
    let mut text: String = view.changes.iter().map(rendered_change).collect();
    if view.changes.is_empty() {
        text = format!("{} and {} send the same messages\n", view.base, view.head);
    }
    for reason in &view.left_out {
        text.push_str(&format!("left out: {reason}\n"));
    }
    text
}

fn rendered_change(change: &RenderedChange) -> String {
    let more = match change.more {
        0 => String::new(),
        more => format!(" (and {})", counted(more, "more case")),
    };
    let messages: String = change.messages.iter().map(message).collect();
    format!("{}/{} · case {}{more}\n\n{messages}", change.prompt, change.variant, change.case)
}

fn message(message: &RenderedMessage) -> String {
    let which = match message.side {
        DiffSide::Both => "",
        DiffSide::Old => " (gone)",
        DiffSide::New => " (new)",
    };
    format!("── {}{which} ──\n{}\n\n", message.role, marked(&message.pieces))
}

/// Words with what went as `[-…-]` and what came as `{+…+}`.
fn marked(pieces: &[RenderedPiece]) -> String {
    let piece = |piece: &RenderedPiece| match piece.side {
        DiffSide::Both => piece.text.clone(),
        DiffSide::Old => format!("[-{}-]", piece.text),
        DiffSide::New => format!("{{+{}+}}", piece.text),
    };
    pieces.iter().map(piece).collect()
}
