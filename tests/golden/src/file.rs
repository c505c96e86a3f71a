//! A golden file: what it says of itself, and its cases.

use std::path::{Path, PathBuf};

use serde_json::Value;
use thiserror::Error;

/// Why a folder of golden files cannot be compared.
#[derive(Debug, Error)]
pub enum GoldenError {
    /// The folder or a file cannot be read.
    #[error("{0}: {1}")]
    Unreadable(PathBuf, std::io::Error),
    /// A line is not JSON.
    #[error("{0}, line {1}: {2}")]
    NotJson(PathBuf, usize, serde_json::Error),
    /// The folder holds no golden file.
    #[error("{0}: there is no .jsonl file in it")]
    Empty(PathBuf),
    /// Nobody compares a file of this name.
    #[error("{0}: no metric of ours has this name")]
    Unknown(PathBuf),
}

/// One golden file.
#[derive(Debug)]
pub struct Golden {
    /// The file's name without `.jsonl`: which metric it holds.
    pub name: String,
    /// What the reference is, how it was called, with which configurations.
    pub meta: Value,
    /// The cases, in the file's order.
    pub cases: Vec<Value>,
}

impl Golden {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or a line is not JSON.
    pub fn read(path: &Path) -> Result<Golden, GoldenError> {
        let text =
            std::fs::read_to_string(path).map_err(|e| GoldenError::Unreadable(path.into(), e))?;
        let mut meta = Value::Null;
        let mut cases = Vec::new();
        // Texts hold raw U+2028 and U+0085, at which other ways to split lines split as well.
        for (n, line) in text.split('\n').enumerate().filter(|(_, line)| !line.is_empty()) {
            let mut value: Value = serde_json::from_str(line)
                .map_err(|e| GoldenError::NotJson(path.into(), n + 1, e))?;
            match value.get_mut("_meta") {
                Some(about) => meta = about.take(),
                None => cases.push(value),
            }
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Golden { name, meta, cases })
    }
}

/// The golden files of a folder, by name.
///
/// # Errors
/// When the folder cannot be read or holds none.
pub fn golden_files(folder: &Path) -> Result<Vec<PathBuf>, GoldenError> {
    let unreadable = |e| GoldenError::Unreadable(folder.into(), e);
    let entries = std::fs::read_dir(folder).map_err(unreadable)?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() { Err(GoldenError::Empty(folder.into())) } else { Ok(files) }
}

/// A number of a golden file; JSON has no `nan` and `inf`, so they stand there as strings.
pub fn number(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => match text.as_str() {
            "nan" => Some(f64::NAN),
            "inf" => Some(f64::INFINITY),
            "-inf" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        other => other.as_f64(),
    }
}

/// A text of a case; empty where there is none.
pub fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case[key].as_str().unwrap_or_default()
}

/// The texts of a list; what is null in it is left out.
pub fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The numbers of a list.
pub fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().into_iter().flatten().filter_map(number).collect()
}
