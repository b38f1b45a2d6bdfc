use super::{WindowScale, WindowSize};

#[test]
fn a_window_is_rounded_down_to_its_scale_and_never_overflows_the_field() {
    let scale = WindowScale::new(7);
    assert_eq!(WindowSize::new(1000).to_field(scale), 7);
    assert_eq!(WindowSize::from_field(7, scale).octets(), 896);
    assert_eq!(WindowSize::new(u32::MAX), WindowSize::MAX);
    assert_eq!(WindowSize::MAX.to_field(WindowScale::NONE), u16::MAX);
    assert_eq!(WindowScale::new(200), WindowScale::MAX);
}

#[test]
fn the_scale_is_the_smallest_that_announces_the_whole_buffer() {
    assert_eq!(WindowScale::for_buffer(65_535), WindowScale::NONE);
    assert_eq!(WindowScale::for_buffer(65_536).shift(), 1);
    assert_eq!(WindowScale::for_buffer(6 << 20).shift(), 7);
    assert_eq!(WindowScale::for_buffer(usize::MAX), WindowScale::MAX);
}
