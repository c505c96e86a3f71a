//! The one door in: a file, all files of one format, or all that a folder holds.

use crate::metered::Metered;
use crate::source::MAX_FILES;
use crate::{
    Format, Import, Notes, PromptDraft, Refusal, Source, dotprompt, github_models, langchain,
    langfuse, messages_jsonl, mlflow, openai_evals, promptflow, promptfoo, prompty,
};

type Drafts = (Vec<PromptDraft>, Notes);

/// The order in which the formats of a mixed folder are read: first those whose files name others,
/// last the rows, which every other format may have named as its own.
const ORDER: [Format; 10] = [
    Format::Promptfoo,
    Format::Promptflow,
    Format::OpenaiEvals,
    Format::Langchain,
    Format::Prompty,
    Format::Dotprompt,
    Format::GithubModels,
    Format::Langfuse,
    Format::Mlflow,
    Format::MessagesJsonl,
];

/// Reads `file`, a path beneath the source's root (or `""` for all of it), and what it names.
///
/// `ids` gives a fresh permanent id for each prompt.
///
/// # Errors
/// [`Refusal`] when nothing of the file can be brought over; it names the construct or the problem.
pub fn import(
    format: Format,
    file: &str,
    source: &dyn Source,
    ids: &mut dyn FnMut() -> String,
) -> Result<Import, Refusal> {
    let source = Metered::new(source);
    let (drafts, mut notes) = match file {
        "" => folder_of(format, &source),
        file => read(format, file, &source),
    }?;
    if file.is_empty() {
        note_limit(source.list().len(), &mut notes);
    }
    source.note(&mut notes);
    Ok(Import::new(vec![format], drafts, notes, ids))
}

/// Reads everything beneath the source's root that looks like a prompt, whatever its format.
///
/// A file that another one names comes over with that one only. What looks like nothing that is
/// known, and could hold a prompt, is noted.
///
/// # Errors
/// [`Refusal`] when nothing can be brought over.
pub fn import_folder(
    source: &dyn Source,
    ids: &mut dyn FnMut() -> String,
) -> Result<Import, Refusal> {
    let source = Metered::new(source);
    let found: Vec<_> =
        source.list().into_iter().map(|file| (look(&file, &source), file)).collect();
    let (mut formats, mut harvest) = (Vec::new(), Harvest::default());
    for format in ORDER {
        if found.iter().any(|(is, file)| *is == Some(format) && !source.is_taken(file)) {
            let read = folder_of(format, &source);
            formats.extend(read.is_ok().then_some(format));
            harvest.add(read);
            source.hide_taken();
        }
    }
    let (drafts, mut notes) = harvest.finish(|| {
        let why = "no file looks like one of a known format: name the file, and its format";
        Refusal::new(".", "folder without prompts", why)
    })?;
    note_unknown(&found, &source, &mut notes);
    note_limit(found.len(), &mut notes);
    source.note(&mut notes);
    Ok(Import::new(formats, drafts, notes, ids))
}

/// What a file looks like, without reading more of it than is needed.
fn look(file: &str, source: &dyn Source) -> Option<Format> {
    let head = match Format::is_told_inside(file) {
        true => source.head(file).unwrap_or_default(),
        false => Vec::new(),
    };
    Format::detect(file, &head)
}

/// Everything of one format beneath the root.
fn folder_of(format: Format, source: &Metered) -> Result<Drafts, Refusal> {
    if !format.reads_folders() {
        return each_file(format, source);
    }
    let found = read(format, "", source);
    source.settle(found.is_ok());
    found
}

/// Every file of a folder that looks like one of the format, unless another one named it before.
fn each_file(format: Format, source: &Metered) -> Result<Drafts, Refusal> {
    let mut files = source.list();
    files.retain(|file| look(file, source) == Some(format));
    // Rows are named by others, and name none.
    files.sort_by_key(|file| file.ends_with(".jsonl"));
    let mut harvest = Harvest::default();
    for file in files {
        if !source.is_taken(&file) {
            let found = read(format, &file, source);
            source.settle(found.is_ok());
            harvest.add(found);
        }
    }
    harvest.finish(|| {
        let what = format!("folder without {} files", format.title());
        Refusal::new(".", what, "name the file itself")
    })
}

/// What came of several attempts. One that is refused is left out, with its reason; only when
/// nothing is left is that the reason of all.
#[derive(Default)]
struct Harvest {
    drafts: Vec<PromptDraft>,
    notes: Notes,
    first: Option<Refusal>,
}

impl Harvest {
    fn add(&mut self, found: Result<Drafts, Refusal>) {
        match found {
            Ok((drafts, notes)) => {
                self.drafts.extend(drafts);
                self.notes.extend(notes);
            }
            Err(refusal) => {
                self.notes.left_out(&refusal.place, &refusal.what, &refusal.why);
                self.first.get_or_insert(refusal);
            }
        }
    }

    fn finish(self, nothing: impl FnOnce() -> Refusal) -> Result<Drafts, Refusal> {
        match self.drafts.is_empty() {
            true => Err(self.first.unwrap_or_else(nothing)),
            false => Ok((self.drafts, self.notes)),
        }
    }
}

/// So many files are named in one note.
const NAMED: usize = 5;

/// Files that may hold a prompt of some format, and nobody read.
fn note_unknown(found: &[(Option<Format>, String)], source: &Metered, notes: &mut Notes) {
    let unknown = |(is, file): &&(Option<Format>, String)| {
        is.is_none() && Format::is_told_inside(file) && !source.is_taken(file)
    };
    let names: Vec<&str> = found.iter().filter(unknown).map(|(_, file)| file.as_str()).collect();
    let mut what = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => return,
        count if count > NAMED => what += &format!(" and {} more files", count - NAMED),
        _ => {}
    }
    let why = "no known format is recognised: what holds prompts is imported by naming its format";
    notes.left_out(".", what, why);
}

fn note_limit(listed: usize, notes: &mut Notes) {
    if listed >= MAX_FILES {
        let why = format!("no more than {MAX_FILES} are looked at: import its parts one by one");
        notes.left_out(".", "further files of the folder", why);
    }
}

fn read(format: Format, file: &str, source: &dyn Source) -> Result<Drafts, Refusal> {
    match format {
        Format::Prompty => prompty::import(file, source),
        Format::Dotprompt => dotprompt::import(file, source),
        Format::Promptfoo => promptfoo::import(file, source),
        Format::GithubModels => github_models::import(file, source),
        Format::MessagesJsonl => messages_jsonl::import(file, source),
        Format::OpenaiEvals => openai_evals::import(file, source),
        Format::Langchain => langchain::import(file, source),
        Format::Promptflow => promptflow::import(file, source),
        Format::Langfuse => langfuse::import(file, source),
        Format::Mlflow => mlflow::import(file, source),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_refused_does_not_keep_the_others_of_its_folder_out() {
        let good = "messages:\n  - {role: user, content: Hi}\nmodel: m\n";
        let bad = "messages: [\n";
        let folder = |files: [(&str, &str); 2]| {
            let source = crate::MemorySource::from(files);
            import(Format::GithubModels, "", &source, &mut || "01J8".to_owned())
        };
        let some = folder([("bad.prompt.yml", bad), ("good.prompt.yml", good)]);
        let some = some.expect("one is good");
        assert_eq!(some.prompts.len(), 1);
        assert!(!some.complete());
        assert!(some.notes.iter().any(|note| note.place.starts_with("bad")), "{:?}", some.notes);
        let none = folder([("bad.prompt.yml", bad), ("notes.txt", "")]).expect_err("none is good");
        assert!(none.place.starts_with("bad"), "{none}");
    }

    /// A file of the name `locked.prompt.yml` is there and cannot be read.
    struct Locked(crate::MemorySource);

    impl Source for Locked {
        fn read(&self, path: &str) -> Result<Vec<u8>, crate::SourceError> {
            match path {
                "locked.prompt.yml" => Err(crate::SourceError::Unreadable {
                    path: path.to_owned(),
                    reason: "it is larger than 16 MB".to_owned(),
                }),
                _ => self.0.read(path),
            }
        }

        fn list(&self) -> Vec<String> {
            let mut all = self.0.list();
            all.push("locked.prompt.yml".to_owned());
            all
        }
    }

    #[test]
    fn what_a_folder_holds_and_nobody_read_is_told() {
        let mut files: std::collections::BTreeMap<String, Vec<u8>> =
            (0..MAX_FILES).map(|number| (format!("{number}.txt"), Vec::new())).collect();
        files.insert("a.prompt.yml".to_owned(), b"messages: [{role: user, content: Hi}]".to_vec());
        let source = Locked(crate::MemorySource(files));
        let import = import(Format::GithubModels, "", &source, &mut || "01J8".to_owned());
        let import = import.expect("one can be read");
        let told: Vec<_> = import.notes.iter().map(|note| note.place.as_str()).collect();
        assert_eq!(told, ["locked.prompt.yml", "."], "{:?}", import.notes);
    }

    fn folder(files: &[(&str, &str)]) -> Result<Import, Refusal> {
        let files = files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()));
        import_folder(&crate::MemorySource(files.collect()), &mut || "01J8".to_owned())
    }

    const PROMPTY: &str = "---\nname: a\n---\nuser:\nHi\n";
    const ROW: &str = "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}\n";

    #[test]
    fn a_folder_of_several_formats_comes_over_whole() {
        let all = folder(&[
            ("a.prompty", PROMPTY),
            ("b.prompt", "Hi {{name}}"),
            ("c.prompt.yml", "messages:\n  - {role: user, content: Hi}\n"),
            ("rows.jsonl", ROW),
            ("readme.md", "# Prompts"),
        ])
        .expect("all can be read");
        let names: Vec<_> = all.prompts.iter().map(|prompt| prompt.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c", "rows"], "{:?}", all.notes);
        let formats: Vec<_> = all.formats.iter().map(|format| format.name()).collect();
        assert_eq!(formats, ["prompty", "dotprompt", "github-models", "messages-jsonl"]);
    }

    #[test]
    fn a_file_that_another_names_comes_over_with_that_one_only() {
        let config = "prompts: [prompts/*.j2]\nproviders: [echo]\ntests: tests.jsonl\n";
        let all = folder(&[
            ("promptfooconfig.yaml", config),
            ("prompts/a.j2", "Say {{word}}"),
            ("tests.jsonl", "{\"vars\":{\"word\":\"hi\"}}\n"),
        ])
        .expect("it can be read");
        assert_eq!(all.formats, [Format::Promptfoo], "{:?}", all.notes);
        assert_eq!(all.counts().cases, 1);
    }

    #[test]
    fn what_is_not_recognised_or_refused_in_a_folder_is_told() {
        let broken = "---\nmodel: [\n---\nHi";
        let all = folder(&[
            ("a.prompty", PROMPTY),
            ("broken.prompt", broken),
            ("config.yaml", "a: 1\n"),
            ("package.json", "{}"),
        ])
        .expect("one can be read");
        let told: Vec<_> = all.notes.iter().map(|n| (n.place.as_str(), n.what.as_str())).collect();
        assert!(told.contains(&(".", "config.yaml, package.json")), "{told:?}");
        assert!(told.iter().any(|(place, _)| place.starts_with("broken.prompt")), "{told:?}");
        assert!(!all.complete());
        let none = folder(&[("config.yaml", "a: 1\n")]).expect_err("there is no prompt");
        assert_eq!(none.what, "folder without prompts");
    }

    #[test]
    fn no_format_is_forgotten_in_a_mixed_folder() {
        for format in Format::ALL {
            assert!(ORDER.contains(&format), "{format:?}");
        }
    }
}
