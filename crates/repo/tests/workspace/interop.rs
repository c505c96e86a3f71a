//! Other programs read what Assay writes, and Assay what they write: git, its servers and its rewriting tools.

use std::collections::BTreeMap;
use std::process::Stdio;

use assay_repo::review::{Signer, Verdict};
use assay_testkit::TestWorkspace;

use crate::reviews::{BOB, approved, at, codes, gate, measure, propose, proposed, review, signer};
use crate::{LinesOnly, NOW, git, grace, open};

/// A history in which every kind of thing stands that Assay writes: logs, and a signed merge with its attestations.
fn merged() -> (TestWorkspace, String) {
    let (files, workspace) = approved();
    let gate = gate(&workspace, "main", "brief");
    let signer = signer(BOB);
    let made =
        workspace.merge_commit(&gate, "Be brief", NOW, Some(&grace()), Some(&signer)).unwrap();
    git(&files, &["update-ref", "refs/heads/main", &made]);
    (files, made)
}

#[test]
fn git_knows_who_signed_a_merge() {
    let (files, made) = merged();
    let signers = "gpg.ssh.allowedSignersFile=.assay/allowed_signers";
    git(&files, &["-c", signers, "verify-commit", &made]);
    let told = git(&files, &["-c", signers, "log", "-1", "--format=%G? %GS", &made]);
    assert_eq!(told.trim(), "G bob@example.com");
}

#[test]
fn an_approval_is_no_signature_of_a_commit() {
    let (files, workspace) = approved();
    // The bytes of a statement, signed as a statement, in the place of a commit's signature.
    let statement = review(&workspace, BOB, Verdict::Approve).statement.to_bytes().unwrap();
    let armoured = signer(BOB).sign(assay_repo::review::NAMESPACE, &statement).unwrap();
    let place = |name: &str| files.path().join(name).display().to_string();
    files.write("s.sig", &armoured);
    files.write("s", std::str::from_utf8(&statement).unwrap());
    let verify = |namespace: &str| {
        let out = std::process::Command::new("ssh-keygen")
            .args(["-Y", "verify", "-n", namespace, "-I", "bob@example.com"])
            .args(["-f", &place(".assay/allowed_signers"), "-s", &place("s.sig")])
            .stdin(Stdio::from(std::fs::File::open(place("s")).unwrap()))
            .output();
        out.expect("the ssh-keygen program").status.success()
    };
    assert!(verify("statement@assay"));
    assert!(!verify("git"));
}

#[test]
fn git_finds_nothing_wrong_in_what_is_written() {
    let (files, made) = merged();
    git(&files, &["fsck", "--strict", "--no-dangling"]);
    // Also as a server that refuses what is odd.
    let folder = tempfile::tempdir().unwrap();
    let hub = folder.path().join("hub.git").display().to_string();
    git(&files, &["init", "-q", "--bare", &hub]);
    git(&files, &["-C", &hub, "config", "receive.fsckObjects", "true"]);
    git(&files, &["push", "-q", &hub, "main", "refs/assay/log/*:refs/assay/log/*"]);
    let trailers = git(&files, &["log", "-1", "--format=%(trailers:key=Reviewed-by)", &made]);
    assert_eq!(trailers.trim(), "Reviewed-by: bob@example.com");
    let ids = "--format=%(trailers:key=Eval-Evidence,valueonly)";
    let evidence = git(&files, &["log", "-1", ids, &made]);
    let kept = git(&files, &["ls-tree", "-r", "--name-only", &made, ".assay/attest"]);
    let id = evidence.trim().trim_start_matches("sha256:");
    assert!(kept.contains(&format!("{id}.json")), "{id} in {kept}");
}

#[test]
fn a_title_cannot_bring_trailers_of_its_own() {
    let (files, workspace) = approved();
    let gate = gate(&workspace, "main", "brief");
    let message = "Be brief\n\nReviewed-by: mallory@example.com";
    let made = workspace.merge_commit(&gate, message, NOW, Some(&grace()), None).unwrap();
    let trailers =
        git(&files, &["log", "-1", "--format=%(trailers:key=Reviewed-by,valueonly)", &made]);
    assert_eq!(trailers.trim(), "bob@example.com");
}

/// What a server makes of a pull request that is squashed: a list of its commits, and whoever had a part in it.
const SQUASHED: &str = "Be brief (#7)\n\n* be brief\n\n* Reviewed-by: mallory@example.com\n\n---------\n\nSigned-off-by: Ada <ada@example.com>\nCo-authored-by: Bob <bob@example.com>";

fn squash(files: &TestWorkspace) -> String {
    let tree = "brief^{tree}";
    let made = git(files, &["commit-tree", tree, "-p", "main", "-m", SQUASHED]);
    git(files, &["update-ref", "refs/heads/main", made.trim()]);
    made.trim().to_owned()
}

#[test]
fn a_squash_by_a_server_is_verified_by_what_it_holds() {
    let (files, workspace) = approved();
    let made = at(&workspace, &squash(&files));
    let verified =
        workspace.verify_commit(&made, &BTreeMap::new(), NOW.seconds, &LinesOnly).unwrap();
    assert!(verified.decision.open, "{:?}", verified.decision);
    review(&workspace, BOB, Verdict::RequestChanges);
    let verified =
        workspace.verify_commit(&made, &BTreeMap::new(), NOW.seconds, &LinesOnly).unwrap();
    assert!(codes(&verified).contains("changes-requested"), "{:?}", verified.decision);
}

#[test]
fn words_in_a_message_approve_nothing() {
    let (files, workspace) = proposed();
    propose(&workspace);
    measure(&workspace);
    let made = at(&workspace, &squash(&files));
    let verified =
        workspace.verify_commit(&made, &BTreeMap::new(), NOW.seconds, &LinesOnly).unwrap();
    assert!(codes(&verified).contains("needs-approvals"));
}

#[test]
fn a_history_written_anew_is_verified_as_before() {
    let (files, _) = merged();
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other");
    let place = other.to_str().unwrap();
    git(&files, &["init", "-q", "-b", "main", place]);
    // As `git filter-repo` does: every branch goes through a stream, and comes out with other names and ids.
    let stream = git(&files, &["fast-export", "--branches"]);
    assert!(stream.contains("Ada Tester"));
    let stream = stream.replace("Ada Tester <ada@example.com>", "A <a@example.net>");
    let mut import = std::process::Command::new("git")
        .args(["-C", place, "fast-import", "--quiet"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut import.stdin.take().unwrap(), stream.as_bytes()).unwrap();
    assert!(import.wait().unwrap().success());
    git(&files, &["-C", place, "checkout", "-q", "main"]);
    let workspace = assay_repo::Workspace::open(&other).unwrap();
    let made = at(&workspace, "HEAD");
    // No log came along: what stands in the tree is enough.
    let verified =
        workspace.verify_commit(&made, &BTreeMap::new(), NOW.seconds, &LinesOnly).unwrap();
    assert!(verified.decision.open, "{:?}", verified.decision);
    assert_eq!(verified.heard.statements.len(), 3);
    assert_eq!(workspace.log(9).unwrap().len(), 3);
}

#[test]
fn a_commit_filtered_by_git_itself_keeps_its_gate() {
    let (files, workspace) = approved();
    files.write("secret.txt", "to be forgotten");
    files.commit("a mistake");
    let filter = "git rm -q --cached --ignore-unmatch secret.txt";
    let filtered = std::process::Command::new("git")
        .args(["filter-branch", "-f", "--index-filter", filter, "--", "--all"])
        .current_dir(files.path())
        .env("FILTER_BRANCH_SQUELCH_WARNING", "1")
        .output()
        .expect("the git program");
    assert!(filtered.status.success(), "{}", String::from_utf8_lossy(&filtered.stderr));
    assert!(gate(&workspace, "main", "brief").decision.open);
    assert!(open(&files).revision("brief").is_ok());
}
