//! What would have been right, in the languages of the interface.

use std::fmt;

use crate::language::{Labels, Language};

macro_rules! expectations {
    ($( $name:ident = $nb:literal, $nn:literal, $en:literal; )*) => {
        /// What would have been right where a fault was found.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Expected {
            $( #[doc = concat!("`", $en, "`")] $name, )*
            /// One of these codes.
            Code(&'static [&'static str]),
            /// One of these fields.
            Field(Vec<&'static str>),
            /// At most so many items.
            Items(usize),
            /// At most so many characters.
            Characters(usize),
            /// At most so many bytes of JSON.
            Bytes(usize),
        }

        impl Expected {
            /// Those that need no number or name, for a test of their words.
            pub const PLAIN: &'static [Self] = &[$(Self::$name),*];

            /// It in words, fit to stand after "expected".
            pub fn text(&self, language: Language) -> String {
                let labels = match self {
                    $( Self::$name => Labels { nb: $nb, nn: $nn, en: $en }, )*
                    Self::Code(codes) => return with_names(&ONE_OF, language, codes),
                    Self::Field(fields) => return with_names(&FIELD, language, fields),
                    Self::Items(count) => return with_count(&ITEMS, language, *count),
                    Self::Characters(count) => return with_count(&CHARACTERS, language, *count),
                    Self::Bytes(count) => return with_count(&BYTES, language, *count),
                };
                labels.get(language).to_owned()
            }
        }
    };
}

/// With more names than this only the first ones are shown: the nearest stands beside them.
const NAMES_SHOWN: usize = 30;
/// How many of too many are shown.
const NAMES_CUT: usize = 8;

const ONE_OF: Labels = Labels { nb: "en av", nn: "ein av", en: "one of" };
const FIELD: Labels = Labels { nb: "et av feltene", nn: "eitt av felta", en: "one of the fields" };
const ITEMS: Labels = Labels { nb: "høyst # i listen", nn: "høgst # i lista", en: "at most # in the list" };
const CHARACTERS: Labels = Labels { nb: "høyst # tegn", nn: "høgst # teikn", en: "at most # characters" };
const BYTES: Labels = Labels {
    nb: "en post på høyst # byte",
    nn: "ein post på høgst # byte",
    en: "a record of at most # bytes",
};

expectations! {
    OwnNumber = "organisasjonens eget nummer", "nummeret til organisasjonen sjølv", "the organisation's own number";
    Text = "en tekst", "ein tekst", "a text";
    Line = "én linje tekst", "éi linje tekst", "one line of text";
    PlainText = "tekst uten kontrolltegn", "tekst utan kontrollteikn", "text without control characters";
    Url = "en nettadresse som https://www.doffin.no/", "ei nettadresse som https://www.doffin.no/", "a web address such as https://www.doffin.no/";
    Mailbox = "en e-postadresse som innkjop@kommune.no", "ei e-postadresse som innkjop@kommune.no", "an e-mail address such as innkjop@kommune.no";
    Flag = "true eller false", "true eller false", "true or false";
    Count = "et helt tall fra 0", "eit heilt tal frå 0", "a whole number from 0";
    Decimal = "et desimaltall som tekst, for eksempel \"-12.5\"", "eit desimaltal som tekst, til dømes \"-12.5\"", "a decimal number as a string, such as \"-12.5\"";
    Amount = "et beløp fra 0, for eksempel \"1250000.00\" eller 1250000", "eit beløp frå 0, til dømes \"1250000.00\" eller 1250000", "an amount from 0, such as \"1250000.00\" or 1250000";
    Percent = "et tall fra 0 til 100, for eksempel 30 eller \"32.5\"", "eit tal frå 0 til 100, til dømes 30 eller \"32.5\"", "a number from 0 to 100, such as 30 or \"32.5\"";
    Year = "et årstall som 2014", "eit årstal som 2014", "a year such as 2014";
    Date = "en dato: 2016, 2016-02 eller 2016-02-04", "ein dato: 2016, 2016-02 eller 2016-02-04", "a date: 2016, 2016-02 or 2016-02-04";
    Day = "en dag: 2016-02-04", "ein dag: 2016-02-04", "a day: 2016-02-04";
    Cpv = "en CPV-kode på åtte siffer, for eksempel \"48000000\"", "ein CPV-kode på åtte siffer, til dømes \"48000000\"", "a CPV code of eight digits, such as \"48000000\"";
    CpvDivision = "en CPV-kode i en av de 45 hovedgruppene", "ein CPV-kode i ei av dei 45 hovudgruppene", "a CPV code of one of the 45 divisions";
    OrgNumber = "et organisasjonsnummer på ni siffer", "eit organisasjonsnummer på ni siffer", "an organisation number of nine digits";
    OrgCheckDigit = "et organisasjonsnummer der kontrollsifferet stemmer", "eit organisasjonsnummer der kontrollsifferet stemmer", "an organisation number whose check digit fits";
    MunicipalityNumber = "et kommunenummer på fire siffer, for eksempel \"0301\"", "eit kommunenummer på fire siffer, til dømes \"0301\"", "four digits of a municipality, such as \"0301\"";
    RecordId = "en id på 52 tegn, a-z og 2-7", "ein id på 52 teikn, a-z og 2-7", "an id: 52 characters of a-z and 2-7";
    ItemId = "id-en til et element, 26 tegn, a-z og 2-7", "id-en til eit element, 26 teikn, a-z og 2-7", "an item's id: 26 characters of a-z and 2-7";
    OtherItemId = "en annen id enn elementene før", "ein annan id enn elementa før", "another id than the items before it";
    Language = "et språk: nb, nn, en eller se", "eit språk: nb, nn, en eller se", "a language: nb, nn, en or se";
    AnyCode = "en kode", "ein kode", "a code";
    Key = "en nøkkel av små bokstaver, siffer og _, for eksempel hours_freed", "ein nøkkel av små bokstavar, siffer og _, til dømes hours_freed", "a key of lower-case letters, digits and _, such as hours_freed";
    List = "en liste", "ei liste", "a list";
    Object = "et objekt med felter", "eit objekt med felt", "an object with fields";
    ByLanguage = "tekster etter språk, eller én tekst", "tekstar etter språk, eller éin tekst", "texts by language, or one text";
    ByName = "verdier etter navn", "verdiar etter namn", "values by name";
    Present = "en verdi", "ein verdi", "a value";
    NotBelowLow = "en verdi som ikke er lavere enn value_low", "ein verdi som ikkje er lågare enn value_low", "a value that is not below value_low";
    BothEnds = "både value_low og value_high, like når det er ett tall", "både value_low og value_high, like når det er eitt tal", "both value_low and value_high, equal when there is one number";
    ShallowSection = "et avsnitt på høyst tre nivåer", "eit avsnitt på høgst tre nivå", "a section at most 3 deep";
    SectionBefore = "id-en til et avsnitt før dette", "id-en til eit avsnitt før dette", "the id of a section before this one";
    Expression = "FELT=VERDI, FELT+=VERDI eller FELT-=VERDI", "FELT=VERDI, FELT+=VERDI eller FELT-=VERDI", "FIELD=VALUE, FIELD+=VALUE or FIELD-=VALUE";
    ItemInList = "id-en til et element i listen", "id-en til eit element i lista", "the id of an item in this list";
    FieldOfItem = "et felt i elementet etter id-en", "eit felt i elementet etter id-en", "a field of the item after its id";
    EndOfPath = "ingenting etter dette feltet", "ingenting etter dette feltet", "nothing after this field";
    SetOrList = "en mengde eller liste foran += og -=", "ei mengd eller liste framfor += og -=", "a set or a list before += and -=";
    Something = "noe som står der", "noko som står der", "something that is there";
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Language::En))
    }
}

fn with_names(words: &Labels, language: Language, names: &[&str]) -> String {
    let shown = if names.len() > NAMES_SHOWN { &names[..NAMES_CUT] } else { names };
    let more = if shown.len() < names.len() { ", …" } else { "" };
    format!("{} {}{more}", words.get(language), shown.join(", "))
}

fn with_count(labels: &Labels, language: Language, count: usize) -> String {
    labels.get(language).replace('#', &count.to_string())
}
