//! Ratings that were signed: indexed by statement, found by prompt, gone with what said them.

use assay_store::{
    Choice, HeardStatement, LeftOut, OtherOutput, RatedOutput, RatingRecord, Said, output_hash,
};

use crate::support::*;

const CLONE: &str = "/home/ada/prompts";

fn rating(prompt: &str, said: Said) -> RatingRecord {
    let rated = RatedOutput {
        prompt: prompt.into(),
        content_id: "sha256:v0".into(),
        case: "sha256:case".into(),
        output: output_hash("refund"),
    };
    RatingRecord { rated, rater: "Ada".into(), said, at_ms: 5 }
}

fn statement(id: &str, time_s: i64, ratings: Vec<RatingRecord>) -> HeardStatement {
    HeardStatement {
        id: id.into(),
        signer: "ssh-ed25519 AAAA".into(),
        time_s,
        sequence: 0,
        left_out: 0,
        ratings,
    }
}

#[test]
fn what_was_signed_is_found_by_prompt_in_the_order_it_was_signed() {
    let (store, _folder) = store();
    let other = OtherOutput { content_id: "sha256:v1".into(), output: output_hash("shipping") };
    let later = vec![rating("triage", Said::Pass(None)), rating("mail", Said::Grade(Some(2)))];
    let earlier = vec![
        rating("triage", Said::Pass(Some(true))),
        rating("triage", Said::Preference(other, Some(Choice::First))),
    ];
    let come = vec![statement("b", 9, later.clone()), statement("a", 8, earlier.clone())];
    store.index_heard(CLONE, Vec::new(), come).unwrap();
    let found = store.heard_ratings(CLONE, Some("triage")).unwrap();
    let said: Vec<_> = found.iter().map(|heard| heard.rating.clone()).collect();
    assert_eq!(said, [&earlier[0], &earlier[1], &later[0]].map(Clone::clone));
    assert_eq!((found[2].signed_s, found[2].signer.as_str()), (9, "ssh-ed25519 AAAA"));
    assert_eq!(store.heard_ratings(CLONE, None).unwrap().len(), 4);
    assert!(store.heard_ratings("/elsewhere", None).unwrap().is_empty());
    assert_eq!(store.heard_statements(CLONE).unwrap(), ["a", "b"]);
}

#[test]
fn a_statement_is_indexed_once_and_goes_with_all_it_said() {
    let (store, _folder) = store();
    let said = || statement("a", 1, vec![rating("triage", Said::Pass(Some(true)))]);
    for _ in 0..2 {
        store.index_heard(CLONE, Vec::new(), vec![said()]).unwrap();
        assert_eq!(store.heard_ratings(CLONE, None).unwrap().len(), 1);
    }
    store.index_heard(CLONE, vec!["a".into(), "never heard".into()], Vec::new()).unwrap();
    assert!(store.heard_ratings(CLONE, None).unwrap().is_empty());
    assert!(store.heard_statements(CLONE).unwrap().is_empty());
}

#[test]
fn every_change_of_the_index_gives_another_mark() {
    let (store, _folder) = store();
    let said = |id: &str| vec![statement(id, 1, vec![rating("triage", Said::Pass(Some(true)))])];
    let mut marks = vec![store.heard_mark(CLONE).unwrap()];
    assert_eq!(marks, [None]);
    let mut change = |gone: &[&str], come: Vec<HeardStatement>| {
        let gone = gone.iter().map(|id| (*id).to_owned()).collect();
        store.index_heard(CLONE, gone, come).unwrap();
        let mark = store.heard_mark(CLONE).unwrap();
        assert!(!marks.contains(&mark), "{mark:?} among {marks:?}");
        marks.push(mark);
    };
    change(&[], said("a"));
    change(&[], said("b"));
    change(&["b"], said("c"));
    change(&["a"], Vec::new());
    store.index_heard("/elsewhere", Vec::new(), said("a")).unwrap();
    assert_eq!(store.heard_mark(CLONE).unwrap(), *marks.last().unwrap());
}

#[test]
fn what_could_not_be_understood_is_told_by_statement() {
    let (store, _folder) = store();
    let odd = HeardStatement { left_out: 3, ..statement("odd", 1, Vec::new()) };
    store.index_heard(CLONE, Vec::new(), vec![odd, statement("plain", 1, Vec::new())]).unwrap();
    let told = LeftOut { statement: "odd".into(), ratings: 3 };
    assert_eq!(store.heard_left_out(CLONE).unwrap(), [told]);
}
