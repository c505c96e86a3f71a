//! Before the disk is full, calls stop.

use assay_store::StoreError;

use crate::support::*;

#[test]
fn no_call_begins_when_the_disk_is_nearly_full_and_what_is_under_way_is_kept() {
    let (store, _folder, run) = store_with_run(2);
    let under_way = begin(&store, &run, 0);
    store.keep_free(u64::MAX);
    let refused = [
        store.check_space(),
        store.begin_attempt(&run, beginning(1)).wait().map(drop),
        store.begin_attempts(&run, vec![beginning(1)]).map(drop),
    ];
    for refused in refused {
        assert!(matches!(refused, Err(StoreError::Low { .. })), "{refused:?}");
    }
    store.finish_attempt(ending(&run, 0, under_way, reply("paid for"))).wait().unwrap();
    assert_eq!(store.pending_cells(&run).unwrap(), [1], "it can be resumed");

    store.keep_free(0);
    begin(&store, &run, 1);
}
