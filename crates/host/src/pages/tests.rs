use super::{PAGE, Pages, Slot};
use crate::event::TcpHandle;

/// A slot that is nothing special.
type Plain<V> = Option<(u32, V)>;

impl<V> Slot for Plain<V> {
    const VACANT: Self = None;

    fn version(&self) -> Option<u32> {
        self.as_ref().map(|(version, _)| *version)
    }
}

impl<V> Pages<TcpHandle, Plain<V>> {
    fn put(&mut self, value: V) -> TcpHandle {
        self.insert(|version| Some((version, value)))
    }

    fn value(&self, handle: TcpHandle) -> Option<&V> {
        self.get(handle)?.as_ref().map(|(_, value)| value)
    }
}

#[test]
fn a_handle_finds_its_value_and_no_later_one_in_the_same_slot() {
    let mut pages = Pages::<TcpHandle, Plain<&str>>::default();
    let first = pages.put("first");
    assert_eq!(pages.value(first), Some(&"first"));
    assert_eq!(pages.remove(first).flatten().map(|(_, value)| value), Some("first"));
    let second = pages.put("second");
    assert_eq!(pages.value(first), None);
    assert_eq!(pages.remove(first), None);
    assert_eq!(pages.get_mut(second).and_then(|slot| slot.take()).map(|(_, value)| value), Some("second"));
    assert_eq!(pages.value(second), None);
    let third = pages.put("third");
    assert_eq!(pages.iter().map(|(handle, _)| handle).collect::<Vec<_>>(), [third]);
    assert_eq!(pages.handle_at(super::number(third)), Some(third));
}

#[test]
fn what_a_crowd_has_taken_is_given_back() {
    let mut pages = Pages::<TcpHandle, Plain<usize>>::default();
    let crowd: Vec<TcpHandle> = (0..10 * PAGE).map(|number| pages.put(number)).collect();
    assert_eq!((pages.len(), pages.capacity()), (10 * PAGE, 10 * PAGE));
    for handle in &crowd[1..] {
        pages.remove(*handle);
    }
    assert_eq!((pages.len(), pages.capacity()), (1, PAGE));
    assert_eq!(pages.value(crowd[0]), Some(&0));
    let late = pages.put(7);
    assert_eq!(pages.capacity(), PAGE, "the lowest page that has room");
    assert!(crowd.iter().all(|handle| *handle != late), "an old handle came back");
}

#[test]
fn an_emptied_page_gives_no_handle_twice() {
    let mut pages = Pages::<TcpHandle, Plain<()>>::default();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..1000 {
        let handle = pages.put(());
        assert!(seen.insert(handle));
        pages.remove(handle);
    }
    assert_eq!(pages.capacity(), 0);
}

#[test]
fn of_many_pages_the_lowest_with_room_is_taken() {
    let mut pages = Pages::<TcpHandle, Plain<usize>>::default();
    let crowd: Vec<TcpHandle> = (0..200 * PAGE).map(|number| pages.put(number)).collect();
    for left in [150 * PAGE, 70 * PAGE + 3, 199 * PAGE] {
        pages.remove(crowd[left]);
    }
    let number = |handle: TcpHandle| slotmap::Key::data(&handle).as_ffi() as u32 as usize;
    let taken: Vec<usize> = (0..4).map(|_| number(pages.put(0))).collect();
    assert_eq!(taken, [70 * PAGE + 3, 150 * PAGE, 199 * PAGE, 200 * PAGE]);
}
