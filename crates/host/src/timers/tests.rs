use std::collections::BTreeMap;

use proptest::prelude::*;
use slotmap::SlotMap;
use synfin_wire::Instant;

use super::Timers;
use crate::event::TcpHandle;
use crate::pages;

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

#[test]
fn a_deadline_that_moves_away_leaves_its_hint() {
    let mut handles = SlotMap::<TcpHandle, ()>::with_key();
    let handle = handles.insert(());
    let mut timers = Timers::default();
    timers.arm(handle, Some(at(10)));
    timers.arm(handle, Some(at(30)));
    assert_eq!(timers.next(), Some(at(10)));
    timers.arm(handle, Some(at(5)));
    timers.arm(handle, None);
    assert_eq!(timers.next(), Some(at(5)));
    assert_eq!(timers.pop_due(at(4)), None);
    assert_eq!(timers.pop_due(at(5)), Some(pages::number(handle)));
    assert_eq!((timers.next(), timers.pop_due(at(100))), (None, None));
}

#[derive(Clone, Debug)]
enum Step {
    Arm(usize, u64),
    Remove(usize),
    Pop(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..12usize, 0..1000u64).prop_map(|(who, when)| Step::Arm(who, when)),
        1 => (0..12usize).prop_map(Step::Remove),
        1 => (0..1000u64).prop_map(Step::Pop),
    ]
}

proptest! {
    /// The queue against a model that keeps the soonest hint of each.
    #[test]
    fn hints_come_in_order_and_each_once(steps in prop::collection::vec(step(), 0..200)) {
        let mut slots = SlotMap::<TcpHandle, ()>::with_key();
        let handles: Vec<_> = (0..12).map(|_| slots.insert(())).collect();
        let mut timers = Timers::default();
        let mut model = BTreeMap::new();
        for step in steps {
            match step {
                Step::Arm(who, when) => {
                    timers.arm(handles[who], Some(at(when)));
                    model.entry(who).and_modify(|hint: &mut u64| *hint = when.min(*hint)).or_insert(when);
                }
                Step::Remove(who) => {
                    timers.remove(handles[who]);
                    model.remove(&who);
                }
                Step::Pop(now) => {
                    let mut popped = Vec::new();
                    while let Some(slot) = timers.pop_due(at(now)) {
                        let who = handles.iter().position(|handle| pages::number(*handle) == slot).unwrap();
                        popped.push(model.remove(&who).unwrap());
                    }
                    prop_assert!(popped.is_sorted() && popped.iter().all(|hint| *hint <= now));
                }
            }
            prop_assert_eq!(timers.next(), model.values().min().map(|hint| at(*hint)));
            prop_assert_eq!(timers.heap.len(), model.len());
        }
    }
}
