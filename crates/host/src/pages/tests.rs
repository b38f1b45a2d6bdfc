use super::{PAGE, Pages};
use crate::event::TcpHandle;

#[test]
fn a_handle_finds_its_value_and_no_later_one_in_the_same_slot() {
    let mut pages = Pages::<TcpHandle, &str>::default();
    let first = pages.insert("first");
    assert_eq!(pages.get(first), Some(&"first"));
    assert_eq!(pages.remove(first), Some("first"));
    let second = pages.insert("second");
    assert_eq!(pages.get(first), None);
    assert_eq!(pages.remove(first), None);
    assert_eq!(pages.get_mut(second), Some(&mut "second"));
    assert_eq!(pages.iter().collect::<Vec<_>>(), [(second, &"second")]);
}

#[test]
fn what_a_crowd_has_taken_is_given_back() {
    let mut pages = Pages::<TcpHandle, usize>::default();
    let crowd: Vec<TcpHandle> = (0..10 * PAGE).map(|number| pages.insert(number)).collect();
    assert_eq!((pages.len(), pages.capacity()), (10 * PAGE, 10 * PAGE));
    for handle in &crowd[1..] {
        pages.remove(*handle);
    }
    assert_eq!((pages.len(), pages.capacity()), (1, PAGE));
    assert_eq!(pages.get(crowd[0]), Some(&0));
    let late = pages.insert(7);
    assert_eq!(pages.capacity(), PAGE, "the lowest page that has room");
    assert!(crowd.iter().all(|handle| *handle != late), "an old handle came back");
}

#[test]
fn an_emptied_page_gives_no_handle_twice() {
    let mut pages = Pages::<TcpHandle, ()>::default();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..1000 {
        let handle = pages.insert(());
        assert!(seen.insert(handle));
        pages.remove(handle);
    }
    assert_eq!(pages.capacity(), 0);
}

#[test]
fn a_value_beside_another_has_its_handle() {
    let mut values = Pages::<TcpHandle, char>::default();
    let mut beside = Pages::<TcpHandle, u8>::default();
    let handles: Vec<TcpHandle> = "abc".chars().map(|value| values.insert(value)).collect();
    beside.insert_beside(handles[2], 2);
    beside.insert_beside(handles[2], 3);
    assert_eq!((beside.len(), beside.get(handles[2])), (1, Some(&3)));
    assert_eq!(beside.get(handles[1]), None);
}

#[test]
fn of_many_pages_the_lowest_with_room_is_taken() {
    let mut pages = Pages::<TcpHandle, usize>::default();
    let crowd: Vec<TcpHandle> = (0..200 * PAGE).map(|number| pages.insert(number)).collect();
    for left in [150 * PAGE, 70 * PAGE + 3, 199 * PAGE] {
        pages.remove(crowd[left]);
    }
    let number = |handle: TcpHandle| slotmap::Key::data(&handle).as_ffi() as u32 as usize;
    let taken: Vec<usize> = (0..4).map(|_| number(pages.insert(0))).collect();
    assert_eq!(taken, [70 * PAGE + 3, 150 * PAGE, 199 * PAGE, 200 * PAGE]);
}
