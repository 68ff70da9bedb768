//! What the index promises, told on two dozen small made-up cases.

mod cases;
mod life;
mod properties;

use std::collections::BTreeMap;

use cases::CASES;

use super::{
    About, Ask, Entry, Error, FieldText, Filters, Index, Lesson, Opened, PartKind, Query, Similar, Unusable,
};

fn entry([id, lang, title, need, sector, phase, cpv]: [&str; 7]) -> Entry {
    Entry {
        record: id.to_owned(),
        kind: "case".to_owned(),
        title: BTreeMap::from([(lang.to_owned(), title.to_owned())]),
        texts: vec![FieldText { field: "need".to_owned(), lang: lang.to_owned(), text: need.to_owned() }],
        lang: lang.to_owned(),
        owner_org: "310000019".to_owned(),
        owner_name: "Trondheim (demo)".to_owned(),
        phase: Some(phase.to_owned()),
        sector: vec![sector.to_owned()],
        cpv: vec![cpv.to_owned()],
        version: [1; 32],
        ..Entry::default()
    }
}

fn case(id: &str) -> Entry {
    entry(*CASES.iter().find(|case| case[0] == id).expect("a case of the list"))
}

/// An index and its folder, which goes when it does.
struct Library {
    index: Index,
    dir: tempfile::TempDir,
}

impl Library {
    fn of(entries: Vec<Entry>) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let index = Index::open(dir.path()).expect("a new index").into_index();
        index.upsert(entries).expect("taken");
        index.commit().expect("written");
        Self { index, dir }
    }

    fn full() -> Self {
        Self::of(CASES.into_iter().map(entry).collect())
    }

    fn ask(&self, text: &str) -> Similar {
        self.answer(&Query::text(text))
    }

    fn answer(&self, query: &Query) -> Similar {
        self.index.similar(query).expect("an answer")
    }

    fn first(&self, text: &str) -> String {
        self.ask(text).hits.first().map_or_else(String::new, |hit| hit.id.clone())
    }
}

fn ids(similar: &Similar) -> Vec<&str> {
    similar.hits.iter().map(|hit| hit.id.as_str()).collect()
}

#[test]
fn a_nynorsk_question_finds_the_bokmaal_case() {
    let library = Library::full();
    for (question, expected) in [
        ("tryggleiksalarm for heimebuande eldre", "alarm"),
        ("medisindispensarar i heimesjukepleia", "medisin"),
        ("sjukesignalanlegg på sjukeheimen", "sykesignal"),
        ("innkjøp av løysing for elektronisk sakshandsaming", "anskaffelse"),
        ("utsleppsfri byggjeplass for ny skule", "skole"),
        ("symjehall med gjenvinning av varme", "svommehall"),
        ("reinhald i idrettshallar", "renhold"),
        ("lekkasjar i leidningsnettet for drikkevatn", "vannlekkasje"),
        ("veglys", "gatelys"),
        ("ferje på straum", "ferge"),
        ("opplæring i norsk for flyktningar", "språk"),
    ] {
        assert_eq!(library.first(question), expected, "{question}");
    }
}

#[test]
fn a_bokmaal_question_finds_the_nynorsk_case() {
    let library = Library::full();
    assert_eq!(library.first("medvirkning fra innbyggere i planer"), "hoyring");
    assert_eq!(library.first("kontorløsninger"), "losning");
}

#[test]
fn an_english_question_is_translated_and_says_so() {
    let library = Library::full();
    for (question, expected, also) in [
        ("safety alarm for the elderly", "alarm", "trygghetsalarm"),
        ("street lighting", "gatelys", "gatelys"),
        ("cleaning", "renhold", "renhold"),
        ("swimming pool", "svommehall", "svømmehall"),
        ("drinking water", "vannlekkasje", "drikkevann"),
        ("public library", "bibliotek", "bibliotek"),
    ] {
        let similar = library.ask(question);
        let hit = &similar.hits[0];
        assert_eq!(hit.id, expected, "{question}");
        assert!(!hit.far, "{question}");
        assert!(similar.searched_also.iter().any(|word| word == also), "{:?}", similar.searched_also);
        assert_eq!(hit.why[0].kind, PartKind::Expansion, "{:?}", hit.why);
    }
}

#[test]
fn a_misspelt_word_is_found_by_its_parts() {
    let library = Library::full();
    let similar = library.ask("trygghetsalam");
    assert_eq!(ids(&similar)[0], "alarm");
    assert!(!similar.hits[0].far);

    let hit = &library.ask("bibliotekk").hits[0];
    assert_eq!(hit.id, "bibliotek");
    assert!(hit.why.iter().any(|part| part.kind == PartKind::Spelling), "{:?}", hit.why);
}

#[test]
fn a_part_of_a_compound_is_found_and_named() {
    let library = Library::full();
    let hit = &library.ask("alarm").hits[0];
    assert_eq!(hit.id, "alarm");
    assert_eq!((hit.why[0].kind, hit.why[0].text.as_str()), (PartKind::Part, "trygghetsalarmer"));
}

#[test]
fn letters_of_another_keyboard_mean_the_same() {
    let library = Library::full();
    assert_eq!(library.first("broeyting"), "brøyting");
    assert_eq!(library.first("TRÆR og sjøbunn"), library.first("traer og sjoebunn"));
}

#[test]
fn shares_are_those_of_the_scores() {
    let library = Library::full();
    for question in ["trygghetsalarm kommunen", "elektrisk ferge", "drikkevann lekkasje behov"] {
        for hit in library.ask(question).hits {
            let sum: f32 = hit.why.iter().map(|part| part.share).sum();
            assert!((sum - 1.0).abs() < 1e-4, "{question}: {sum}");
            assert!(hit.why.iter().all(|part| part.share > 0.0));
            assert!(hit.why.is_sorted_by(|a, b| a.share >= b.share));
        }
    }
    // A rare long word in the title says more than one that stands in many cases.
    let hit = &library.ask("kommunen trygghetsalarmer").hits[0];
    let share =
        |text: &str| hit.why.iter().filter(|part| part.text == text).map(|part| part.share).sum::<f32>();
    assert!(share("trygghetsalarmer") > 2.0 * share("kommunen"), "{:?}", hit.why);
    assert!(share("kommunen") > 0.0, "{:?}", hit.why);
}

#[test]
fn taking_away_a_word_that_explains_lowers_the_score() {
    let library = Library::full();
    let all = ["elektriske", "gravemaskiner", "barneskole"];
    let score = |words: &[&str]| {
        let similar = library.ask(&words.join(" "));
        similar.hits.iter().find(|hit| hit.id == "skole").map_or(0.0, |hit| hit.score)
    };
    let hit = library.ask(&all.join(" ")).hits.remove(0);
    for word in all {
        assert!(hit.why.iter().any(|part| part.text == word), "{word} in {:?}", hit.why);
        let fewer: Vec<&str> = all.into_iter().filter(|other| *other != word).collect();
        assert!(score(&fewer) < score(&all), "without {word}");
    }
    // From the record as well.
    let mut poorer = case("skole");
    poorer.texts[0].text = poorer.texts[0].text.replace("gravemaskiner", "");
    library.index.upsert(vec![poorer]).expect("taken");
    library.index.commit().expect("written");
    assert!(score(&all) < hit.score);
}

#[test]
fn the_sentence_and_the_lessons_fit_the_question() {
    let mut alarm = case("alarm");
    let lesson = |phase: &str, text: &str| Lesson {
        phase: Some(phase.to_owned()),
        theme: Some("need_users".to_owned()),
        text: text.to_owned(),
    };
    alarm.lessons = vec![
        lesson("dialogue", "Inviter brukerne til dialogen."),
        lesson("realise", "Sett av tid til opplæring av pleierne."),
    ];
    let library = Library::of(
        CASES.into_iter().map(entry).filter(|case| case.record != "alarm").chain([alarm]).collect(),
    );

    let hit = &library.ask("varsel ved fall utenfor boligen").hits[0];
    assert_eq!(
        hit.sentence,
        "Kommunen trenger trygghetsalarmer som virker utenfor boligen og varsler ved fall."
    );

    let about = About { phase: Some("dialogue".to_owned()), ..About::default() };
    let hit = library.answer(&Query { about, ..Query::text("trygghetsalarm") }).hits.remove(0);
    assert_eq!(hit.lessons.len(), 1);
    assert_eq!(hit.lessons[0].text, "Inviter brukerne til dialogen.");
    assert!(
        hit.why.iter().any(|part| part.kind == PartKind::Lessons && part.text == "dialogue"),
        "{:?}",
        hit.why
    );
}

#[test]
fn nothing_close_is_said() {
    let library = Library::full();
    for nonsense in ["qwxz pvkjl", "romskip mot Jupiter", "blorfatanik gremulø"] {
        let similar = library.ask(nonsense);
        assert!(similar.nothing_close, "{nonsense}: {:?}", similar.hits.first());
        assert!(similar.hits.iter().all(|hit| hit.far), "{nonsense}");
    }
    assert!(library.ask("").nothing_close);
    assert!(library.ask("og i på").hits.is_empty());
    assert!(!library.ask("brannvesen").nothing_close);
}

#[test]
fn a_record_finds_its_like_and_not_itself() {
    let library = Library::full();
    let similar =
        library.answer(&Query { ask: Ask::Indexed("alarm".to_owned()), limit: 5, ..Query::default() });
    assert_eq!(similar.query, "Digitale trygghetsalarmer til hjemmeboende");
    assert!(!ids(&similar).contains(&"alarm"));
    // Shares CPV 33 19 50, and words of care.
    assert_eq!(ids(&similar)[0], "sykesignal");
    let cpv = similar.hits[0].why.iter().find(|part| part.kind == PartKind::Cpv).expect("shared CPV");
    assert_eq!(cpv.text, "33195000");

    let unknown = library.index.similar(&Query { ask: Ask::Indexed("none".to_owned()), ..Query::default() });
    assert!(matches!(unknown, Err(Error::UnknownRecord(record)) if record == "none"));
}

#[test]
fn the_nearest_vote_on_the_cpv_of_a_record_without() {
    let library = Library::full();
    let asker = Entry { record: "new".to_owned(), cpv: Vec::new(), ..case("matavfall") };
    let similar = library.answer(&Query::record(asker));
    assert_eq!(ids(&similar)[0], "matavfall");
    let cpv = similar.hits[0].why.iter().find(|part| part.kind == PartKind::Cpv).expect("voted CPV");
    assert!(cpv.text.starts_with("90"), "{cpv:?}");
    // Typed words are not voted for: nobody said what the procurement is.
    assert!(library.ask("matavfall").hits[0].why.iter().all(|part| part.kind != PartKind::Cpv));
}

#[test]
fn facts_of_the_procurement_are_small_and_visible() {
    let mut one = case("ferge");
    one.record = "one".to_owned();
    let other = Entry {
        record: "other".to_owned(),
        procedure: Some("negotiated".to_owned()),
        innovation_kind: Some("innovative_solution".to_owned()),
        value: Some(12_000_000),
        has_measured_gains: true,
        used_by: 3,
        ..one.clone()
    };
    let library = Library::of(vec![one, other]);
    let about = About {
        phase: Some("evaluated".to_owned()),
        procedure: Some("negotiated".to_owned()),
        innovation_kind: Some("innovative_solution".to_owned()),
        value: Some(10_000_000),
        ..About::default()
    };
    let similar = library.answer(&Query { about, ..Query::text("elektrisk ferge") });
    assert_eq!(ids(&similar), ["other", "one"]);
    let why = &similar.hits[0].why;
    for kind in [
        PartKind::Phase,
        PartKind::Procedure,
        PartKind::Innovation,
        PartKind::Value,
        PartKind::Gains,
        PartKind::Reuse,
    ] {
        assert!(why.iter().any(|part| part.kind == kind && part.share < 0.1), "{kind:?} in {why:?}");
    }
    // Nothing is shown that the other does not have.
    assert!(
        similar.hits[1].why.iter().all(|part| part.kind != PartKind::Reuse && part.kind != PartKind::Gains)
    );
}

#[test]
fn of_two_equal_ones_what_is_worth_more_to_the_reader_stands_first() {
    let mut plain = case("ferge");
    plain.record = "a".to_owned();
    let better = Entry { record: "b".to_owned(), ..plain.clone() };
    let lesson =
        Lesson { phase: Some("need".to_owned()), theme: None, text: "Spør brukerne først.".to_owned() };
    for (better, kind) in [
        (Entry { has_measured_gains: true, ..better.clone() }, PartKind::Gains),
        (Entry { lessons: vec![lesson], ..better.clone() }, PartKind::Lessons),
        (Entry { used_by: 1, ..better }, PartKind::Reuse),
    ] {
        let library = Library::of(vec![plain.clone(), better]);
        let about = About { phase: Some("need".to_owned()), ..About::default() };
        let similar = library.answer(&Query { about, ..Query::text("elektrisk ferge") });
        assert_eq!(ids(&similar), ["b", "a"], "{kind:?}");
        assert!(similar.hits[0].why.iter().any(|part| part.kind == kind), "{kind:?}");
    }
}

#[test]
fn an_answer_says_that_the_index_is_being_built() {
    let library = Library::full();
    assert!(library.ask("ferge").building, "nobody has said that it holds what the store holds");
    library.index.is_level();
    assert!(!library.ask("ferge").building);
}

#[test]
fn filters_hold() {
    let library = Library::full();
    let filtered = |filters: Filters| {
        let query =
            Query { filters, limit: 30, ..Query::text("kommunen trenger bedre løsning for strøm vann") };
        library.answer(&query).hits
    };
    let all = filtered(Filters::default()).len();
    let code = |code: &str| vec![code.to_owned()];

    let phase = filtered(Filters { phase: code("need"), ..Filters::default() });
    assert!(!phase.is_empty() && phase.len() < all);
    assert!(phase.iter().all(|hit| hit.phase.as_deref() == Some("need")));

    let lang = filtered(Filters { lang: code("nn"), ..Filters::default() });
    assert!(lang.iter().all(|hit| hit.lang == "nn") && !lang.is_empty());

    let sector =
        filtered(Filters { sector: vec!["health_care".into(), "education".into()], ..Filters::default() });
    let healthy = ["medisin", "sykesignal", "skolemat", "språk"];
    assert!(sector.iter().all(|hit| healthy.contains(&hit.id.as_str())) && !sector.is_empty());

    let cpv = filtered(Filters { cpv: code("905"), phase: code("develop"), ..Filters::default() });
    assert_eq!(cpv.iter().map(|hit| hit.id.as_str()).collect::<Vec<_>>(), ["renovasjon"]);

    assert_eq!(
        filtered(Filters { owner: code("310000019"), kind: code("case"), ..Filters::default() }).len(),
        all
    );
    assert!(filtered(Filters { owner: code("310000027"), ..Filters::default() }).is_empty());
    assert!(filtered(Filters { kind: code("template"), ..Filters::default() }).is_empty());
}

#[test]
fn the_limit_holds_and_the_answer_is_the_same_twice() {
    let library = Library::full();
    let query = Query { limit: 3, ..Query::text("kommunen") };
    let first = library.answer(&query);
    assert_eq!(first.hits.len(), 3);
    let scores =
        |similar: &Similar| similar.hits.iter().map(|hit| (hit.id.clone(), hit.score)).collect::<Vec<_>>();
    assert_eq!(scores(&first), scores(&library.answer(&query)));
    assert!(first.hits.is_sorted_by(|a, b| a.score >= b.score));
}

#[test]
fn a_draft_and_what_was_shared_from_it_are_one_hit() {
    let library = Library::full();
    let shared = Entry { version: [2; 32], ..case("alarm") };
    library.index.upsert(vec![shared.clone(), shared]).expect("taken");
    library.index.commit().expect("written");
    let similar = library.ask("trygghetsalarm");
    assert_eq!(ids(&similar).iter().filter(|id| **id == "alarm").count(), 1);
    assert_eq!(library.index.len(), CASES.len() as u64);
}

#[test]
fn what_is_taken_out_is_gone() {
    let library = Library::full();
    library.index.remove(vec![case("alarm").key()]).expect("taken");
    library.index.commit().expect("written");
    assert!(!ids(&library.ask("trygghetsalarm hjemmeboende")).contains(&"alarm"));
    assert_eq!(library.index.len(), CASES.len() as u64 - 1);
}

#[test]
fn an_index_is_opened_again_or_rebuilt() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path().join("search");
    let fill = |index: &Index| {
        index.upsert(vec![case("alarm")]).expect("taken");
        index.commit().expect("written");
    };
    let Opened::NeedsRebuild(index, Unusable::Missing) = Index::open(&folder).expect("made") else {
        panic!("there was none")
    };
    assert!(index.is_empty());
    fill(&index);
    drop(index);

    let Opened::Ready(index) = Index::open(&folder).expect("opened") else { panic!("it is sound") };
    assert_eq!(index.len(), 1);
    drop(index);

    std::fs::write(folder.join("format"), "praksis index of similar records 0\n").expect("written");
    let Opened::NeedsRebuild(index, Unusable::OtherFormat) = Index::open(&folder).expect("made") else {
        panic!("it is of another version")
    };
    fill(&index);
    drop(index);

    let store = std::fs::read_dir(&folder)
        .expect("read")
        .filter_map(|file| Some(file.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "idx"))
        .expect("a file of terms");
    std::fs::write(&store, b"cut short").expect("written");
    let Opened::NeedsRebuild(index, Unusable::Damaged) = Index::open(&folder).expect("made") else {
        panic!("it is damaged")
    };
    assert!(index.is_empty());
}

#[test]
fn what_was_handed_over_is_there_after_a_clean_stop() {
    let dir = tempfile::tempdir().expect("a folder");
    let index = Index::open(dir.path()).expect("made").into_index();
    index.upsert(CASES.into_iter().map(entry).collect()).expect("taken");
    drop(index);
    assert_eq!(Index::open(dir.path()).expect("opened").into_index().len(), CASES.len() as u64);
}

#[test]
fn what_a_crash_left_behind_is_named() {
    let library = Library::full();
    let keys: Vec<String> = CASES.into_iter().map(|case| entry(case).key()).collect();
    let mut store: BTreeMap<&str, [u8; 32]> = keys.iter().map(|key| (key.as_str(), [1; 32])).collect();
    let missed = |store: &BTreeMap<&str, [u8; 32]>| {
        let mut held = library.index.held().expect("read");
        let changed =
            store.iter().filter(|(key, version)| !held.take(key, version)).map(|(key, _)| (*key).to_owned());
        let changed: Vec<String> = changed.collect();
        (changed, held.left().expect("read"))
    };
    assert_eq!(missed(&store), (vec![], vec![]));
    store.insert("new/", [1; 32]);
    store.insert("alarm/", [9; 32]);
    store.remove("ferge/");
    let (changed, gone) = missed(&store);
    assert_eq!(changed, ["alarm/", "new/"]);
    assert_eq!(gone, ["ferge/"]);
}

#[test]
fn questions_are_answered_while_records_come() {
    let library = Library::full();
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            for round in 0..20_u32 {
                let entries =
                    (0..50).map(|n| Entry { record: format!("more-{round}-{n}"), ..case("gatelys") });
                library.index.upsert(entries.collect()).expect("taken");
            }
            library.index.commit().expect("written");
        });
        while !writing.is_finished() {
            assert_eq!(library.first("trygghetsalarm"), "alarm");
        }
    });
    assert_eq!(library.index.len(), CASES.len() as u64 + 1_000);
}

#[test]
fn a_case_gives_its_entry() {
    let case = serde_json::json!({
        "title": {"nb": "Trygghetsalarm", "nn": "Tryggleiksalarm"},
        "content_lang": "nb",
        "summary": {"nb": "Kort sagt."},
        "need": "Eldre skal bo hjemme.",
        "keywords": ["eldre", "alarm"],
        "phase": "realise",
        "procedure": "negotiated",
        "innovation_kind": "innovative_solution",
        "sector": ["welfare_social"],
        "cpv_main": "33195000",
        "cpv_additional": ["48000000"],
        "estimated_value": {"amount": "900000.50", "currency": "NOK", "year": 2020},
        "gains": [{"basis": "expected"}, {"basis": "measured", "method": "Talt i vaktloggen."}],
        "lessons": [{"phase": "dialogue", "theme": "need_users", "what": "Brukerne visste best.", "advice": "Spør dem."}],
        "reusable": {"documents_free": true, "advice": "Ta kontakt."},
        "journal": [{"text": "hemmelig notat"}],
    });
    let entry = Entry::from_case(case.as_object().expect("a map"));
    assert_eq!(entry.title["nn"], "Tryggleiksalarm");
    assert_eq!(entry.cpv, ["33195000", "48000000"]);
    assert_eq!(entry.value, Some(900_000));
    assert!(entry.has_measured_gains);
    assert_eq!(entry.lessons[0].text, "Brukerne visste best. Spør dem.");
    assert_eq!(entry.phase.as_deref(), Some("realise"));
    let texts: Vec<&str> = entry.texts.iter().map(|text| text.text.as_str()).collect();
    for text in [
        "Kort sagt.",
        "Eldre skal bo hjemme.",
        "eldre, alarm",
        "Talt i vaktloggen.",
        "Spør dem.",
        "Ta kontakt.",
    ] {
        assert!(texts.contains(&text), "{text} in {texts:?}");
    }
    assert!(!texts.iter().any(|text| text.contains("hemmelig")), "the journal stays at home");
}
