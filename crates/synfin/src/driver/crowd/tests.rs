use super::Crowd;

#[test]
fn it_is_said_once_for_every_three_quarters() {
    let mut crowd = Crowd::default();
    let gone = |crowd: &mut Crowd, counts: &[usize]| -> Vec<usize> {
        counts.iter().copied().filter(|count| crowd.has_gone(*count)).collect()
    };
    assert_eq!(gone(&mut crowd, &[0, 255, 10, 0]), [], "too few");
    assert_eq!(
        gone(&mut crowd, &[5000, 4000, 1250, 1249, 400, 312, 311, 78, 70, 14, 9, 3, 12, 1, 0, 9, 1, 0]),
        [1250, 312, 78, 14, 0]
    );
    assert_eq!(gone(&mut crowd, &[1000, 0]), [0]);
}
