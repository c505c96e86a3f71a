//! Imports files and folders of other formats and prints what became of each: one line a file, then
//! its notes. `--files` prints what came out, `--messages` renders the first case of every variant.
//!
//! ```text
//! cargo run -p assay-interop --example import_report -- [--files] [--messages] FILE-OR-FOLDER...
//! ```

use std::path::{Path, PathBuf};

use assay_interop::{FolderSource, Format, Import, NoteKind, Refusal, Source, import};
use assay_prompt::{Files, Prompt, parse_folder, render};

fn main() {
    let (flags, paths): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|word| word.starts_with("--"));
    let asked = |flag: &str| flags.iter().any(|given| given == flag);
    let show = Show { files: asked("--files"), messages: asked("--messages") };
    let mut tally = Tally::default();
    for path in paths.iter().map(PathBuf::from) {
        for (root, file) in files_of(&path) {
            tally.report(&root, &file, show);
        }
    }
    println!("{} files: {} complete, {} refused", tally.seen, tally.complete, tally.refused);
}

/// The files to import, each with the folder beneath which it may name others.
fn files_of(path: &Path) -> Vec<(PathBuf, String)> {
    if path.is_dir() {
        let files = FolderSource::new(path).list();
        return files.into_iter().map(|file| (path.to_owned(), file)).collect();
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    vec![(path.parent().unwrap_or(Path::new("")).to_owned(), name)]
}

/// What is printed beside the notes.
#[derive(Clone, Copy)]
struct Show {
    files: bool,
    messages: bool,
}

#[derive(Default)]
struct Tally {
    seen: usize,
    complete: usize,
    refused: usize,
}

impl Tally {
    fn report(&mut self, root: &Path, file: &str, show: Show) {
        let source = FolderSource::new(root);
        let bytes = source.read(file).unwrap_or_default();
        let Some(format) = Format::detect(file, &bytes) else { return };
        self.seen += 1;
        match import(format, file, &source, &mut || "01J8ZQ4V7N".to_owned()) {
            Ok(import) => {
                self.complete += usize::from(import.complete());
                print_import(file, format, &import, show);
            }
            Err(refusal) => {
                self.refused += 1;
                print_refusal(file, format, &refusal);
            }
        }
    }
}

fn print_refusal(file: &str, format: Format, refusal: &Refusal) {
    println!("refused     {:14} {file}\n    {refusal}", format.name());
}

fn print_import(file: &str, format: Format, import: &Import, show: Show) {
    let word = if import.complete() { "complete" } else { "in part" };
    println!("{word:11} {:14} {file}", format.name());
    for note in &import.notes {
        let mark = if note.kind == NoteKind::LeftOut { "!" } else { " " };
        println!("  {mark} {} {}: {}: {}", note.kind.as_str(), note.place, note.what, note.why);
    }
    for (name, text) in import.files().iter().filter(|_| show.files) {
        println!("=== {name}\n{text}");
    }
    for draft in import.prompts.iter().filter(|_| show.messages) {
        print_messages(&parse_folder(&draft.name, &files_under(&import.files(), &draft.name)));
    }
}

fn files_under(files: &Files, name: &str) -> Files {
    let beneath = format!("{name}/");
    let files = files.iter().filter_map(|(path, text)| Some((path.strip_prefix(&beneath)?, text)));
    files.map(|(path, text)| (path.to_owned(), text.clone())).collect()
}

fn print_messages(prompt: &Prompt) {
    let cases = prompt.run_cases();
    for variant in &prompt.variants {
        match cases.first().map(|case| render(prompt, variant, case)) {
            None => println!("    {}: no case", variant.id),
            Some(Err(found)) => println!("    {}: {}: {}", variant.id, found.code, found.message),
            Some(Ok(rendered)) => {
                for message in &rendered.messages {
                    println!("    {}: {:?}", message.role.as_str(), message.text());
                }
            }
        }
    }
}
