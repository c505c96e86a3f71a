//! Reading and writing single files: nothing outside is reached, nothing is lost.

use std::fs;

use assay_repo::{MAX_FILE, RepoError, Written, digest};
use assay_testkit::TestWorkspace;

use crate::open;

fn saved(written: &Written) -> bool {
    matches!(written, Written::Saved { .. })
}

/// The names of everything in the workspace's root but git's own folder.
fn names(files: &TestWorkspace) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(files.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != ".git")
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_is_replaced_while_it_is_the_one_that_was_read() {
    let files = TestWorkspace::empty();
    files.write("a.prompty", "one");
    let workspace = open(&files);
    let read = workspace.read_text("a.prompty").unwrap();
    assert_eq!((read.text.as_str(), read.digest.as_str()), ("one", digest(b"one").as_str()));

    let first = workspace.write_text("a.prompty", "two", Some(&read.digest)).unwrap();
    assert_eq!(first, Written::Saved { digest: digest(b"two") });
    assert_eq!(files.read("a.prompty"), "two");
    let Written::Saved { digest: base } = first else { unreachable!() };
    assert!(saved(&workspace.write_text("a.prompty", "three", Some(&base)).unwrap()));
    assert_eq!(names(&files), ["a.prompty"], "no temporary file stays");
}

#[test]
fn a_file_that_somebody_else_changed_is_kept_and_handed_back() {
    let files = TestWorkspace::empty();
    files.write("a.prompty", "mine");
    let workspace = open(&files);
    let base = workspace.read_text("a.prompty").unwrap().digest;
    files.write("a.prompty", "theirs");
    let written = workspace.write_text("a.prompty", "mine, edited", Some(&base)).unwrap();
    let Written::Conflict { on_disk: Some(theirs) } = written else {
        panic!("{written:?}");
    };
    assert_eq!(theirs.text, "theirs");
    assert_eq!(files.read("a.prompty"), "theirs");
    // With their digest the person has seen it, and may overwrite it.
    assert!(saved(&workspace.write_text("a.prompty", "merged", Some(&theirs.digest)).unwrap()));
}

#[test]
fn a_file_that_somebody_else_deleted_does_not_come_back_unasked() {
    let files = TestWorkspace::empty();
    files.write("a.prompty", "text");
    let workspace = open(&files);
    let base = workspace.read_text("a.prompty").unwrap().digest;
    files.remove("a.prompty");
    let written = workspace.write_text("a.prompty", "text", Some(&base)).unwrap();
    assert_eq!(written, Written::Conflict { on_disk: None });
    assert!(names(&files).is_empty());
}

#[test]
fn a_new_file_does_not_overwrite_one_that_is_there() {
    let files = TestWorkspace::empty();
    let workspace = open(&files);
    assert!(saved(&workspace.write_text("new/deep/a.prompty", "one", None).unwrap()));
    let again = workspace.write_text("new/deep/a.prompty", "two", None).unwrap();
    assert!(matches!(again, Written::Conflict { on_disk: Some(_) }));
    assert_eq!(files.read("new/deep/a.prompty"), "one");
}

#[test]
fn of_many_writes_that_know_the_same_text_one_succeeds() {
    let files = TestWorkspace::empty();
    files.write("a.prompty", "start");
    let workspace = open(&files);
    let base = workspace.read_text("a.prompty").unwrap().digest;
    let winners: Vec<String> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..8)
            .map(|number| {
                let (workspace, base) = (&workspace, &base);
                scope.spawn(move || {
                    let text = format!("writer {number}");
                    let written = workspace.write_text("a.prompty", &text, Some(base));
                    saved(&written.unwrap()).then_some(text)
                })
            })
            .collect();
        let ended = writers.into_iter().map(|writer| writer.join().unwrap());
        ended.flatten().collect()
    });
    assert_eq!(winners, [files.read("a.prompty")]);
}

#[test]
fn paths_outside_the_workspace_are_refused_both_ways() {
    let files = TestWorkspace::empty();
    let workspace = open(&files);
    for path in ["../x", "/etc/hostname", ".git/config", "a/../../x", ".GIT/HEAD", ""] {
        let read = workspace.read_text(path).unwrap_err();
        assert!(matches!(read, RepoError::OutsideWorkspace { .. }), "{path}: {read}");
        let written = workspace.write_text(path, "text", None).unwrap_err();
        assert!(matches!(written, RepoError::OutsideWorkspace { .. }), "{path}: {written}");
    }
}

#[test]
fn a_missing_file_is_told_by_name() {
    let files = TestWorkspace::empty();
    let error = open(&files).read_text("prompts/gone.yaml").unwrap_err();
    assert_eq!(error.to_string(), "prompts/gone.yaml does not exist");
}

#[test]
fn a_folder_is_not_a_file() {
    let files = TestWorkspace::empty();
    files.write("prompts/a.prompty", "");
    let error = open(&files).read_text("prompts").unwrap_err();
    assert!(matches!(error, RepoError::NotAFile { .. }), "{error}");
}

#[test]
fn a_huge_file_is_not_read_into_memory() {
    let files = TestWorkspace::empty();
    files.write("cases.jsonl", "");
    let file = fs::OpenOptions::new().write(true).open(files.path().join("cases.jsonl")).unwrap();
    // A sparse file: a terabyte that takes no room, and would not fit in memory.
    file.set_len(1 << 40).unwrap();
    let error = open(&files).read_text("cases.jsonl").unwrap_err();
    assert_eq!(error.to_string(), "cases.jsonl is larger than 4 MB");
    // Whoever looks through what the test leaves would read all of it.
    file.set_len(0).unwrap();
}

#[test]
fn the_size_cap_is_exact_and_holds_for_writing() {
    let files = TestWorkspace::empty();
    let workspace = open(&files);
    let largest = "x".repeat(usize::try_from(MAX_FILE).unwrap());
    assert!(saved(&workspace.write_text("a.txt", &largest, None).unwrap()));
    assert_eq!(workspace.read_text("a.txt").unwrap().text.len(), largest.len());
    let error = workspace.write_text("b.txt", &(largest + "x"), None).unwrap_err();
    assert!(matches!(error, RepoError::TooLarge { .. }), "{error}");
    assert_eq!(names(&files), ["a.txt"]);
}

#[test]
fn bytes_that_are_not_utf_8_are_refused_with_their_place() {
    let files = TestWorkspace::empty();
    files.write_bytes("a.prompty", b"caf\xe9");
    let error = open(&files).read_text("a.prompty").unwrap_err();
    assert_eq!(error.to_string(), "a.prompty is not UTF-8 text (byte 3 cannot be read)");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn links_lead_nowhere() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret.txt"), "secret").unwrap();
        let files = TestWorkspace::empty();
        files.write("inside.txt", "inside");
        symlink(outside.path().join("secret.txt"), files.path().join("file.txt")).unwrap();
        symlink(outside.path(), files.path().join("folder")).unwrap();
        symlink("inside.txt", files.path().join("near.txt")).unwrap();
        symlink("nowhere", files.path().join("broken.txt")).unwrap();
        let workspace = open(&files);
        for path in ["file.txt", "folder/secret.txt", "near.txt", "broken.txt"] {
            let link = path.split('/').next().unwrap();
            let expected = format!("{link} is a link, and links are not followed");
            assert_eq!(workspace.read_text(path).unwrap_err().to_string(), expected);
            let written = workspace.write_text(path, "text", None).unwrap_err();
            assert_eq!(written.to_string(), expected);
        }
        let error = workspace.write_text("folder/new.txt", "text", None).unwrap_err();
        assert!(matches!(error, RepoError::Link { .. }), "{error}");
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
        assert_eq!(fs::read_to_string(outside.path().join("secret.txt")).unwrap(), "secret");
    }

    #[test]
    fn a_pipe_is_refused_and_never_waited_for() {
        let files = TestWorkspace::empty();
        let pipe = files.path().join("pipe.prompty");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.expect("the mkfifo program").success());
        let workspace = open(&files);
        let error = workspace.read_text("pipe.prompty").unwrap_err();
        assert!(matches!(error, RepoError::NotAFile { .. }), "{error}");
        assert!(workspace.prompts().unwrap().is_empty());
        assert!(workspace.changes().unwrap().is_empty());
    }

    #[test]
    fn permissions_survive_a_write() {
        let files = TestWorkspace::empty();
        files.write("run.prompty", "one");
        let place = files.path().join("run.prompty");
        fs::set_permissions(&place, fs::Permissions::from_mode(0o750)).unwrap();
        let workspace = open(&files);
        let base = workspace.read_text("run.prompty").unwrap().digest;
        workspace.write_text("run.prompty", "two", Some(&base)).unwrap();
        assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o750);
    }

    #[test]
    fn a_read_only_file_stays_as_it_is() {
        let files = TestWorkspace::empty();
        files.write("a.prompty", "one");
        let place = files.path().join("a.prompty");
        fs::set_permissions(&place, fs::Permissions::from_mode(0o444)).unwrap();
        let workspace = open(&files);
        let base = workspace.read_text("a.prompty").unwrap().digest;
        let error = workspace.write_text("a.prompty", "two", Some(&base)).unwrap_err();
        assert_eq!(error.to_string(), "a.prompty is read-only");
        assert_eq!(files.read("a.prompty"), "one");
        assert_eq!(names(&files), ["a.prompty"]);
    }
}
