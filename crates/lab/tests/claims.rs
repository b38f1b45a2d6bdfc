//! What each scenario says is what happens in it.

use synfin_lab::scenarios::ALL;

#[test]
fn every_prediction_has_one_right_choice() {
    for scenario in ALL {
        let runs = scenario.runs(&[], 0).unwrap_or_else(|error| panic!("{}: {error}", scenario.name));
        println!("{} {:?}", scenario.name, scenario.right(&runs));
    }
}
