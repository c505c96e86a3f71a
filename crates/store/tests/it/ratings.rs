//! Ratings: kept by output, with their history, each workspace's by itself.

use assay_store::{
    Choice, OtherOutput, RatedOutput, RatingRecord, Said, Store, output_hash, standing_ratings,
};

use crate::support::*;

fn rating(rater: &str, said: Said, at_ms: i64) -> RatingRecord {
    let rated = RatedOutput {
        prompt: "triage".into(),
        content_id: "sha256:v0".into(),
        case: "sha256:case".into(),
        output: output_hash("refund"),
    };
    RatingRecord { rated, rater: rater.into(), said, at_ms }
}

#[test]
fn every_kind_of_rating_is_there_after_reopening_in_the_order_it_was_said() {
    let (store, folder) = store();
    let other = OtherOutput { content_id: "sha256:v1".into(), output: output_hash("shipping") };
    let said = vec![
        rating("Ada", Said::Pass(Some(true)), 5),
        rating("Ada", Said::Grade(Some(4)), 5),
        rating("Bob", Said::Comment(Some("too\nshort".into())), 3),
        rating("Bob", Said::Preference(other, Some(Choice::Second)), 7).ordered(),
        rating("Ada", Said::Pass(None), 8),
    ];
    store.add_ratings(WORKSPACE, said.clone()).unwrap();
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.ratings(WORKSPACE, Some("triage")).unwrap(), said);
    assert_eq!(store.ratings(WORKSPACE, None).unwrap(), said);
    let standing = standing_ratings(said.clone());
    assert_eq!(standing, said[1..4], "what was taken back does not count, and stays on record");
}

#[test]
fn a_workspace_and_a_prompt_have_only_their_own() {
    let (store, _folder) = store();
    store.add_ratings("one", vec![rating("Ada", Said::Pass(Some(true)), 1)]).unwrap();
    assert!(store.ratings("two", None).unwrap().is_empty());
    assert!(store.ratings("one", Some("another")).unwrap().is_empty());
    assert_eq!(store.ratings("one", Some("triage")).unwrap().len(), 1);
}

#[test]
fn the_mark_of_what_was_said_changes_with_every_word_and_is_none_before_the_first() {
    let (store, _folder) = store();
    store.add_ratings("two", vec![rating("Ada", Said::Pass(Some(true)), 1)]).unwrap();
    assert_eq!(store.ratings_mark("one").unwrap(), None, "another workspace's words are not its");
    let mut marks = Vec::new();
    for said in [Some(true), Some(false), None] {
        store.add_ratings("one", vec![rating("Ada", Said::Pass(said), 1)]).unwrap();
        let mark = store.ratings_mark("one").unwrap();
        assert_eq!(store.ratings_mark("one").unwrap(), mark, "reading says nothing");
        assert!(mark.is_some() && !marks.contains(&mark), "{mark:?} after {marks:?}");
        marks.push(mark);
    }
}

#[test]
fn a_pair_is_kept_under_one_name_whichever_side_was_first() {
    let (store, _folder) = store();
    let first = rating("Ada", Said::Pass(None), 1).rated;
    let other = OtherOutput { content_id: "sha256:v1".into(), output: output_hash("shipping") };
    let turned = RatingRecord {
        rated: RatedOutput {
            content_id: other.content_id.clone(),
            output: other.output.clone(),
            ..first.clone()
        },
        rater: "Ada".into(),
        said: Said::Preference(
            OtherOutput { content_id: first.content_id, output: first.output },
            Some(Choice::First),
        ),
        at_ms: 2,
    };
    let said = rating("Ada", Said::Preference(other, Some(Choice::First)), 1);
    store.add_ratings(WORKSPACE, vec![said, turned]).unwrap();
    let standing = standing_ratings(store.ratings(WORKSPACE, None).unwrap());
    assert_eq!(standing.len(), 1, "the second choice replaces the first");
    assert_eq!(standing[0].at_ms, 2);
}

#[test]
fn outputs_are_named_by_their_text_and_only_done_cells_have_one() {
    let (store, _folder, run) = store_with_run(4);
    complete(&store, &run, 1, "refund");
    complete(&store, &run, 3, "refund");
    let failed = begin(&store, &run, 0);
    store.finish_attempt(ending(&run, 0, failed, failure("no credit", false))).wait().unwrap();
    let outputs = store.output_hashes(&run, 0, 99).unwrap();
    let cells: Vec<u32> = outputs.iter().map(|output| output.cell).collect();
    assert_eq!(cells, [1, 3]);
    assert!(outputs.iter().all(|output| output.hash == output_hash("refund")));
    assert_eq!(store.output_hashes(&run, 2, 4).unwrap().len(), 1);
}
