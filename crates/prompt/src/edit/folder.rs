//! A prompt's files while they are being changed.

use serde_json::{Map, Value};

use super::{Changes, EditError, YamlPart, value, write};
use crate::MANIFEST_FILE;
use crate::files::{Files, resolve};

/// The file that gets the models, scorers and gates of a prompt that has none.
const EVALS_FILE: &str = "evals.yaml";
const VARIANT_ENDING: &str = ".prompty";

/// The files as they were and what has changed so far.
pub(super) struct Folder<'f> {
    files: &'f Files,
    changes: Changes,
}

impl<'f> Folder<'f> {
    pub fn new(files: &'f Files) -> Self {
        Self { files, changes: Changes::new() }
    }

    pub fn changes(self) -> Changes {
        self.changes
    }

    /// A file as it is by now.
    pub fn text(&self, file: &str) -> Result<&str, EditError> {
        let now = match self.changes.get(file) {
            Some(changed) => changed.as_ref(),
            None => self.files.get(file),
        };
        now.map(String::as_str).ok_or_else(|| EditError::NoFile { file: file.to_owned() })
    }

    pub fn has(&self, file: &str) -> bool {
        self.text(file).is_ok()
    }

    /// Writes a file that must not be there yet, in any spelling that some system takes for it.
    pub fn create(&mut self, file: &str, text: String) -> Result<(), EditError> {
        let same = |known: &&String| known.to_lowercase() == file.to_lowercase();
        let gone = |known: &&String| self.changes.get(*known) != Some(&None);
        if let Some(known) = self.files.keys().chain(self.changes.keys()).filter(gone).find(same) {
            return Err(EditError::FileExists { file: known.clone() });
        }
        self.changes.insert(file.to_owned(), Some(text));
        Ok(())
    }

    pub fn remove(&mut self, file: &str) {
        self.changes.insert(file.to_owned(), None);
    }

    /// The YAML of a file as a map; empty when there is none yet.
    pub fn map(&self, file: &str) -> Result<Map<String, Value>, EditError> {
        match self.value(file)? {
            Value::Object(map) => Ok(map),
            Value::Null => Ok(Map::new()),
            _ => Err(EditError::bad_yaml("it is not a map of keys").in_file(file)),
        }
    }

    /// The YAML of a file; null when there is none yet.
    pub fn value(&self, file: &str) -> Result<Value, EditError> {
        value(self.text(file)?, part_of(file)).map_err(|error| error.in_file(file))
    }

    /// Makes `wanted` the YAML of a file; a file whose value stays is no change.
    pub fn write(&mut self, file: &str, wanted: &Value) -> Result<(), EditError> {
        let text = self.text(file)?;
        let edited = write(text, part_of(file), wanted).map_err(|error| error.in_file(file))?;
        if edited != text {
            self.changes.insert(file.to_owned(), Some(edited));
        }
        Ok(())
    }

    /// Changes the map of a file.
    pub fn change(
        &mut self,
        file: &str,
        change: impl FnOnce(&mut Map<String, Value>) -> Result<(), EditError>,
    ) -> Result<(), EditError> {
        let mut map = self.map(file)?;
        change(&mut map).map_err(|error| match error {
            placed @ EditError::NoSuchPlace { .. } => placed.in_file(file),
            other => other,
        })?;
        self.write(file, &Value::Object(map))
    }

    /// The file of a variant: as the manifest lists it, or a lone file of that name.
    pub fn variant_file(&self, id: &str) -> Result<String, EditError> {
        let missing = || EditError::NoVariant { id: id.to_owned() };
        if self.has(MANIFEST_FILE) {
            let manifest = self.map(MANIFEST_FILE)?;
            let at = variant_at(&manifest, id)?;
            let path = manifest["variants"][at]["file"].as_str().ok_or_else(missing)?;
            return resolve(MANIFEST_FILE, path).ok_or_else(missing);
        }
        let lone = |file: &&String| {
            let name = file.rsplit('/').next().unwrap_or(file);
            name.strip_suffix(VARIANT_ENDING) == Some(id)
        };
        self.files.keys().find(lone).cloned().ok_or_else(missing)
    }

    /// The evals files that the manifest names, there or not.
    pub fn named_evals(&self) -> Result<Vec<String>, EditError> {
        let manifest = self.map(MANIFEST_FILE)?;
        let listed = manifest.get("evals").and_then(Value::as_array).into_iter().flatten();
        Ok(listed.filter_map(|path| resolve(MANIFEST_FILE, path.as_str()?)).collect())
    }

    /// The evals files that are there, in the order of the manifest. A prompt without one gets one.
    pub fn evals_files(&mut self) -> Result<Vec<String>, EditError> {
        let named = self.named_evals()?;
        let there: Vec<String> = named.iter().filter(|file| self.has(file)).cloned().collect();
        if !there.is_empty() {
            return Ok(there);
        }
        let file = named.into_iter().next().unwrap_or_else(|| EVALS_FILE.to_owned());
        self.add_evals(&file)?;
        Ok(vec![file])
    }

    fn add_evals(&mut self, file: &str) -> Result<(), EditError> {
        if !self.has(file) {
            self.create(file, String::new())?;
        }
        self.change(MANIFEST_FILE, |manifest| {
            let evals = manifest.entry("evals").or_insert(Value::Null);
            if evals.is_null() || evals == &Value::Array(Vec::new()) {
                *evals = Value::from(vec![file]);
            }
            Ok(())
        })
    }
}

/// The variants of a manifest.
pub(super) fn variants(manifest: &mut Map<String, Value>) -> Result<&mut Vec<Value>, EditError> {
    match manifest.get_mut("variants") {
        Some(Value::Array(variants)) => Ok(variants),
        _ => Err(EditError::NoSuchPlace { place: "variants".to_owned() }),
    }
}

/// Where the manifest lists a variant.
pub(super) fn variant_at(manifest: &Map<String, Value>, id: &str) -> Result<usize, EditError> {
    let variants = manifest.get("variants").and_then(Value::as_array);
    let found = variants.and_then(|list| list.iter().position(|entry| entry["id"] == id));
    found.ok_or_else(|| EditError::NoVariant { id: id.to_owned() })
}

/// The name a variant's file gets: beside the file it is made from.
pub(super) fn variant_file_name(beside: Option<&str>, id: &str) -> String {
    match beside.and_then(|file| file.rsplit_once('/')) {
        Some((folder, _)) => format!("{folder}/{id}{VARIANT_ENDING}"),
        None => format!("{id}{VARIANT_ENDING}"),
    }
}

fn part_of(file: &str) -> YamlPart {
    if file.ends_with(VARIANT_ENDING) { YamlPart::FrontMatter } else { YamlPart::File }
}
