use super::Stream;
use crate::units::Probability;

#[test]
fn a_seed_means_the_same_for_ever() {
    let mut stream = Stream::new(1, 0);
    let drawn: Vec<u64> = (0..4).map(|_| stream.below(1_000_000)).collect();
    assert_eq!(drawn, [811_612, 747_104, 100_150, 746_216]);
    let mut stream = Stream::new(1, 1);
    let drawn: Vec<u64> = (0..4).map(|_| stream.below(1_000_000)).collect();
    assert_eq!(drawn, [855_431, 538_420, 781_654, 890_344]);
}

#[test]
fn the_ends_are_certain() {
    let mut stream = Stream::new(3, 0);
    for _ in 0..1_000 {
        assert!(stream.chance(Probability::ALWAYS));
        assert!(!stream.chance(Probability::NEVER));
        assert_eq!(stream.below(0), 0);
        assert_eq!(stream.below(1), 0);
        assert!(stream.below(6) < 6);
    }
}
