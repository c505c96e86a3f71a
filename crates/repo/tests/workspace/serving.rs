//! What git's own server does to statements and logins: references it refuses or hides, logs it takes back, passwords it
//! asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use assay_repo::Workspace;
use assay_repo::git::{Address, GitError, Pushed, Statements, SyncRequest, Synced};
use assay_repo::review::refs::{Adopted, fetch_refspec};
use assay_repo::review::{Body, KeyFile, Review, Signer, Verdict};
use assay_testkit::git_server::write_hook;
use assay_testkit::{GitServer, TestWorkspace};

use crate::together::say;
use crate::{NOW, at_file, bare, clone, git, grace, request};

const REPOSITORY: &str = "01JREPOSITORY0000000000001";

/// Refuses references of their own, one by one.
const UPDATE: &str = "case \"$1\" in refs/assay/*) echo \"$1\" >> tried; exit 1;; esac";
/// Refuses everything that comes together with one.
const PRE_RECEIVE: &str = "! grep -q refs/assay/";

/// A served repository, and the folder that it and its clones are in.
struct Served {
    files: TestWorkspace,
    folder: tempfile::TempDir,
    server: GitServer,
}

/// Somebody with a clone and a key.
struct Person {
    workspace: Workspace,
    signer: KeyFile,
}

fn served() -> Served {
    let files = TestWorkspace::empty();
    files.write("a.txt", "one\n");
    files.commit("first");
    let folder = tempfile::tempdir().unwrap();
    bare(&files, &folder.path().join("r.git"));
    let server = GitServer::start(folder.path());
    Served { files, folder, server }
}

impl Served {
    fn bare(&self) -> PathBuf {
        self.folder.path().join("r.git")
    }

    fn address(&self) -> Address {
        Address::parse(&self.server.url("r.git")).unwrap()
    }

    fn person(&self, name: &str, seed: u8) -> Person {
        let workspace = clone(&self.address(), &self.folder.path().join(name));
        Person { workspace, signer: KeyFile::from_seed(&[seed; 32]) }
    }

    /// Somebody who reaches the repository as a folder.
    fn neighbour(&self, name: &str, seed: u8) -> Person {
        let workspace = clone(&at_file(&self.bare()), &self.folder.path().join(name));
        Person { workspace, signer: KeyFile::from_seed(&[seed; 32]) }
    }

    /// Git in the served repository.
    fn git(&self, arguments: &[&str]) -> String {
        let bare = self.bare();
        git(&self.files, &[&["--git-dir", bare.to_str().unwrap()][..], arguments].concat())
    }

    fn refs(&self, below: &str) -> Vec<String> {
        let listed = self.git(&["for-each-ref", "--format=%(refname)", below]);
        listed.lines().map(str::to_owned).collect()
    }
}

impl Person {
    fn log(&self) -> String {
        self.signer.key().fingerprint_hex()
    }

    fn say(&self) -> String {
        say(&self.workspace, &self.signer, Body::Review(Review::of(Verdict::Approve)))
    }

    fn sync(&self) -> Synced {
        self.try_to_sync().unwrap()
    }

    fn try_to_sync(&self) -> Result<Synced, GitError> {
        self.workspace.sync(&SyncRequest { logs: &[self.log()], ..request() })
    }

    fn heard(&self) -> BTreeSet<String> {
        heard(&self.workspace)
    }

    fn commit(&self, name: &str) {
        fs::write(self.workspace.root().join(name), name).unwrap();
        self.workspace.commit(name, &[], NOW, Some(&grace())).unwrap();
    }
}

fn heard(workspace: &Workspace) -> BTreeSet<String> {
    let heard = workspace.listen(REPOSITORY, &[], &BTreeMap::new()).unwrap();
    heard.statements.into_iter().map(|(_, signed)| signed.id).collect()
}

fn in_clone(served: &Served, workspace: &Workspace, arguments: &[&str]) -> String {
    git(&served.files, &[&["-C", workspace.root().to_str().unwrap()][..], arguments].concat())
}

#[test]
fn a_clone_has_the_statements_and_plain_git_fetch_brings_later_ones() {
    let served = served();
    let ada = served.person("ada", 1);
    let first = ada.say();
    assert_eq!(ada.sync().statements.sent, 1);
    let bob = served.person("bob", 2);
    assert_eq!(bob.heard(), BTreeSet::from([first.clone()]));
    let second = ada.say();
    assert_eq!(ada.sync().statements, Statements { sent: 1, ..Statements::default() });
    in_clone(&served, &bob.workspace, &["fetch", "-q", "origin"]);
    assert_eq!(bob.workspace.adopt_logs("origin").unwrap(), [(ada.log(), Adopted::Forward)]);
    assert_eq!(bob.heard(), BTreeSet::from([first, second]));
}

#[test]
fn a_clone_of_plain_git_follows_statements_from_its_first_sync_on() {
    let served = served();
    let ada = served.person("ada", 1);
    let said = ada.say();
    ada.sync();
    let place = served.folder.path().join("bob");
    git(&served.files, &["clone", "-q", served.address().text(), place.to_str().unwrap()]);
    let bob = Person {
        workspace: Workspace::open(&place).unwrap(),
        signer: KeyFile::from_seed(&[2; 32]),
    };
    assert!(bob.heard().is_empty(), "a plain clone has none");
    let first = bob.sync().statements;
    assert_eq!((first.followed, first.taken), (true, 1));
    assert_eq!(bob.heard(), BTreeSet::from([said]));
    assert!(!bob.sync().statements.followed, "once is enough");
    let specs = in_clone(&served, &bob.workspace, &["config", "--get-all", "remote.origin.fetch"]);
    assert_eq!(specs.lines().nth(1), Some(fetch_refspec("origin").as_str()));
    assert_eq!(specs.lines().count(), 2);
}

#[test]
fn one_key_on_two_machines_in_turn_is_in_nobodys_way() {
    let served = served();
    let (desk, lap) = (served.person("desk", 1), served.person("lap", 1));
    let mut said = BTreeSet::from([desk.say()]);
    desk.sync();
    lap.sync();
    said.insert(lap.say());
    lap.sync();
    // The desk's own log is behind now, which is no reason to send anything.
    let synced = desk.sync().statements;
    assert_eq!(synced, Statements { taken: 1, ..Statements::default() });
    said.insert(desk.say());
    assert_eq!(desk.sync().statements.unsent, None);
    lap.sync();
    assert_eq!((desk.heard(), lap.heard()), (said.clone(), said));
}

/// Statements reach who reads them, on branches that nobody takes for one of theirs.
fn check_branches(served: &Served, expected: &str) {
    let ada = served.person("ada", 1);
    ada.commit("ada.txt");
    let mut said = BTreeSet::from([ada.say()]);
    let first = ada.sync();
    assert_eq!(first.pushed, Pushed::Sent { commits: 1 }, "the branch is not held up");
    let told = first.statements;
    assert_eq!((told.sent, &told.unsent, &told.alarms), (1, &None, &Vec::new()));
    assert!(told.on_branches.as_deref().is_some_and(|why| why.contains(expected)), "{told:?}");

    let bob = served.person("bob", 2);
    assert_eq!(bob.heard(), said);
    said.insert(ada.say());
    let later = ada.sync().statements;
    assert_eq!((later.sent, later.on_branches), (1, None), "it is known by now");
    said.insert(bob.say());
    bob.sync();
    ada.sync();
    assert_eq!((ada.heard(), bob.heard()), (said.clone(), said));
    let names: Vec<_> = bob.workspace.branches().unwrap().into_iter().map(|b| b.name).collect();
    assert_eq!(names, ["main", "origin/main"]);
    let logs = BTreeSet::from([ada.log(), bob.log()]);
    let logs: Vec<_> = logs.iter().map(|log| format!("refs/heads/assay/log/{log}")).collect();
    assert_eq!(served.refs("refs/heads/assay"), logs);
}

#[test]
fn a_server_whose_hook_refuses_such_references_gets_branches() {
    let served = served();
    write_hook(&served.bare(), "update", UPDATE);
    check_branches(&served, "hook declined");
    let tried = fs::read_to_string(served.bare().join("tried")).unwrap();
    assert_eq!(tried.lines().count(), 2, "each key asks once:\n{tried}");
}

#[test]
fn a_server_that_refuses_whole_pushes_for_such_references_gets_branches() {
    let served = served();
    write_hook(&served.bare(), "pre-receive", PRE_RECEIVE);
    check_branches(&served, "pre-receive hook declined");
}

#[test]
fn a_server_that_hides_such_references_gets_branches() {
    for (setting, expected) in [
        ("receive.hideRefs", "hidden ref"),
        ("transfer.hideRefs", "hidden ref"),
        ("uploadpack.hideRefs", "shows them to nobody"),
    ] {
        let served = served();
        served.git(&["config", setting, "refs/assay"]);
        check_branches(&served, expected);
    }
}

#[test]
fn a_server_that_takes_statements_nowhere_is_told_and_holds_up_nothing_else() {
    let served = served();
    write_hook(&served.bare(), "update", "case \"$1\" in *assay/log/*) exit 1;; esac");
    let ada = served.person("ada", 1);
    let said = ada.say();
    ada.commit("ada.txt");
    let synced = ada.sync();
    assert_eq!(synced.pushed, Pushed::Sent { commits: 1 });
    assert_eq!(synced.statements.sent, 0);
    assert_eq!(synced.statements.unsent.as_deref(), Some("hook declined"));
    fs::remove_file(served.bare().join("hooks/update")).unwrap();
    assert_eq!(ada.sync().statements.sent, 1, "it waits for the next time");
    assert_eq!(served.person("bob", 2).heard(), BTreeSet::from([said]));
}

#[test]
fn a_protected_branch_holds_up_no_statement() {
    let served = served();
    write_hook(&served.bare(), "update", "test \"$1\" != refs/heads/main");
    let ada = served.person("ada", 1);
    ada.commit("ada.txt");
    let said = ada.say();
    let refused = ada.try_to_sync().unwrap_err();
    assert!(matches!(refused, GitError::Rejected { .. }), "{refused:?}");
    assert_eq!(served.person("bob", 2).heard(), BTreeSet::from([said]));
}

#[test]
fn a_hook_that_decides_is_not_gone_past_in_a_folder_and_is_asked_by_a_server() {
    let served = served();
    let (ada, bob) = (served.neighbour("ada", 1), served.person("bob", 2));
    bob.commit("bob.txt");
    bob.sync();
    write_hook(&served.bare(), "pre-receive", "touch ran; exit 1");
    let before = served.git(&["for-each-ref"]);

    ada.commit("ada.txt");
    let refused = ada.try_to_sync().unwrap_err();
    assert!(matches!(&refused, GitError::Hooked { hook, .. } if hook.ends_with("pre-receive")));
    assert!(refused.hint().unwrap().ends_with("git push origin main"), "{refused:?}");
    assert!(ada.workspace.root().join("bob.txt").exists(), "what came before is kept");
    assert!(!served.bare().join("ran").exists(), "nothing of a repository runs here");
    assert_eq!(served.git(&["for-each-ref"]), before);

    bob.commit("later.txt");
    let refused = bob.try_to_sync().unwrap_err();
    assert!(matches!(refused, GitError::Rejected { .. }), "{refused:?}");
    assert!(served.bare().join("ran").exists());
    assert_eq!(served.git(&["for-each-ref"]), before);
}

#[test]
fn statements_for_a_folder_whose_hook_decides_are_told_as_unsent() {
    let served = served();
    let ada = served.neighbour("ada", 1);
    write_hook(&served.bare(), "update", "exit 0");
    fs::rename(served.bare().join("hooks"), served.bare().join("elsewhere")).unwrap();
    served.git(&["config", "core.hooksPath", "elsewhere"]);
    ada.say();
    let told = ada.sync().statements;
    let reason = told.unsent.unwrap();
    assert!(reason.contains("elsewhere/update"), "{reason}");
    assert!(reason.ends_with(&format!("git push origin refs/assay/log/{}", ada.log())), "{reason}");
    assert_eq!((told.sent, served.refs("refs/assay")), (0, Vec::new()));
}

#[test]
fn a_folder_with_hooks_that_git_does_not_start_or_only_tells_is_sent_to() {
    let served = served();
    let ada = served.neighbour("ada", 1);
    for name in ["pre-receive.sample", "post-receive", "update"] {
        write_hook(&served.bare(), name, "exit 1");
    }
    let switched_off = fs::Permissions::from_mode(0o644);
    fs::set_permissions(served.bare().join("hooks/update"), switched_off).unwrap();
    ada.commit("ada.txt");
    assert_eq!(ada.sync().pushed, Pushed::Sent { commits: 1 });
}

#[test]
fn statements_that_a_server_takes_back_are_noticed_and_kept() {
    for hook in [None, Some(UPDATE)] {
        let served = served();
        if let Some(script) = hook {
            write_hook(&served.bare(), "update", script);
        }
        let (ada, bob) = (served.person("ada", 1), served.person("bob", 2));
        let said = BTreeSet::from([ada.say(), ada.say()]);
        ada.sync();
        assert!(bob.sync().statements.alarms.is_empty());
        let log = match hook {
            None => format!("refs/assay/log/{}", ada.log()),
            Some(_) => format!("refs/heads/assay/log/{}", ada.log()),
        };
        let alarm = vec![(ada.log(), Adopted::RolledBack)];
        served.git(&["update-ref", &log, &format!("{log}~1")]);
        assert_eq!(bob.sync().statements.alarms, alarm);
        served.git(&["update-ref", "-d", &log]);
        assert_eq!(bob.sync().statements.alarms, alarm);
        assert_eq!(bob.heard(), said, "what was hidden is still heard");
        // Its author still has it, and brings it back.
        ada.sync();
        assert!(bob.sync().statements.alarms.is_empty());
    }
}

#[test]
fn what_others_put_under_a_keys_name_blocks_nobody() {
    let served = served();
    let (ada, bob) = (served.person("ada", 1), served.person("bob", 2));
    for name in [ada.log(), "0".repeat(64)] {
        served.git(&["update-ref", &format!("refs/assay/log/{name}"), "refs/heads/main"]);
    }
    let blob = served.git(&["hash-object", "-w", "a.txt"]);
    served.git(&["update-ref", &format!("refs/assay/log/{}", "1".repeat(64)), blob.trim()]);
    let alarms = bob.sync().statements.alarms;
    assert_eq!(alarms.len(), 3);
    assert!(alarms.iter().all(|(_, found)| *found == Adopted::Forged), "{alarms:?}");
    assert!(bob.heard().is_empty());
    served.git(&["update-ref", "-d", &format!("refs/assay/log/{}", ada.log())]);
    let said = ada.say();
    ada.sync();
    assert_eq!(bob.sync().statements.taken, 1);
    assert_eq!(bob.heard(), BTreeSet::from([said]));
}

/// What tells the program of these tests that it is the one with the prepared home.
const LOGIN_CHILD: &str = "ASSAY_TEST_LOGIN";

/// Runs one test of this program again, with a git configuration of a user's own.
fn with_config(test: &str, config: &Path) {
    let out = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("serving::{test}"), "--nocapture"])
        .env(LOGIN_CHILD, config.parent().unwrap())
        .env("GIT_CONFIG_GLOBAL", config)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success(), "{said}{}", String::from_utf8_lossy(&out.stderr));
    assert!(said.contains("1 passed"), "{said}");
}

/// A folder with a git configuration whose credential helper knows this password, and notes what it is told.
fn home_with(password: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let helper = home.path().join("helper");
    let told = home.path().join("told");
    let script = format!(
        "#!/bin/sh\necho \"$1\" >> '{}'\ntest \"$1\" = get && printf 'username=ada\\npassword={password}\\n'\ncat > /dev/null\n",
        told.display()
    );
    fs::write(&helper, script).unwrap();
    fs::set_permissions(&helper, fs::Permissions::from_mode(0o755)).unwrap();
    let config = format!("[credential]\n\thelper = {}\n", helper.display());
    fs::write(home.path().join("config"), config).unwrap();
    home
}

/// A repository behind a login, and where it is.
fn behind_login() -> (tempfile::TempDir, GitServer, Address) {
    let files = TestWorkspace::empty();
    files.write("a.txt", "one\n");
    files.commit("first");
    let folder = tempfile::tempdir().unwrap();
    bare(&files, &folder.path().join("r.git"));
    let server = GitServer::with_login(folder.path(), "ada", "right");
    let address = Address::parse(&server.url("r.git")).unwrap();
    (folder, server, address)
}

#[test]
fn a_password_comes_from_the_users_own_helper_and_never_from_the_repository() {
    let Ok(home) = std::env::var(LOGIN_CHILD) else {
        let test = "a_password_comes_from_the_users_own_helper_and_never_from_the_repository";
        return with_config(test, &home_with("right").path().join("config"));
    };
    let (folder, server, address) = behind_login();
    let workspace = clone(&address, &folder.path().join("ada"));
    let ran = folder.path().join("ran");
    let mut config = git2::Repository::open(workspace.root()).unwrap().config().unwrap();
    let program = format!("!touch {}; echo username=eve; echo password=wrong", ran.display());
    config.set_str("credential.helper", &program).unwrap();
    config.set_str("credential.username", "eve").unwrap();
    fs::write(workspace.root().join("b.txt"), "two\n").unwrap();
    workspace.commit("second", &[], NOW, Some(&grace())).unwrap();
    let synced = workspace.sync(&request()).unwrap();
    assert_eq!(synced.pushed, Pushed::Sent { commits: 1 });
    assert!(!ran.exists(), "the repository's own helper ran");
    let tried: BTreeSet<_> = server.tried().into_iter().collect();
    assert_eq!(tried, BTreeSet::from(["ada:right".to_owned()]));
    // Clone, fetch and push each asked once, and said that it was right.
    let told = fs::read_to_string(Path::new(&home).join("told")).unwrap();
    assert_eq!(told, "get\nstore\n".repeat(3));
}

#[test]
fn a_password_that_is_refused_is_forgotten_and_not_tried_twice() {
    let Ok(home) = std::env::var(LOGIN_CHILD) else {
        let test = "a_password_that_is_refused_is_forgotten_and_not_tried_twice";
        return with_config(test, &home_with("wrong").path().join("config"));
    };
    let (folder, server, address) = behind_login();
    let into = folder.path().join("ada");
    let refused = Workspace::clone_from(&assay_repo::git::CloneRequest {
        address: &address,
        into: &into,
        branch: None,
        follow: &assay_repo::git::Unfollowed,
    });
    assert!(matches!(refused, Err(GitError::NotAccepted { .. })), "{refused:?}");
    assert!(!into.exists());
    assert_eq!(server.tried(), ["ada:wrong"]);
    let told = fs::read_to_string(Path::new(&home).join("told")).unwrap();
    assert_eq!(told, "get\nerase\n");
}

#[test]
fn without_a_helper_a_login_is_refused_and_nobody_is_asked_at_a_terminal() {
    let Ok(_) = std::env::var(LOGIN_CHILD) else {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("config"), "").unwrap();
        let test = "without_a_helper_a_login_is_refused_and_nobody_is_asked_at_a_terminal";
        return with_config(test, &home.path().join("config"));
    };
    let (folder, server, address) = behind_login();
    let refused = Workspace::clone_from(&assay_repo::git::CloneRequest {
        address: &address,
        into: &folder.path().join("ada"),
        branch: None,
        follow: &assay_repo::git::Unfollowed,
    });
    assert!(matches!(refused, Err(GitError::NotAccepted { .. })), "{refused:?}");
    assert!(server.tried().is_empty());
}
