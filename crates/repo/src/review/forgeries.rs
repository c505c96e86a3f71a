//! The gate's promises: what opens it, each way of cheating that does not, and what makes no difference.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::content::Unnamed;
use super::evidence::{Evidence, GateResult, GateRule};
use super::fixtures::{NOW_S, evidence, item, proposal, signer, subject};
use super::log::Draft;
use super::policy::Rules;
use super::refusal::Refusal;
use super::scene::{
    ADA, ADAS_OTHER, BOB, CI, CYD, DAY_S, MALLORY, POLICY, Scene, approve, content, signers,
    verdict, whole,
};
use super::signature::Signer;
use super::statement::{Body, Revoke, Role, Verdict};

// What opens the gate

#[test]
fn two_others_and_a_run_open_the_gate() {
    let scene = Scene::approved();
    scene.open();
    let decision = scene.decide();
    assert_eq!(decision.items.len(), 1);
    let approvals: Vec<_> = decision.items[0].approvals.iter().map(String::as_str).collect();
    assert_eq!(approvals, ["bob@example.com", "cyd@example.com"]);
    assert!(decision.items[0].evidence.is_some());
    assert!(decision.refused.is_empty());
}

#[test]
fn without_a_policy_nothing_is_governed() {
    let mut scene = Scene::silent();
    scene.rules = Rules::read(None, None).unwrap();
    scene.open();
}

#[test]
fn taking_a_prompt_away_is_approved_like_anything_else_and_needs_no_run() {
    let mut scene = Scene::silent();
    scene.merged.items.retain(|item| item.subject.prompt != "p");
    scene.closed(&["needs-approvals", "not-proposed"]);
    let gone = vec![subject(Role::Prompt, "p", "old").removal()];
    scene.say_of(ADA, gone.clone(), Body::Proposal(proposal()));
    scene.say_of(BOB, vec![subject(Role::Prompt, "p", "old")], approve());
    scene.closed(&["needs-approvals"]);
    scene.say_of(BOB, gone.clone(), approve());
    scene.say_of(CYD, gone, approve());
    scene.open();
}

#[test]
fn what_the_branch_already_has_asks_for_nothing() {
    let mut scene = Scene::silent();
    scene.merged = scene.base.clone();
    scene.open();
}

#[test]
fn silence_is_no_approval() {
    Scene::silent().closed(&["needs-approvals", "no-evidence", "not-proposed"]);
    Scene::proposed().closed(&["needs-approvals"]);
}

// Who counts

#[test]
fn a_comment_is_no_approval() {
    let mut scene = Scene::proposed();
    scene.say(BOB, approve());
    scene.say(CYD, verdict(Verdict::Comment));
    scene.closed(&["needs-approvals"]);
}

#[test]
fn one_who_asks_for_changes_closes_the_gate_until_they_approve() {
    let mut scene = Scene::approved();
    scene.say(BOB, verdict(Verdict::RequestChanges));
    scene.closed(&["changes-requested", "needs-approvals"]);
    scene.say(BOB, approve());
    scene.open();
}

#[test]
fn two_keys_of_one_person_are_one_approval() {
    let mut scene = Scene::silent();
    scene.say(BOB, Body::Proposal(proposal()));
    scene.run(CI, evidence());
    scene.say(ADA, approve());
    scene.say(ADAS_OTHER, approve());
    scene.closed(&["needs-approvals"]);
}

#[test]
fn who_objects_with_one_key_does_not_approve_with_the_other() {
    let mut scene = Scene::silent();
    scene.say(BOB, Body::Proposal(proposal()));
    scene.run(CI, evidence());
    scene.say(CYD, approve());
    scene.say(ADA, verdict(Verdict::RequestChanges));
    scene.say(ADAS_OTHER, approve());
    scene.closed(&["changes-requested", "needs-approvals"]);
}

#[test]
fn who_proposes_does_not_count_with_any_key() {
    let mut scene = Scene::proposed();
    scene.say(BOB, approve());
    scene.say(ADAS_OTHER, approve());
    scene.closed(&["needs-approvals", "own-proposal"]);
}

#[test]
fn taking_a_proposal_back_makes_nobody_a_neutral_reader() {
    let mut scene = Scene::silent();
    let proposed = scene.say(ADA, Body::Proposal(proposal()));
    scene.run(CI, evidence());
    scene.say(ADA, Body::Revoke(Revoke { statement: proposed, reason: String::new() }));
    scene.say(ADA, approve());
    scene.say(BOB, approve());
    scene.closed(&["needs-approvals", "own-proposal"]);
}

#[test]
fn content_that_nobody_proposed_stays_out() {
    let mut scene = Scene::silent();
    scene.run(CI, evidence());
    scene.say(ADA, approve());
    scene.say(BOB, approve());
    scene.closed(&["not-proposed"]);
}

#[test]
fn a_stranger_is_not_heard() {
    let mut scene = Scene::proposed();
    scene.say(BOB, approve());
    scene.say(MALLORY, approve());
    scene.closed(&["needs-approvals", "unknown-signer"]);
    let mut scene = Scene::approved();
    scene.say(MALLORY, verdict(Verdict::RequestChanges));
    scene.open();
}

#[test]
fn a_key_that_was_taken_away_no_longer_counts() {
    let mut scene = Scene::approved();
    let fewer: String = signers()
        .lines()
        .filter(|line| !line.starts_with("cyd"))
        .map(|line| format!("{line}\n"))
        .collect();
    scene.rules.signers = Rules::read(Some(POLICY), Some(&fewer)).unwrap().signers;
    scene.closed(&["needs-approvals", "unknown-signer"]);
}

#[test]
fn a_key_that_ran_out_does_not_approve_with_an_earlier_date() {
    let mut scene = Scene::approved();
    let dated = signers().replace("cyd@example.com ", "cyd@example.com valid-before=\"20260301\" ");
    scene.rules.signers = Rules::read(Some(POLICY), Some(&dated)).unwrap().signers;
    scene.open();
    // A month later; the runner's evidence is still young enough.
    scene.now_s = NOW_S + 29 * DAY_S;
    scene.closed(&["needs-approvals", "not-valid-now"]);
}

#[test]
fn a_statement_from_the_future_is_not_heard() {
    let mut scene = Scene::proposed();
    scene.say(BOB, approve());
    scene.put(CYD, Draft { time_s: NOW_S + 3_600, ..scene.draft(approve()) });
    scene.closed(&["from-the-future", "needs-approvals"]);
}

#[test]
fn an_approval_taken_back_does_not_count() {
    let mut scene = Scene::proposed();
    scene.say(BOB, approve());
    let approved = scene.say(CYD, approve());
    scene.open();
    scene.say(CYD, Body::Revoke(Revoke { statement: approved, reason: "too early".into() }));
    scene.closed(&["needs-approvals"]);
}

#[test]
fn nobody_takes_back_what_another_said() {
    let mut scene = Scene::approved();
    let objection = scene.say(BOB, verdict(Verdict::RequestChanges));
    scene.say(ADA, Body::Revoke(Revoke { statement: objection, reason: String::new() }));
    scene.closed(&["changes-requested", "needs-approvals", "revokes-others"]);
}

#[test]
fn taking_back_is_final() {
    let mut scene = Scene::proposed();
    scene.say(BOB, approve());
    let approved = scene.say(CYD, approve());
    let revoked =
        scene.say(CYD, Body::Revoke(Revoke { statement: approved, reason: String::new() }));
    scene.say(CYD, Body::Revoke(Revoke { statement: revoked, reason: String::new() }));
    scene.closed(&["needs-approvals", "revokes-others"]);
}

// What was approved

#[test]
fn one_changed_word_asks_for_everything_again() {
    let mut scene = Scene::approved();
    scene.replace(Role::Prompt, "new!");
    scene.closed(&["needs-approvals", "no-evidence", "not-proposed"]);
}

#[test]
fn an_approval_is_not_carried_to_another_prompt() {
    let mut scene = Scene::approved();
    scene.merged.items.push(item(Role::Prompt, "q", "new"));
    scene.closed(&["needs-approvals", "no-evidence", "not-proposed"]);
}

#[test]
fn an_approval_is_not_carried_to_another_variant() {
    let mut scene = Scene::approved();
    let mut other = item(Role::Prompt, "p", "new");
    other.subject.variant = "policy-first".into();
    scene.merged.items.push(other);
    scene.closed(&["needs-approvals", "no-evidence", "not-proposed"]);
}

#[test]
fn an_approval_is_not_carried_to_another_repository() {
    let mut scene = Scene::proposed();
    scene.say(BOB, approve());
    scene.put(CYD, Draft { repository: "01JOTHER".into(), ..scene.draft(approve()) });
    scene.closed(&["needs-approvals", "other-repository"]);
}

#[test]
fn a_proposal_that_renames_the_repository_keeps_the_old_name() {
    let mut scene = Scene::approved();
    scene.merged.repository = Some("01JOTHER".into());
    scene.open();
    scene.base.repository = Some("01JOTHER".into());
    assert!(scene.codes().contains(&"other-repository"));
}

#[test]
fn a_copy_with_the_same_id_closes_the_gate() {
    let mut scene = Scene::approved();
    scene.merged.unnamed.push(Unnamed::SharedId {
        id: "p".into(),
        path: "prompts/copy".into(),
        other: "prompts/p".into(),
    });
    scene.closed(&["shared-prompt-id"]);
}

#[test]
fn what_has_no_name_cannot_be_approved() {
    let mut scene = Scene::approved();
    scene.merged.unnamed.push(Unnamed::NoId { path: "prompts/x".into() });
    scene.closed(&["no-prompt-id"]);
    let mut scene = Scene::approved();
    (scene.base.repository, scene.merged.repository) = (None, None);
    assert!(scene.codes().contains(&"no-repository-id"));
    assert!(!scene.decide().open);
}

#[test]
fn a_prompt_moved_to_a_laxer_folder_keeps_the_stricter_rule() {
    let mut scene = Scene::proposed();
    scene.say(BOB, approve());
    for item in scene.merged.items.iter_mut().filter(|item| item.subject.prompt == "p") {
        item.path = "prompts/lax/p".into();
    }
    assert!(scene.codes().contains(&"needs-approvals"));
    assert!(!scene.decide().open);
}

#[test]
fn moving_unchanged_words_to_a_laxer_folder_asks_for_approval() {
    let mut scene = Scene::silent();
    scene.merged = content("old");
    for item in scene.merged.items.iter_mut().filter(|item| item.subject.prompt == "p") {
        item.path = "prompts/lax/p".into();
    }
    assert!(!scene.decide().open);
}

// The rules themselves

#[test]
fn a_policy_changed_in_the_same_proposal_needs_the_old_policys_approval() {
    let mut scene = Scene::approved();
    scene.merged.items[4] = whole(Role::Policy, ".assay/policy.toml", "needed = 0");
    scene.closed(&["needs-approvals", "not-proposed"]);
    let policy = vec![scene.merged.items[4].subject.clone()];
    scene.say_of(ADA, policy.clone(), Body::Proposal(proposal()));
    scene.say_of(BOB, policy.clone(), approve());
    scene.closed(&["needs-approvals"]);
    scene.say_of(CYD, policy, approve());
    scene.open();
}

#[test]
fn who_lets_themselves_in_is_not_in_yet() {
    let mut scene = Scene::approved();
    scene.merged.items[5] = whole(Role::Signers, ".assay/allowed_signers", "and mallory");
    let signers = vec![scene.merged.items[5].subject.clone()];
    scene.say_of(ADA, signers.clone(), Body::Proposal(proposal()));
    scene.say_of(BOB, signers.clone(), approve());
    scene.say_of(MALLORY, signers, approve());
    scene.closed(&["needs-approvals", "unknown-signer"]);
}

#[test]
fn the_folders_of_prompts_are_not_changed_without_approval() {
    let mut scene = Scene::approved();
    scene.merged.items[6] = whole(Role::Repository, "assay.yaml", "prompts: [elsewhere]");
    scene.closed(&["needs-approvals", "not-proposed"]);
}

#[test]
fn cases_and_scorers_are_not_changed_without_approval() {
    for role in [Role::Cases, Role::Scorers, Role::Suite] {
        let mut scene = Scene::silent();
        scene.merged = content("old");
        scene.replace(role, "easier");
        scene.closed(&["needs-approvals", "not-proposed"]);
    }
}

#[test]
fn an_approval_under_other_rules_does_not_count() {
    let mut scene = Scene::proposed();
    scene.say(BOB, approve());
    scene.put(CYD, Draft { policy: "sha256:00".into(), ..scene.draft(approve()) });
    scene.closed(&["needs-approvals", "other-rules"]);
}

#[test]
fn an_objection_under_other_rules_counts() {
    let mut scene = Scene::approved();
    let objection = verdict(Verdict::RequestChanges);
    scene.put(CYD, Draft { policy: "sha256:00".into(), ..scene.draft(objection) });
    scene.closed(&["changes-requested", "needs-approvals"]);
}

// Evidence

fn with_evidence(key: u8, evidence: Evidence) -> Scene {
    let mut scene = Scene::silent();
    scene.say(ADA, Body::Proposal(proposal()));
    scene.run(key, evidence);
    scene.say(BOB, approve());
    scene.say(CYD, approve());
    scene
}

#[test]
fn a_run_on_other_cases_says_nothing_about_these() {
    for role in [Role::Cases, Role::Scorers, Role::Suite] {
        let mut scene = Scene::approved();
        // Both sides have it: the run is older than the branch.
        scene.replace(role, "newer");
        scene.base.items = content("old").items;
        let newer = item(role, "p", "newer");
        let place = scene.base.items.iter().position(|item| item.subject.role == role).unwrap();
        scene.base.items[place] = newer;
        scene.closed(&["stale-evidence"]);
    }
}

#[test]
fn only_runners_sign_evidence() {
    with_evidence(BOB, evidence()).closed(&["not-a-runner"]);
}

#[test]
fn an_old_run_does_not_count() {
    let mut scene = Scene::approved();
    scene.now_s = NOW_S + 30 * DAY_S;
    scene.open();
    scene.now_s = NOW_S + 31 * DAY_S;
    scene.closed(&["old-evidence"]);
}

#[test]
fn a_run_that_leaves_out_a_gate_does_not_count() {
    with_evidence(CI, Evidence { gates: Vec::new(), ..evidence() }).closed(&["gates-missing"]);
}

#[test]
fn a_run_whose_numbers_fail_does_not_count() {
    let mut failing = evidence();
    failing.gates[0].value = 0.5;
    with_evidence(CI, failing).closed(&["gate-failed"]);
}

#[test]
fn a_run_of_nothing_does_not_count() {
    with_evidence(CI, Evidence { cells: 0, ..evidence() }).closed(&["nothing-measured"]);
    with_evidence(CI, Evidence { cells: 4, failed: 4, ..evidence() }).closed(&["nothing-measured"]);
}

#[test]
fn a_comparison_with_another_base_does_not_count() {
    let compared = |base: Option<String>| {
        let gate = GateResult {
            name: "category".into(),
            rule: GateRule::NonInferior,
            value: 0.0,
            limit: 0.02,
            base,
        };
        with_evidence(CI, Evidence { gates: vec![gate], ..evidence() })
    };
    compared(Some(subject(Role::Prompt, "p", "old").digest)).open();
    compared(Some(subject(Role::Prompt, "p", "older").digest)).closed(&["other-base"]);
    compared(None).closed(&["other-base"]);
}

#[test]
fn evidence_taken_back_does_not_count() {
    let mut scene = Scene::silent();
    scene.say(ADA, Body::Proposal(proposal()));
    let run = scene.run(CI, evidence());
    scene.say(CI, Body::Revoke(Revoke { statement: run, reason: "wrong key".into() }));
    scene.say(BOB, approve());
    scene.say(CYD, approve());
    scene.closed(&["no-evidence"]);
}

// Logs and merges

#[test]
fn a_key_that_tells_two_pasts_closes_the_gate() {
    let mut scene = Scene::approved();
    scene.last.clear();
    scene.put(BOB, Draft { time_s: NOW_S - 1, ..scene.draft(approve()) });
    scene.closed(&["forked-log"]);
}

#[test]
fn a_log_that_lost_its_end_closes_the_gate() {
    let mut scene = Scene::approved();
    scene.alarms.push(Refusal::RolledBack { seen: "sha256:00".into() });
    scene.closed(&["rolled-back"]);
}

#[test]
fn a_merge_that_holds_what_neither_side_has_closes_the_gate() {
    let mut scene = Scene::approved();
    scene.smuggled.push("prompts/p/baseline.prompty".into());
    scene.closed(&["smuggled"]);
}

// What makes no difference

/// Things that happened, in any order.
fn any_scene() -> impl Strategy<Value = Scene> {
    let body = prop_oneof![
        Just(approve()),
        Just(verdict(Verdict::RequestChanges)),
        Just(verdict(Verdict::Comment)),
        Just(Body::Proposal(proposal())),
    ];
    let words = prop_oneof![Just("new"), Just("other")];
    let said = (1_u8..7, body, words);
    (prop::collection::vec(said, 0..8), any::<bool>()).prop_map(|(said, is_measured)| {
        let mut scene = Scene::silent();
        if is_measured {
            scene.run(CI, evidence());
        }
        for (key, body, words) in said {
            scene.say_of(key, vec![subject(Role::Prompt, "p", words)], body);
        }
        scene
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]

    #[test]
    fn the_order_in_which_statements_arrive_makes_no_difference(
        scene in any_scene(), turn in any::<prop::sample::Index>(),
    ) {
        let decision = scene.decide();
        let mut other = scene.clone();
        if !other.statements.is_empty() {
            let turn = turn.index(other.statements.len());
            other.statements.rotate_left(turn);
        }
        other.statements.reverse();
        other.merged.items.reverse();
        other.base.items.reverse();
        let turned = other.decide();
        prop_assert_eq!(&turned.items, &decision.items);
        prop_assert_eq!((turned.open, turned.reasons), (decision.open, decision.reasons));
    }

    #[test]
    fn a_rename_under_the_same_rules_makes_no_difference(scene in any_scene()) {
        let decision = scene.decide();
        let mut renamed = scene.clone();
        for item in renamed.merged.items.iter_mut().filter(|item| item.subject.prompt == "p") {
            item.path = "prompts/renamed".into();
        }
        let after = renamed.decide();
        prop_assert_eq!(after.open, decision.open);
        prop_assert_eq!(renamed.codes(), scene.codes());
    }

    #[test]
    fn nobody_can_open_the_gate_alone(scene in any_scene(), key in 1_u8..7) {
        let mut alone = Scene::silent();
        alone.run(CI, evidence());
        let key = signer(key).key();
        let own = scene.statements.iter().filter(|signed| signed.key == key);
        alone.statements.extend(own.cloned());
        alone.statements.dedup();
        prop_assert!(!alone.decide().open);
    }
}
