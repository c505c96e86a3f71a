//! Prompts and variants come, go and change their names.

use serde_json::{Map, Value, json};

use super::folder::{Folder, variant_at, variant_file_name, variants};
use super::{Changes, EditError, check_name};
use crate::files::{Files, resolve};
use crate::manifest::FORMAT;
use crate::{Kind, MANIFEST_FILE, Property, parse_folder};

/// A new prompt: a folder with one variant, `baseline`, one case and one scorer, in which there is
/// nothing to find. `id` is permanent and the caller's to make; `name` is what people read.
pub fn new_prompt(name: &str, id: &str) -> Files {
    let front = json!({"name": name, "inputs": "${file:inputs.yaml}"});
    let manifest = json!({
        "format": FORMAT,
        "id": id,
        "variants": [{"id": "baseline", "file": "baseline.prompty"}],
        "evals": ["evals.yaml"],
    });
    let inputs = json!([
        {"name": "text", "kind": "string", "required": true, "description": "What to work on."},
    ]);
    let evals = json!({
        "cases": "cases.jsonl",
        "models": [{"id": "local/smollm2-135m"}],
        "scorers": [{"id": "one-sentence", "type": "max-words", "max": 40}],
    });
    let yaml = |value: &Value| super::new_yaml(value);
    Files::from([
        ("prompt.yaml".to_owned(), yaml(&manifest)),
        ("baseline.prompty".to_owned(), format!("---\n{}---\n{STARTING_BODY}", yaml(&front))),
        ("inputs.yaml".to_owned(), yaml(&inputs)),
        ("evals.yaml".to_owned(), yaml(&evals)),
        ("cases.jsonl".to_owned(), STARTING_CASES.to_owned()),
    ])
}

const STARTING_BODY: &str = "\
system:
You are a careful assistant. Say in one sentence what the text is about.

user:
{{ text }}
";

const STARTING_CASES: &str = concat!(
    r#"{"id":"first","input":{"text":"The meeting moved from Tuesday to Thursday at ten."}}"#,
    "\n"
);

/// Adds a variant as the last column. It takes the front matter of the first one, and a body that
/// uses every input, to be written over.
pub fn add_variant(files: &Files, id: &str) -> Result<Changes, EditError> {
    let mut folder = Folder::new(files);
    let first = first_file(&folder)?;
    let text = match &first {
        Some(file) => starting_variant(files, file),
        None => format!("---\nname: {}\n---\n{EMPTY_BODY}", super::scalar::key(id)),
    };
    let file = variant_file_name(first.as_deref(), id);
    check_new(&folder, id)?;
    folder.create(&file, text)?;
    folder.change(MANIFEST_FILE, |manifest| {
        if manifest.get("variants").is_none_or(Value::is_null) {
            manifest.insert("variants".to_owned(), Value::Array(Vec::new()));
        }
        variants(manifest)?.push(json!({"id": id, "file": file}));
        Ok(())
    })?;
    Ok(folder.changes())
}

const EMPTY_BODY: &str = "system:\nYou are a careful assistant.\n\nuser:\n";

fn first_file(folder: &Folder) -> Result<Option<String>, EditError> {
    let manifest = folder.map(MANIFEST_FILE)?;
    let entries = manifest.get("variants").and_then(Value::as_array).into_iter().flatten();
    let mut files = entries.filter_map(|entry| resolve(MANIFEST_FILE, entry["file"].as_str()?));
    Ok(files.find(|file| folder.has(file)))
}

/// The front matter of a variant, byte for byte, over a new body.
fn starting_variant(files: &Files, file: &str) -> String {
    let text = files.get(file).map_or("", String::as_str);
    let prompt = parse_folder("", files);
    let variant = prompt.variants.iter().find(|variant| variant.file == file);
    let front = variant.and_then(|variant| text.get(..variant.body_span.start));
    let inputs = variant.map_or(&[][..], |variant| &variant.inputs);
    let front = front.filter(|front| front.ends_with('\n')).unwrap_or("---\n---\n");
    format!("{front}{}", body_for(inputs))
}

fn body_for(inputs: &[Property]) -> String {
    let print = |input: &Property| format!("{{{{ {} }}}}\n", input.name);
    let threads = inputs.iter().filter(|input| input.kind == Kind::Thread);
    let threads: String = threads.map(|input| format!("\n{}", print(input))).collect();
    let shown = |input: &&Property| !matches!(input.kind, Kind::Thread | Kind::Image | Kind::File);
    let values: String = inputs.iter().filter(shown).map(print).collect();
    let (system, user) = EMPTY_BODY.split_once("\nuser:").unwrap_or((EMPTY_BODY, "\n"));
    format!("{system}{threads}\nuser:{user}{values}")
}

/// Copies a variant, file and choice of examples, into the column right of it.
pub fn duplicate_variant(files: &Files, from: &str, id: &str) -> Result<Changes, EditError> {
    let mut folder = Folder::new(files);
    let source = folder.variant_file(from)?;
    check_new(&folder, id)?;
    let file = variant_file_name(Some(&source), id);
    let text = folder.text(&source)?.to_owned();
    folder.create(&file, text)?;
    folder.change(MANIFEST_FILE, |manifest| {
        let at = variant_at(manifest, from)?;
        let variants = variants(manifest)?;
        let mut copy = variants[at].clone();
        copy["id"] = Value::from(id);
        copy["file"] = Value::from(file.as_str());
        variants.insert(at + 1, copy);
        Ok(())
    })?;
    Ok(folder.changes())
}

/// Gives a variant another id, and its file the name that goes with it when it had that name. Judges of pairs that hold
/// the others against it follow.
pub fn rename_variant(files: &Files, from: &str, to: &str) -> Result<Changes, EditError> {
    let mut folder = Folder::new(files);
    let source = folder.variant_file(from)?;
    if from == to {
        return Ok(folder.changes());
    }
    check_new(&folder, to)?;
    let named_after_it = source == variant_file_name(Some(&source), from);
    let moves = named_after_it && uses(&folder.map(MANIFEST_FILE)?, &source) == 1;
    let file = if moves { variant_file_name(Some(&source), to) } else { source.clone() };
    if moves {
        let text = folder.text(&source)?.to_owned();
        folder.remove(&source);
        folder.create(&file, text)?;
    }
    folder.change(MANIFEST_FILE, |manifest| {
        let at = variant_at(manifest, from)?;
        let entry = &mut variants(manifest)?[at];
        entry["id"] = Value::from(to);
        if moves {
            entry["file"] = Value::from(file.as_str());
        }
        Ok(())
    })?;
    rename_baselines(&mut folder, from, to)?;
    Ok(folder.changes())
}

/// Names a variant anew where a scorer has it for its `baseline`. An evals file that cannot be read names nobody.
fn rename_baselines(folder: &mut Folder, from: &str, to: &str) -> Result<(), EditError> {
    for file in folder.named_evals()? {
        let Ok(mut evals) = folder.map(&file) else { continue };
        let scorers = evals.get_mut("scorers").and_then(Value::as_array_mut).into_iter().flatten();
        let baselines = scorers.filter_map(|scorer| scorer.get_mut("baseline"));
        for baseline in baselines.filter(|known| known.as_str().map(str::trim) == Some(from)) {
            *baseline = Value::from(to);
        }
        folder.write(&file, &Value::Object(evals))?;
    }
    Ok(())
}

/// Removes a variant and its file, unless another variant uses that too.
pub fn remove_variant(files: &Files, id: &str) -> Result<Changes, EditError> {
    let mut folder = Folder::new(files);
    let manifest = folder.map(MANIFEST_FILE)?;
    let file = folder.variant_file(id)?;
    folder.change(MANIFEST_FILE, |manifest| {
        let at = variant_at(manifest, id)?;
        let variants = variants(manifest)?;
        if variants.len() == 1 {
            return Err(EditError::LastVariant { id: id.to_owned() });
        }
        variants.remove(at);
        Ok(())
    })?;
    if uses(&manifest, &file) == 1 && folder.has(&file) {
        folder.remove(&file);
    }
    Ok(folder.changes())
}

/// How many variants stand in this file.
fn uses(manifest: &Map<String, Value>, file: &str) -> usize {
    let entries = manifest.get("variants").and_then(Value::as_array).into_iter().flatten();
    let path = |entry: &Value| resolve(MANIFEST_FILE, entry["file"].as_str()?);
    entries.filter_map(path).filter(|known| known == file).count()
}

/// Whether a variant may get this id.
fn check_new(folder: &Folder, id: &str) -> Result<(), EditError> {
    check_name(id)?;
    let manifest = folder.map(MANIFEST_FILE)?;
    match variant_at(&manifest, id) {
        Ok(_) => Err(EditError::VariantExists { id: id.to_owned() }),
        Err(_) => Ok(()),
    }
}

/// A copy of a prompt under a permanent id of its own, all else byte for byte.
pub fn duplicate_prompt(files: &Files, id: &str) -> Result<Files, EditError> {
    let mut folder = Folder::new(files);
    folder.change(MANIFEST_FILE, |manifest| {
        // Where there was no id, it comes to its usual place.
        let at = manifest.keys().position(|key| key == "format").map_or(0, |at| at + 1);
        match manifest.get_mut("id") {
            Some(known) => *known = Value::from(id),
            None => {
                manifest.shift_insert(at, "id".to_owned(), Value::from(id));
            }
        }
        Ok(())
    })?;
    let mut copy = files.clone();
    for (file, text) in folder.changes() {
        copy.extend(text.map(|text| (file, text)));
    }
    Ok(copy)
}

/// Gives a lone `.prompty` file a `prompt.yaml`, which makes its folder a prompt of one variant.
pub fn manifest_for_lone(file: &str, files: &Files, id: &str) -> Result<Changes, EditError> {
    let mut folder = Folder::new(files);
    folder.text(file)?;
    let name = file.rsplit('/').next().unwrap_or(file);
    let stem = name.strip_suffix(".prompty").unwrap_or(name);
    let variant = json!({"id": stem, "file": file});
    let mut manifest = json!({"format": FORMAT, "id": id, "variants": [variant]});
    if folder.has("evals.yaml") {
        manifest["evals"] = json!(["evals.yaml"]);
    }
    folder.create(MANIFEST_FILE, super::new_yaml(&manifest))?;
    Ok(folder.changes())
}
