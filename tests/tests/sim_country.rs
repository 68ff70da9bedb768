//! All municipalities of a country in one network, in virtual time.

use std::time::Duration;

use praksis_tests::sim::country::{Country, HEADING};

/// As many as Norway has.
const MUNICIPALITIES: usize = 357;
/// Those that can be dialled.
const HUBS: usize = 12;

#[test]
fn a_change_is_seen_by_a_whole_country_whatever_the_weather() {
    let seed = 357;
    println!("seed {seed}\n{HEADING}");
    let mut country = Country::new(MUNICIPALITIES, HUBS, seed);
    let [first, next] = country.fair_weather();
    println!("{first}\n{next}");
    for figures in [&first, &next] {
        assert!(figures.hops <= 4 && figures.took <= Duration::from_secs(1), "{figures}");
    }
    assert!(next.copies <= 2.0, "{next}");
    let asleep = country.with_a_third_asleep();
    println!("{asleep}");
    assert!(asleep.took <= Duration::from_secs(2), "who was told by it alone asks another: {asleep}");
    let parted = country.parted();
    println!("{parted}");
    assert!(parted.took <= Duration::from_secs(120), "{parted}");
    let churning = country.churning();
    println!("{churning}");
    assert!(churning.took <= Duration::from_secs(120), "{churning}");
}
