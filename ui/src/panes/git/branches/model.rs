//! What the branches view decides: which are listed, what is said of them, and which names can be given.

use assay_wire::{
    BranchView, BranchesView, CommitView, MergeView, RemoteView, SwitchView, SyncView, TagView,
    UndoView, UndoneView,
};

use crate::{
    components::Tone,
    panes::git::{model::short_id, work::Said},
};

/// Files named in a sentence before the rest is counted.
const NAMED: usize = 3;

/// What the list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// Branches of this repository, the one that is checked out first.
    pub here: Vec<BranchView>,
    /// Fetched ones that no branch here follows.
    pub there: Vec<BranchView>,
    /// Tags.
    pub tags: Vec<TagView>,
}

/// The branches and tags whose names contain what was typed.
pub fn listed(view: &BranchesView, typed: &str) -> Listed {
    let typed = typed.trim().to_lowercase();
    let fits = |name: &str| name.to_lowercase().contains(&typed);
    let is_followed =
        |name: &str| view.branches.iter().any(|branch| branch.upstream.as_deref() == Some(name));
    let (there, mut here): (Vec<_>, Vec<_>) =
        view.branches.iter().filter(|b| fits(&b.name)).cloned().partition(|b| b.remote);
    here.sort_by_key(|branch| !branch.current);
    Listed {
        here,
        there: there.into_iter().filter(|branch| !is_followed(&branch.name)).collect(),
        tags: view.tags.iter().filter(|tag| fits(&tag.name)).cloned().collect(),
    }
}

/// The id of a branch's line on the page.
pub fn line_id(name: &str) -> String {
    format!("branch:{name}")
}

/// Names that a revision can be given by: branches and tags.
pub fn revisions(view: &BranchesView) -> Vec<String> {
    let branches = view.branches.iter().map(|branch| branch.name.clone());
    branches.chain(view.tags.iter().map(|tag| tag.name.clone())).collect()
}

/// How a branch stands to the one it follows.
pub fn distance(branch: &BranchView) -> Option<String> {
    if branch.remote {
        return None;
    }
    Some(match (&branch.upstream, branch.ahead, branch.behind) {
        (None, ..) => "only here".to_owned(),
        (Some(upstream), 0, 0) => format!("as {upstream}"),
        (Some(_), ahead, 0) => format!("{ahead} ahead"),
        (Some(_), 0, behind) => format!("{behind} behind"),
        (Some(_), ahead, behind) => format!("{ahead} ahead, {behind} behind"),
    })
}

/// Why a branch or tag cannot have this name. What git takes beyond these rules, it says itself.
pub fn objection(what: &str, name: &str, taken: &[String]) -> Option<String> {
    let name = name.trim();
    if name.is_empty() {
        return Some(format!("Give the {what} a name."));
    }
    if taken.iter().any(|other| other == name) {
        return Some(format!("“{name}” is already there."));
    }
    let bad = |c: char| c.is_whitespace() || c.is_control() || "~^:?*[\\".contains(c);
    if let Some(c) = name.chars().find(|c| bad(*c)) {
        let c = if c.is_whitespace() { "a space".to_owned() } else { format!("“{c}”") };
        return Some(format!("{c} cannot stand in the name of a {what}."));
    }
    let is_bad_part = |part: &str| {
        part.is_empty()
            || part.starts_with(['.', '-'])
            || part.ends_with(".lock")
            || part.ends_with('.')
    };
    if name.split('/').any(is_bad_part) || name.contains("..") || name.contains("@{") || name == "@"
    {
        return Some(format!("Git has no {what} of such a name."));
    }
    None
}

/// The remote that a sync of the current branch would use; `None` where that is not known.
pub fn remote_of(view: &BranchesView) -> Option<&RemoteView> {
    let current = view.branches.iter().find(|branch| branch.current && !branch.remote);
    let upstream = current.and_then(|branch| branch.upstream.as_deref());
    let followed = upstream.and_then(|upstream| {
        view.remotes
            .iter()
            .find(|r| upstream.strip_prefix(&r.name).is_some_and(|rest| rest.starts_with('/')))
    });
    followed.or_else(|| match &view.remotes[..] {
        [only] => Some(only),
        remotes => remotes.iter().find(|remote| remote.name == "origin"),
    })
}

/// A few files by name, the rest counted.
pub fn files_words(paths: &[String]) -> String {
    let named = paths.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match paths.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// How many of something.
pub fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// What a switch did: where one is, what stayed and what came back.
pub fn switched(view: &SwitchView) -> Said {
    let SwitchView { from, to, kept, back, waiting } = view;
    let mut lines = Vec::new();
    if !kept.is_empty() {
        let left = from.as_deref().unwrap_or("the commit you left");
        let (what, files) = (count(kept.len(), "changed file"), files_words(kept));
        lines.push(format!("{what} stayed with {left} and will be back when you return: {files}."));
    }
    if !back.is_empty() {
        let what = count(back.len(), "changed file");
        lines.push(format!("{what} came back that you had left here: {}.", files_words(back)));
    }
    if *waiting {
        lines.push(format!(
            "Changes you left on {to} are still kept: their files differ by now. Commit or undo what is changed here, then switch to {to} again."
        ));
    }
    let tone = if *waiting { Tone::Warn } else { Tone::Ok };
    Said { tone, title: format!("On {to}"), lines }
}

/// What a merge of `name` into `into` came to; `None` while it is to be decided.
pub fn merged(name: &str, into: &str, view: &MergeView) -> Option<Said> {
    let title = match view {
        MergeView::Conflicts { .. } => return None,
        MergeView::UpToDate => format!("{into} has everything of {name} already"),
        MergeView::FastForward { to } => format!("{into} moved on to {name}: {}", commit_words(to)),
        MergeView::Merged { commit } => {
            format!("Merged {name} into {into}: {}", commit_words(commit))
        }
    };
    Some(Said { tone: Tone::Ok, title, lines: Vec::new() })
}

/// What a sync came to; `None` while it is to be decided.
pub fn synced(view: &SyncView, pushed: bool) -> Option<Said> {
    let SyncView { remote, address, branch, merged, sent, statements, notes } = view;
    let came = match merged {
        MergeView::Conflicts { .. } => return None,
        MergeView::UpToDate => format!("Nothing new came from {remote}."),
        MergeView::FastForward { to } => format!("{branch} moved on to {}.", commit_words(to)),
        MergeView::Merged { commit } => format!("Merged what was new: {}.", commit_words(commit)),
    };
    let some = |n: u32, what: &str| (n > 0).then(|| count(n as usize, what));
    let sent = some(sent.unwrap_or_default(), "commit").into_iter();
    let sent: Vec<String> = sent.chain(some(*statements, "statement")).collect();
    let went = match (sent.is_empty(), pushed) {
        (false, _) => format!("Sent {} to {address}.", sent.join(" and ")),
        (true, true) => format!("Nothing had to be sent to {address}."),
        (true, false) => "Nothing was sent.".to_owned(),
    };
    let title = format!("Synced {branch} with {remote}");
    let mut lines = vec![came, went];
    lines.extend(notes.iter().map(|note| sentence(note)));
    let tone = if notes.is_empty() { Tone::Ok } else { Tone::Warn };
    Some(Said { tone, title, lines })
}

/// Words that stand in the middle of a line elsewhere, as a sentence.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str())
}

/// What an undo did, with what it could not take back.
pub fn undone(view: &UndoneView) -> Said {
    let UndoneView { step, refs, files } = view;
    let mut lines = Vec::new();
    if !refs.is_empty() {
        lines.push(format!("Moved back: {}.", files_words(&names(refs))));
    }
    if !files.is_empty() {
        lines.push(format!("{} as before: {}.", count(files.len(), "file"), files_words(files)));
    }
    lines.extend(stays(step));
    let tone = if step.sent.is_empty() { Tone::Ok } else { Tone::Warn };
    Said { tone, title: format!("Took back: {}", step.command), lines }
}

/// What an undo of this command cannot take back.
pub fn stays(step: &UndoView) -> Option<String> {
    (!step.sent.is_empty())
        .then(|| format!("What was sent stays there: {}.", files_words(&step.sent)))
}

/// What a person has to know of a command that was cut off before it is taken back.
pub fn cut_off(step: &UndoView) -> Option<&'static str> {
    step.unfinished.then_some("It was cut off in the middle, so everything that changed since goes with it. That can be taken back in its turn.")
}

/// References as people call them.
fn names(references: &[String]) -> Vec<String> {
    let short = |name: &String| {
        let heads = name.strip_prefix("refs/heads/").or_else(|| name.strip_prefix("refs/remotes/"));
        heads.or_else(|| name.strip_prefix("refs/tags/")).unwrap_or(name).to_owned()
    };
    references.iter().map(short).collect()
}

/// A commit in a sentence.
fn commit_words(commit: &CommitView) -> String {
    format!("“{}” ({})", commit.summary, short_id(&commit.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit() -> CommitView {
        CommitView {
            id: "0123456789".into(),
            summary: "Be brief".into(),
            author: "Ada".into(),
            time_s: 0,
        }
    }

    fn branch(name: &str, upstream: Option<&str>) -> BranchView {
        BranchView {
            name: name.into(),
            remote: name.starts_with("origin/"),
            current: name == "main",
            tip: commit(),
            upstream: upstream.map(Into::into),
            ahead: 0,
            behind: 0,
            drafts: false,
        }
    }

    fn remote(name: &str) -> RemoteView {
        RemoteView {
            name: name.into(),
            address: Some("file:///r".into()),
            confirmed: true,
            problem: None,
        }
    }

    fn view() -> BranchesView {
        BranchesView {
            current: Some("main".into()),
            branches: vec![
                branch("draft", None),
                branch("main", Some("origin/main")),
                branch("origin/main", None),
                branch("origin/tone", None),
            ],
            tags: vec![TagView { name: "v1".into(), message: None, commit: commit() }],
            remotes: vec![remote("origin"), remote("team")],
            undo: None,
        }
    }

    fn names_of(branches: &[BranchView]) -> Vec<&str> {
        branches.iter().map(|branch| branch.name.as_str()).collect()
    }

    #[test]
    fn the_branch_one_is_on_comes_first_and_what_it_follows_is_not_listed_twice() {
        let listed = listed(&view(), "");
        assert_eq!(names_of(&listed.here), ["main", "draft"]);
        assert_eq!(names_of(&listed.there), ["origin/tone"]);
    }

    #[test]
    fn typing_narrows_branches_and_tags() {
        let listed = listed(&view(), " TONE ");
        assert_eq!((listed.here.len(), listed.there.len(), listed.tags.len()), (0, 1, 0));
    }

    #[test]
    fn a_branch_says_how_it_stands_to_the_one_it_follows() {
        let mut main = branch("main", Some("origin/main"));
        assert_eq!(distance(&main).as_deref(), Some("as origin/main"));
        (main.ahead, main.behind) = (2, 1);
        assert_eq!(distance(&main).as_deref(), Some("2 ahead, 1 behind"));
        assert_eq!(distance(&branch("draft", None)).as_deref(), Some("only here"));
        assert_eq!(distance(&branch("origin/main", None)), None);
    }

    #[test]
    fn a_name_that_git_would_refuse_is_refused_while_it_is_typed() {
        let taken = ["main".to_owned()];
        for name in ["", "main", "a b", "a~1", "../x", "a//b", ".a", "-a", "a.lock", "a@{1}", "@"] {
            assert!(objection("branch", name, &taken).is_some(), "{name:?} was taken");
        }
        for name in ["tone", "ada/tone-2", "größer", "v1.2"] {
            assert_eq!(objection("branch", name, &taken), None);
        }
    }

    #[test]
    fn a_sync_goes_to_the_remote_that_the_branch_follows() {
        let mut view = view();
        assert_eq!(remote_of(&view).map(|r| r.name.as_str()), Some("origin"));
        view.branches[1].upstream = Some("team/main".into());
        assert_eq!(remote_of(&view).map(|r| r.name.as_str()), Some("team"));
        view.branches[1].upstream = None;
        view.remotes = vec![remote("a"), remote("b")];
        assert_eq!(remote_of(&view), None, "nobody has said which");
    }

    #[test]
    fn a_switch_says_what_stayed_and_what_came_back() {
        let paths = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
        let said = switched(&SwitchView {
            from: Some("main".into()),
            to: "draft".into(),
            kept: paths(&["a", "b", "c", "d"]),
            back: paths(&["e"]),
            waiting: false,
        });
        assert_eq!(said.title, "On draft");
        assert_eq!(
            said.lines[0],
            "4 changed files stayed with main and will be back when you return: a, b, c and 1 more."
        );
        assert_eq!(said.lines[1], "1 changed file came back that you had left here: e.");
    }

    #[test]
    fn a_sync_says_what_came_and_what_was_sent() {
        let mut sync = SyncView {
            remote: "origin".into(),
            address: "file:///r".into(),
            branch: "main".into(),
            merged: MergeView::Merged { commit: commit() },
            sent: Some(2),
            statements: 0,
            notes: Vec::new(),
        };
        let said = synced(&sync, true).expect("nothing to decide");
        assert_eq!(
            said.lines,
            ["Merged what was new: “Be brief” (0123456).", "Sent 2 commits to file:///r."]
        );
        (sync.sent, sync.statements) = (None, 1);
        let said = synced(&sync, true).expect("nothing to decide");
        assert_eq!(said.lines[1], "Sent 1 statement to file:///r.");
        sync.notes.push("your statements could not be sent".into());
        let said = synced(&sync, true).expect("nothing to decide");
        assert_eq!(said.lines[2], "Your statements could not be sent.");
        assert_eq!(said.tone, Tone::Warn);
        sync.merged = MergeView::Conflicts { files: Vec::new() };
        assert_eq!(synced(&sync, true), None, "it is not over");
    }

    #[test]
    fn an_undo_names_what_stays_where_it_was_sent() {
        let step = UndoView {
            command: "sync".into(),
            time_s: 0,
            sent: vec!["main to origin".into()],
            unfinished: false,
        };
        let said =
            undone(&UndoneView { step, refs: vec!["refs/heads/main".into()], files: Vec::new() });
        assert_eq!(said.lines, ["Moved back: main.", "What was sent stays there: main to origin."]);
        assert_eq!(said.tone, Tone::Warn);
    }
}
