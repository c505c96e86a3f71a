//! Committing some rows of a file: which files can be taken apart, and which of their rows are in.

use std::collections::{BTreeMap, BTreeSet};

use assay_wire::{ChangedFile, ChangedItem, FileStatus};

/// Ids of the rows of a file that can be committed one by one; none for any other file, and for one row alone.
pub fn rows_of(file: &ChangedFile) -> Vec<String> {
    let has_lines = [".jsonl", ".csv"].iter().any(|ending| file.path.ends_with(ending));
    let stays = matches!(file.status, FileStatus::Added | FileStatus::Edited);
    let is_row = |item: &ChangedItem| {
        matches!(item.subject.as_str(), "example" | "case") && item.id != file.path
    };
    if has_lines && stays && file.items.len() > 1 && file.items.iter().all(is_row) {
        file.items.iter().map(|item| item.id.clone()).collect()
    } else {
        Vec::new()
    }
}

/// Rows that were taken out of the commit, by their files.
pub type RowsOut = BTreeMap<String, BTreeSet<String>>;

/// Of the chosen files those that go in only in part, with the rows that do.
pub fn rows_in(
    files: &[ChangedFile],
    left_out: &BTreeSet<String>,
    rows_out: &RowsOut,
) -> BTreeMap<String, Vec<String>> {
    let in_part = files.iter().filter(|file| !left_out.contains(&file.path)).filter_map(|file| {
        let out = rows_out.get(&file.path)?;
        let rows = rows_of(file);
        let taken: Vec<String> = rows.iter().filter(|row| !out.contains(*row)).cloned().collect();
        (taken.len() < rows.len()).then(|| (file.path.clone(), taken))
    });
    in_part.collect()
}

/// Takes a row out of the commit or back into it: with its last row a file leaves, with one it comes back.
pub fn toggle_row(
    file: &ChangedFile,
    row: &str,
    left_out: &mut BTreeSet<String>,
    rows_out: &mut RowsOut,
) {
    let rows: BTreeSet<String> = rows_of(file).into_iter().collect();
    let was_out = left_out.remove(&file.path);
    let mut out =
        if was_out { rows.clone() } else { rows_out.remove(&file.path).unwrap_or_default() };
    if !out.remove(row) {
        out.insert(row.to_owned());
    }
    rows_out.remove(&file.path);
    if rows.is_subset(&out) {
        left_out.insert(file.path.clone());
    } else if !out.is_empty() {
        rows_out.insert(file.path.clone(), out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: &str) -> ChangedItem {
        ChangedItem {
            subject: "case".into(),
            id: id.into(),
            status: FileStatus::Edited,
            summary: String::new(),
        }
    }

    fn table() -> ChangedFile {
        let items = ["ada", "bob"].map(item).to_vec();
        ChangedFile {
            path: "prompts/a/cases.jsonl".into(),
            status: FileStatus::Edited,
            prompt: Some("prompts/a".into()),
            items,
        }
    }

    #[test]
    fn rows_of_tables_are_committed_one_by_one_and_nothing_else_is() {
        assert_eq!(rows_of(&table()), ["ada", "bob"]);
        let deleted = ChangedFile { status: FileStatus::Deleted, ..table() };
        let yaml = ChangedFile { path: "cases.yaml".into(), ..table() };
        let mut mixed = table();
        mixed.items.push(item("prompts/a/cases.jsonl"));
        for other in [deleted, yaml, mixed] {
            assert!(rows_of(&other).is_empty(), "{other:?}");
        }
    }

    #[test]
    fn a_file_leaves_the_commit_with_its_last_row_and_comes_back_with_one() {
        let (table, mut left_out, mut rows_out) = (table(), BTreeSet::new(), RowsOut::new());
        let files = [table.clone()];
        toggle_row(&table, "bob", &mut left_out, &mut rows_out);
        let rows = rows_in(&files, &left_out, &rows_out);
        assert_eq!(rows.get(&table.path), Some(&vec!["ada".to_owned()]));
        toggle_row(&table, "ada", &mut left_out, &mut rows_out);
        assert!(left_out.contains(&table.path) && rows_out.is_empty());
        toggle_row(&table, "bob", &mut left_out, &mut rows_out);
        let rows = rows_in(&files, &left_out, &rows_out);
        assert_eq!(rows.get(&table.path), Some(&vec!["bob".to_owned()]));
        toggle_row(&table, "ada", &mut left_out, &mut rows_out);
        assert!(rows_in(&files, &left_out, &rows_out).is_empty(), "it goes in whole again");
    }
}
