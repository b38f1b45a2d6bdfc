use super::*;

fn losses(loss: &Loss, count: u64) -> Vec<u64> {
    let mut misfortune = Misfortune::new(Stream::new(1, 0), Stream::new(1, 5));
    (1..=count).filter(|&number| misfortune.strikes(loss, Some(number))).collect()
}

#[test]
fn a_list_loses_what_is_on_it() {
    let listed = Loss::Listed(BTreeSet::from([2, 5, 6]));
    assert_eq!(losses(&listed, 100), [2, 5, 6]);
    assert!(!Misfortune::new(Stream::new(1, 0), Stream::new(1, 5)).strikes(&listed, None));
}

#[test]
fn bursts_are_as_frequent_and_as_long_as_asked_for() {
    let model = GilbertElliott {
        turns_bad: Probability::from_percent(1),
        turns_good: Probability::from_percent(25),
        ..GilbertElliott::default()
    };
    let lost = losses(&Loss::GilbertElliott(model), 1_000_000);
    let bursts = 1 + lost.windows(2).filter(|pair| pair[1] != pair[0] + 1).count();
    // A stay lasts 100 packets in the one state and 4 in the other: 1 of 26 is lost.
    assert!((37_500..39_500).contains(&lost.len()), "{}", lost.len());
    assert!((9_300..9_900).contains(&bursts), "{bursts}");
}

#[test]
fn a_model_that_never_turns_bad_loses_by_chance_alone() {
    let even = Probability::from_percent(5);
    let model = GilbertElliott { loss_while_good: even, ..GilbertElliott::default() };
    assert_eq!(losses(&Loss::GilbertElliott(model), 10_000), losses(&Loss::Independent(even), 10_000));
}
