use alloc::vec::Vec;

use super::{CloseReason, DropReason, SendReason};

#[test]
fn codes_are_unique_and_clauses_never_cite_a_superseded_standard() {
    let reasons = [
        SendReason::ALL.iter().map(|r| (r.code(), r.clause())).collect::<Vec<_>>(),
        DropReason::ALL.iter().map(|r| (r.code(), r.clause())).collect(),
        CloseReason::ALL.iter().map(|r| (r.code(), r.clause())).collect(),
    ];
    let superseded = alloc::format!("RFC {} ", 793);
    for kind in reasons {
        let mut codes: Vec<_> = kind.iter().map(|(code, _)| *code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), kind.len());
        assert!(kind.iter().all(|(_, clause)| clause.starts_with("RFC ") && !clause.contains(&superseded)));
    }
}
