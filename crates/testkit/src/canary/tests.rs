#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use git2::{Oid, Repository};
use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::{DataFolder, ModelServer, RecordedRequest, TestWorkspace};

fn found(text: &str) -> String {
    find("it", text.as_bytes()).unwrap_or_else(|| panic!("nothing is found in {text}")).what
}

/// What stands in the folder, as the search tells of it.
fn only_finding(folder: &Path) -> Finding {
    let mut findings = find_in_folder(folder);
    assert_eq!(findings.len(), 1, "{findings:?}");
    findings.remove(0)
}

fn each(text: &str, written: impl Fn(u8) -> String) -> String {
    text.bytes().map(written).collect()
}

#[test]
fn the_canary_has_what_encodings_change_and_more_than_one_telling_part_that_none_does() {
    assert!(KEY.is_ascii() && KEY.contains('+') && KEY.contains('/'), "{KEY}");
    let longest = KEY.split(|c: char| !c.is_ascii_alphanumeric()).map(str::len).max();
    assert!(longest > Some(TELLING), "{KEY}");
}

#[test]
fn every_form_is_found_wherever_in_a_text_the_key_stands() {
    for before in ["", "u", "us", "use", "user:"] {
        let whole = format!("{before}{KEY} and more");
        let utf16 = |bytes: fn(u16) -> [u8; 2]| whole.encode_utf16().flat_map(bytes).collect();
        let little: Vec<u8> = utf16(u16::to_le_bytes);
        let big: Vec<u8> = utf16(u16::to_be_bytes);
        assert!(find("it", &little).is_some() && find("it", &big).is_some());
        for text in [
            whole.clone(),
            STANDARD.encode(&whole),
            URL_SAFE.encode(&whole),
            each(&whole, |byte| format!("{byte:02x}")),
            each(&whole, |byte| format!("{byte:02X}")),
            each(&whole, |byte| format!("%{byte:02x}")),
            each(&whole, |byte| format!("\\u{byte:04x}")),
            whole.replace('/', "\\/").replace('+', "\\u002b"),
            whole.replace('/', "%2F").replace('+', "%2b"),
            whole.chars().rev().collect(),
            whole.to_uppercase(),
            format!("{:?}", whole.as_bytes()),
            serde_json::to_string(whole.as_bytes()).unwrap(),
        ] {
            found(&text);
        }
    }
}

#[test]
fn a_finding_names_the_form() {
    assert_eq!(found(&format!("a {KEY}")), "holds the canary key, plain, at byte 2");
    assert!(found(&STANDARD.encode(KEY)).contains("as base64"));
    assert!(found(&each(KEY, |byte| format!("{byte:02x}"))).contains("as hex"));
    assert!(found(&serde_json::to_string(KEY.as_bytes()).unwrap()).contains("as numbers"));
}

#[test]
fn telling_parts_are_found_and_what_may_be_shown_is_not() {
    for from in 0..=KEY.len() - TELLING {
        found(&KEY[from..from + TELLING]);
        found(&STANDARD.encode(&KEY[from..from + TELLING]));
    }
    assert_eq!(find("it", format!("ends in {}", &KEY[KEY.len() - 4..]).as_bytes()), None);
}

#[test]
fn another_key_of_the_tests_is_found_too() {
    let other = key("-of-another-provider");
    assert_ne!(other, KEY);
    found(&STANDARD.encode(format!("u:{other}")));
}

fn database(folder: &Path) -> Connection {
    let database = Connection::open(folder.join("data.sqlite3")).unwrap();
    database.pragma_update(None, "journal_mode", "wal").unwrap();
    database.execute("CREATE TABLE reply (bytes BLOB)", ()).unwrap();
    database
}

#[test]
fn a_row_of_a_database_that_was_deleted_again_is_found() {
    let folder = TempDir::new().unwrap();
    let database = database(folder.path());
    database.execute("INSERT INTO reply VALUES (?)", [STANDARD.encode(KEY)]).unwrap();
    database.execute("DELETE FROM reply", ()).unwrap();
    database.close().unwrap();
    let finding = only_finding(folder.path());
    assert!(finding.place.ends_with("data.sqlite3"), "{finding}");
    assert!(finding.what.contains("as base64"), "{finding}");
}

#[test]
fn a_key_that_a_database_breaks_at_the_end_of_a_page_is_found_by_its_longer_half() {
    for whole in [KEY.to_owned(), STANDARD.encode(KEY), each(KEY, |byte| format!("{byte:02x}"))] {
        for at in 0..=whole.len() {
            found(&format!("{} the next page {}", &whole[..at], &whole[at..]));
        }
    }
}

#[test]
fn what_only_the_write_ahead_log_holds_is_found() {
    let folder = TempDir::new().unwrap();
    let database = database(folder.path());
    database.pragma_update(None, "wal_checkpoint", "TRUNCATE").unwrap();
    database.execute("INSERT INTO reply VALUES (?)", [KEY]).unwrap();
    let finding = only_finding(folder.path());
    assert!(finding.place.ends_with("data.sqlite3-wal"), "{finding}");
}

fn commit(repository: &Repository, text: &str, message: &str) -> Oid {
    let mut tree = repository.treebuilder(None).unwrap();
    let blob = repository.blob(text.as_bytes()).unwrap();
    tree.insert("file.txt", blob, 0o100_644).unwrap();
    let tree = repository.find_tree(tree.write().unwrap()).unwrap();
    let author = git2::Signature::now("Ada Tester", "ada@example.com").unwrap();
    let head = repository.head().ok().and_then(|head| head.peel_to_commit().ok());
    let parents: Vec<_> = head.iter().collect();
    repository.commit(Some("HEAD"), &author, &author, message, &tree, &parents).unwrap()
}

/// Moves all objects into one pack, where blobs that resemble each other are kept as differences.
fn pack(repository: &Repository) {
    let mut pack = repository.packbuilder().unwrap();
    let mut walk = repository.revwalk().unwrap();
    walk.push_head().unwrap();
    pack.insert_walk(&mut walk).unwrap();
    let objects = repository.path().join("objects");
    pack.write(&objects.join("pack"), 0o444).unwrap();
    for entry in fs::read_dir(&objects).unwrap().flatten() {
        if entry.file_name().len() == 2 {
            fs::remove_dir_all(entry.path()).unwrap();
        }
    }
}

#[test]
fn a_git_object_is_found_loose_and_packed_though_both_are_compressed() {
    let folder = TempDir::new().unwrap();
    let repository = Repository::init(folder.path()).unwrap();
    let text: String = (0..500).map(|n| format!("line {n} of a file\n")).collect();
    commit(&repository, &text, "begin");
    commit(&repository, &format!("{text}{KEY}\n"), "a mistake");
    commit(&repository, &text, "taken back");
    let loose = only_finding(folder.path());
    assert!(loose.place.starts_with("git object "), "{loose}");
    pack(&repository);
    assert_eq!(only_finding(folder.path()).what, loose.what);
}

#[test]
fn a_commit_message_is_found_in_a_repository_that_git_would_refuse() {
    let folder = TempDir::new().unwrap();
    let repository = Repository::init_bare(folder.path()).unwrap();
    commit(&repository, "text", &format!("use {}", each(KEY, |byte| format!("%{byte:02X}"))));
    fs::write(folder.path().join("config"), "[core\nrepositoryformatversion = 99").unwrap();
    assert!(only_finding(folder.path()).what.contains("percent-encoded"));
}

#[test]
fn names_of_files_and_targets_of_links_are_looked_at() {
    let folder = TempDir::new().unwrap();
    let name = KEY.replace('/', "%2F");
    fs::create_dir(folder.path().join("below")).unwrap();
    fs::write(folder.path().join("below").join(&name), "").unwrap();
    assert!(only_finding(folder.path()).place.ends_with(&name));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(KEY, folder.path().join("link")).unwrap();
        assert_eq!(find_in_folder(folder.path()).len(), 2);
    }
}

#[test]
fn a_trace_of_what_crosses_between_page_and_program_is_looked_through() {
    let bytes: Vec<_> = KEY.bytes().collect();
    let trace = format!(
        "{{\"cmd\":\"models.add\",\"payload\":{}}}",
        serde_json::to_string(&bytes).unwrap()
    );
    assert!(catch_unwind(|| check_bytes("the trace", trace.as_bytes())).is_err());
    check_bytes("the trace", b"{\"cmd\":\"models.add\",\"payload\":[115,107,45]}");
}

#[test]
fn a_file_for_keys_must_be_encrypted_and_hold_none_as_it_is() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("keys.age");
    fs::write(&file, b"age-encryption.org/v1\n-> scrypt 3Uhd 18\n\xff\xfe").unwrap();
    check_folder(folder.path());
    fs::write(&file, b"{\"server\": \"sk-of-somebody\"}").unwrap();
    assert_eq!(only_finding(folder.path()).what, "is a file for keys and not encrypted");
    fs::write(&file, format!("age-encryption.org/v1\n{KEY}")).unwrap();
    assert!(only_finding(folder.path()).what.contains("plain"));
}

fn request(path: &str, headers: &[(&str, &str)], body: &str) -> RecordedRequest {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    RecordedRequest {
        method: "POST".to_owned(),
        path: path.to_owned(),
        headers: headers.iter().map(owned).collect(),
        body: body.as_bytes().to_vec(),
    }
}

#[test]
fn of_a_recorded_request_one_header_holds_the_key_and_nothing_else_may() {
    let bearer = format!("Bearer {KEY}");
    let by_right = [("authorization", bearer.as_str()), ("accept", "*/*")];
    check_request(&request("/v1/chat/completions", &by_right, "{}"));
    for wrong in [
        request(&format!("/v1/models?key={}", KEY.replace('+', "%2B")), &[], ""),
        request("/v1", &by_right, &STANDARD.encode(KEY)),
        request("/v1", &[by_right[0], ("referer", &bearer)], ""),
    ] {
        assert!(catch_unwind(|| check_request(&wrong)).is_err(), "{wrong:?}");
    }
}

/// What a panic of `test` says.
fn failure(test: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(test)).expect_err("it must fail");
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap()
}

#[test]
fn a_test_that_leaves_a_key_in_its_folders_fails_at_its_end() {
    let failed = failure(|| TestWorkspace::empty().write("out.json", KEY));
    assert!(failed.contains("out.json holds the canary key, plain"), "{failed}");
    let failed = failure(|| {
        let data = DataFolder::new();
        fs::write(data.path().join("log.txt"), KEY).unwrap();
    });
    assert!(failed.contains("log.txt holds the canary key, plain"), "{failed}");
}

#[test]
fn a_test_that_sends_a_key_where_it_does_not_belong_fails_at_its_end() {
    let failed = failure(|| {
        let server = ModelServer::start_blocking();
        let address = server.url().replace("http://", "").replace("/v1", "");
        let mut connection = TcpStream::connect(address).unwrap();
        write!(connection, "GET /v1/models?key={KEY} HTTP/1.1\r\n\r\n").unwrap();
        connection.shutdown(Shutdown::Write).unwrap();
        std::io::copy(&mut connection, &mut std::io::sink()).unwrap();
    });
    assert!(failed.contains("the path of a recorded GET request holds"), "{failed}");
}

#[test]
fn a_test_that_fails_anyway_keeps_its_own_message() {
    let failed = failure(|| {
        let workspace = TestWorkspace::empty();
        workspace.write("out.json", KEY);
        panic!("the test's own message");
    });
    assert_eq!(failed, "the test's own message");
}
