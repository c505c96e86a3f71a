//! Two processes with a run each, in one database at once.

use crate::witness::Witness;

#[test]
fn two_processes_finish_their_runs_beside_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let (mut one, mut other) = (Witness::of("ONE"), Witness::of("OTHER"));
    let (first, second) = (one.start(folder.path(), None), other.start(folder.path(), None));
    let (first, second) = (one.listen(first, None), other.listen(second, None));
    assert!(first.success() && second.success(), "{first}, {second}");
    one.check_done(folder.path());
    other.check_done(folder.path());
}

#[test]
fn a_run_goes_on_while_the_process_beside_it_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let (mut killed, mut living) = (Witness::of("KILLED"), Witness::of("LIVING"));
    let working = living.start(folder.path(), None);
    for _ in 0..5 {
        let ended = killed.listen(killed.start(folder.path(), None), Some(40));
        assert!(!ended.success(), "it was killed before its run was done");
        killed.check(folder.path());
    }
    let ended = living.listen(working, None);
    assert!(ended.success(), "{ended}");
    living.check_done(folder.path());
    killed.finish(folder.path());
}
