//! In sync nothing is refused, and nothing that was not understood is lost.

use praksis_protocol::{
    case::Case,
    code::Code,
    genesis::Kind,
    record::{Dice, Record},
    vocabulary::Phase,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::id;

#[test]
fn an_unknown_code_is_kept_as_it_is() {
    let case = Case::read(&json!({"phase": "afterlife", "sector": ["admin", "space"]}));
    assert_eq!(case.phase, Some(Phase::Other("afterlife".to_owned())));
    assert_eq!(case.phase.as_ref().map(Code::code), Some("afterlife"));
    assert_eq!(Value::Object(case.write())["sector"], json!(["admin", "space"]));
}

#[test]
fn what_cannot_be_read_is_written_again_untouched() {
    let strange = json!({
        "title": {"nb": "Tittel", "fi": "Otsikko"},
        "cpv_main": 12,
        "estimated_value": {"amount": "many", "currency": "NOK"},
        "contract_value": {"amount": "1.00", "currency": "NOK", "vat": true},
        "dates": {"notice": "soon"},
        "lessons": [{"id": id(3), "what": "x", "theme": 7}],
        "colour": {"red": [1, 2]},
    });
    let case = Case::read(&strange);
    assert_eq!(case.estimated_value, None);
    assert_eq!(case.lessons[0].theme, None);
    let written = Value::Object(case.write());
    for (name, value) in strange.as_object().unwrap() {
        assert_eq!(written.get(name), Some(value), "{name}");
    }
    assert_eq!(Kind::Case.read(&json!("not even an object")), serde_json::Map::new());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Any member of a record replaced by any JSON: reading never fails and never loses it.
    #[test]
    fn reading_damage_loses_nothing(seed: u64, at: prop::sample::Index, damage in any_json()) {
        let mut record = Kind::Case.draw(&mut Dice::new(seed));
        let names: Vec<_> = record.keys().cloned().collect();
        let name = at.get(&names).clone();
        record.insert(name.clone(), damage.clone());
        let written = Kind::Case.read(&Value::Object(record.clone()));
        let again = Kind::Case.read(&Value::Object(written.clone()));
        prop_assert_eq!(&again, &written, "reading twice is reading once");
        for (other, value) in record.iter().filter(|(other, _)| **other != name) {
            prop_assert_eq!(written.get(other), Some(value), "{} was lost", other);
        }
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-zæøå_ ]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,8}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}
