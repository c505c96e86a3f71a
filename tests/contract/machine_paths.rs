//! Tracked files hold nothing of the machine they were written on.

use std::path::PathBuf;
use std::process::Command;

use crate::root;

#[test]
fn tracked_files_name_no_folder_of_one_machine() {
    let home = std::env::var("HOME").ok().map(|home| format!("{home}/."));
    let here = Some(format!("{}/", root().display()));
    let paths: Vec<String> = [home, here].into_iter().flatten().collect();
    let mut wrong = Vec::new();
    for file in tracked_texts() {
        let text = std::fs::read_to_string(root().join(&file)).unwrap_or_default();
        wrong.extend(
            paths.iter().filter(|p| text.contains(*p)).map(|p| format!("{}: {p}", file.display())),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn tracked_files_are_small() {
    let large = tracked()
        .into_iter()
        .filter(|file| root().join(file).metadata().is_ok_and(|metadata| metadata.len() > 1 << 20));
    assert_eq!(large.collect::<Vec<_>>(), Vec::<PathBuf>::new(), "over 1 MiB");
}

fn tracked_texts() -> Vec<PathBuf> {
    tracked().into_iter().filter(|file| file.extension().is_none_or(|e| e != "lock")).collect()
}

fn tracked() -> Vec<PathBuf> {
    let output = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root())
        .output()
        .expect("git runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let list = String::from_utf8(output.stdout).expect("names are UTF-8");
    let files: Vec<_> = list.split('\0').filter(|f| !f.is_empty()).map(PathBuf::from).collect();
    assert!(!files.is_empty(), "git lists no file, so nothing was looked at");
    files
}
