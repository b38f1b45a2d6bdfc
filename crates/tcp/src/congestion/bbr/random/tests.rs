use alloc::vec::Vec;

use synfin_wire::SeqNumber;

use super::Chance;

#[test]
fn each_number_has_a_series_of_its_own() {
    let series = |seed| {
        let mut chance = Chance::new(SeqNumber::new(seed));
        [(); 4].map(|()| chance.below(1 << 32))
    };
    let seeds = [0, 1, 0x7fff_ffff, 0x8000_0000, 0x8000_0001, u32::MAX];
    let all: Vec<_> = seeds.into_iter().map(series).collect();
    for (index, one) in all.iter().enumerate() {
        assert!(!all[..index].contains(one), "{:x} has the series of another", seeds[index]);
    }
}
