use assay_wire::{AnchorView, BranchView, CommitView, RefusalView, ReviewGateView, ThreadView};

use super::*;

fn content(approvals: &[&str], needed: u32) -> GateContentView {
    GateContentView {
        role: "prompt".into(),
        path: "prompts/greet".into(),
        variant: "plain".into(),
        content: "sha256:1".into(),
        open: approvals.len() as u32 >= needed,
        approvals: approvals.iter().map(ToString::to_string).collect(),
        needed,
        evidence: None,
        reasons: Vec::new(),
    }
}

fn proposal() -> ProposalView {
    ProposalView {
        id: "sha256:p".into(),
        branch: "kinder".into(),
        target: "main".into(),
        title: "Kinder greetings".into(),
        body: String::new(),
        author: "ada".into(),
        author_key: "SHA256:ada".into(),
        time_s: 0,
        state: ProposalState::Open,
        prompts: Vec::new(),
        gate: ReviewGateView { contents: vec![content(&[], 1)], ..ReviewGateView::default() },
        open_threads: 0,
    }
}

fn detail() -> ProposalDetailView {
    ProposalDetailView {
        proposal: proposal(),
        files: Vec::new(),
        shown: "sha256:s".into(),
        threads: Vec::new(),
        verdicts: None,
        sides: None,
        merge_base: None,
        base: "b".into(),
        head: "h".into(),
        merged: None,
        conflicts: Vec::new(),
        texts: Vec::new(),
    }
}

fn signer() -> SignerView {
    SignerView {
        name: "bob".into(),
        fingerprint: "SHA256:bob".into(),
        public_key: "ssh-ed25519 AAAA".into(),
        place: "agent".into(),
        log: String::new(),
        person: None,
        problem: None,
    }
}

fn thread(id: &str, resolved: bool) -> ThreadView {
    ThreadView { id: id.into(), anchor: None, comments: Vec::new(), resolved }
}

fn branch(name: &str, remote: bool) -> BranchView {
    let tip = CommitView {
        id: String::new(),
        summary: format!("last of {name}"),
        author: String::new(),
        time_s: 0,
    };
    BranchView {
        name: name.into(),
        remote,
        current: false,
        tip,
        upstream: None,
        ahead: 0,
        behind: 0,
        drafts: false,
    }
}

fn branches(current: &str, names: &[&str]) -> BranchesView {
    BranchesView {
        current: Some(current.into()),
        branches: names.iter().map(|name| branch(name, name.contains('/'))).collect(),
        tags: Vec::new(),
        remotes: Vec::new(),
        undo: None,
    }
}

#[test]
fn the_gate_says_on_a_line_what_it_comes_to() {
    let gate = |open: bool, contents: Vec<GateContentView>| ReviewGateView {
        open,
        contents,
        ..ReviewGateView::default()
    };
    assert_eq!(gate_words(&gate(true, Vec::new())), "Nothing of it is governed");
    assert_eq!(gate_words(&gate(true, vec![content(&["bob"], 1)])), "It may be merged");
    assert_eq!(gate_words(&gate(false, vec![content(&[], 1)])), "1 item waits");
    let alarmed = ReviewGateView {
        reasons: vec![RefusalView {
            code: "forked-log".into(),
            message: String::new(),
            hint: None,
        }],
        ..ReviewGateView::default()
    };
    assert_eq!(gate_words(&alarmed), "It may not be merged");
}

#[test]
fn branches_that_conflict_are_not_said_to_be_the_same() {
    let mut detail = detail();
    assert_eq!(no_files_words(&detail).0, "Nothing differs");
    detail.proposal.state = ProposalState::Withdrawn;
    assert_eq!(no_files_words(&detail).0, "It was taken back");
    detail.conflicts = vec!["prompts/greet/plain.prompty".into()];
    assert_eq!(no_files_words(&detail).0, "The two branches conflict");
}

#[test]
fn of_a_proposal_that_is_over_the_gate_is_no_matter() {
    assert!(over_words(ProposalState::Merged).is_some() && !is_live(ProposalState::Merged));
    assert!(over_words(ProposalState::Approved).is_none() && is_live(ProposalState::Approved));
}

#[test]
fn items_that_stand_alike_are_told_together() {
    let named = |path: &str, approvals: &[&str]| GateContentView {
        path: path.into(),
        ..content(approvals, 2)
    };
    let groups = items_alike(&[named("a", &[]), named("b", &["bob"]), named("c", &[])]);
    let paths: Vec<Vec<_>> =
        groups.iter().map(|group| group.iter().map(|one| one.path.as_str()).collect()).collect();
    assert_eq!(paths, [vec!["a", "c"], vec!["b"]]);
}

#[test]
fn variants_of_which_the_same_was_said_are_told_together() {
    let vote = VoteView {
        statement: "s".into(),
        person: "bob".into(),
        verdict: ReviewVerdict::Approve,
        time_s: 0,
        counts: true,
        own: false,
    };
    let variant = |name: &str, votes: &[&VoteView]| ProposedPromptView {
        prompt: "p".into(),
        variant: name.into(),
        content: String::new(),
        removed: false,
        base_content: None,
        approvals: votes.iter().map(|vote| (*vote).clone()).collect(),
        needed: 1,
        evidence: None,
        missing: vec!["the gate says that by reasons".into()],
    };
    let groups = said_alike(&[variant("a", &[&vote]), variant("b", &[]), variant("c", &[&vote])]);
    assert_eq!(groups.len(), 1, "of b nothing was said");
    assert_eq!(groups[0].len(), 2);
}

#[test]
fn items_of_the_gate_are_named_as_people_know_them() {
    let of = |role: &str| GateContentView { role: role.into(), ..content(&[], 1) };
    assert_eq!(content_words(&of("prompt")), "prompts/greet · plain");
    assert_eq!(content_words(&of("cases")), "cases of prompts/greet");
    assert_eq!(content_words(&of("suite")), "models and gates of prompts/greet");
    assert_eq!(content_words(&of("removal")), "prompts/greet · plain, taken away");
    assert_eq!(content_words(&of("policy")), "prompts/greet");
    assert_eq!(count_words(&content(&["bob"], 2)).as_deref(), Some("1 of 2 approvals"));
    assert_eq!(count_words(&content(&[], 0)).as_deref(), Some("needs no approval"));
    let code = "needs-approvals".into();
    let refused = RefusalView { code, message: "0 of 1 approvals".into(), hint: None };
    let waits = GateContentView { reasons: vec![refused], ..content(&[], 1) };
    assert_eq!(count_words(&waits), None, "the reason says it");
}

#[test]
fn an_approval_says_what_it_signs_and_what_was_not_looked_at() {
    let mut detail = detail();
    detail.threads = vec![thread("a", false), thread("b", true)];
    let facts = errand_facts(&Errand::Approve, &detail, 0);
    assert!(facts[0].contains("1 governed item"), "{facts:?}");
    assert!(facts.iter().any(|fact| fact.contains("not evaluated")), "{facts:?}");
    assert!(facts.iter().any(|fact| fact == "1 conversation is still open."), "{facts:?}");
}

#[test]
fn nothing_is_signed_without_a_key_or_merged_through_a_closed_gate() {
    let (closed, open) =
        (ReviewGateView::default(), ReviewGateView { open: true, ..ReviewGateView::default() });
    let signer = signer();
    assert!(obstacle(&Errand::Approve, "", None, &closed).is_some());
    assert_eq!(obstacle(&Errand::Approve, "", Some(&signer), &closed), None);
    assert!(obstacle(&Errand::Merge, "", None, &closed).is_some());
    assert_eq!(obstacle(&Errand::Merge, "", None, &open), None, "a merge signs nothing");
}

#[test]
fn an_objection_says_why_and_an_answer_says_something() {
    let (gate, signer) = (ReviewGateView::default(), signer());
    let wants_words = |errand: Errand| {
        obstacle(&errand, " \n", Some(&signer), &gate).is_some()
            && obstacle(&errand, "Why?", Some(&signer), &gate).is_none()
    };
    let answer = |settles| Errand::Answer { thread: "t".into(), settles };
    assert!(wants_words(Errand::RequestChanges));
    assert!(wants_words(Errand::Comment(None)));
    assert!(wants_words(answer(false)));
    assert!(wants_words(Errand::Revoke { statement: "s".into(), what: "it".into() }));
    assert_eq!(obstacle(&answer(true), "", Some(&signer), &gate), None);
}

#[test]
fn a_comment_shows_the_words_it_is_about_cut_where_they_are_long() {
    let anchor = AnchorView { file: "a.md".into(), start: 0, end: 0, content: "é".repeat(200) };
    let facts = errand_facts(&Errand::Comment(Some(anchor)), &detail(), 0);
    assert!(facts[0].ends_with("é…”"), "{facts:?}");
    assert_eq!(short("brief"), "brief");
}

#[test]
fn open_conversations_are_gone_through_around_the_end() {
    let threads = [thread("a", false), thread("b", true), thread("c", false)];
    assert_eq!(next_open(&threads, None).as_deref(), Some("a"));
    assert_eq!(next_open(&threads, Some("a")).as_deref(), Some("c"));
    assert_eq!(next_open(&threads, Some("c")).as_deref(), Some("a"));
    assert_eq!(next_open(&threads[1..2], None), None);
    assert_eq!(next_open(&[], None), None);
}

#[test]
fn progress_is_of_both_sides_and_counts_one_run_once() {
    let going = |run: &str, state, done| Going {
        run: run.into(),
        state,
        counts: CellCounts { total: 10, done, failed: 1, skipped: 2, ..CellCounts::default() },
    };
    let both = [going("a", RunState::Done, 7), going("b", RunState::Running, 3)];
    assert_eq!(progress(&both), (12, 16));
    assert!(is_going(&both));
    assert_eq!(stopped_words(&both), None, "one still goes on");
    let one = [going("a", RunState::Cancelled, 7), going("a", RunState::Cancelled, 7)];
    assert_eq!(progress(&one), (8, 8));
    assert!(stopped_words(&one).is_some_and(|words| words.contains("stopped")));
    assert_eq!(progress(&[]), (0, 0));
}

#[test]
fn the_branch_at_hand_is_proposed_for_the_main_one() {
    let draft = usual_draft(&branches("kinder", &["kinder", "main", "origin/main"]));
    assert_eq!((draft.branch.as_str(), draft.target.as_str()), ("kinder", "main"));
    assert_eq!(draft.title, "last of kinder");
    assert_eq!(draft_trouble(&draft), None);
    let draft = usual_draft(&branches("main", &["main", "other"]));
    assert_eq!((draft.branch.as_str(), draft.target.as_str()), ("other", "main"));
    assert!(draft_trouble(&usual_draft(&branches("main", &["main"]))).is_some());
}

#[test]
fn objections_come_first_and_then_the_newest_word() {
    let vote = |person: &str, verdict, time_s| VoteView {
        statement: String::new(),
        person: person.into(),
        verdict,
        time_s,
        counts: true,
        own: false,
    };
    let votes = [
        vote("ada", ReviewVerdict::Approve, 1),
        vote("bob", ReviewVerdict::Approve, 2),
        vote("cyd", ReviewVerdict::RequestChanges, 0),
    ];
    let people: Vec<_> = ordered(&votes).into_iter().map(|vote| vote.person).collect();
    assert_eq!(people, ["cyd", "bob", "ada"]);
}

#[test]
fn a_key_comes_with_the_line_that_allows_it() {
    assert_eq!(allowed_line(&signer()), "bob ssh-ed25519 AAAA");
    let whole = SignerView { public_key: "bob ssh-ed25519 AAAA".into(), ..signer() };
    assert_eq!(allowed_line(&whole), "bob ssh-ed25519 AAAA");
}

#[test]
fn another_branch_brings_its_title_unless_one_was_written() {
    let all = branches("kinder", &["kinder", "main", "other"]);
    let draft = with_branch(&all, usual_draft(&all), "other".into());
    assert_eq!((draft.branch.as_str(), draft.title.as_str()), ("other", "last of other"));
    let written = Draft { title: "Mine".into(), ..draft };
    assert_eq!(with_branch(&all, written, "kinder".into()).title, "Mine");
}
