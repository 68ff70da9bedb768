//! One spelling for both written standards, so that a nynorsk question meets a bokmål case.
//!
//! The rules rewrite pieces of a word, because what is written is compounds: `velferdsteknologiløysing` must meet
//! `velferdsteknologiløsning`. Both sides pass through them, so a rewriting need not give a correct word, only the
//! same one. The list is our own and deliberately short: what differs in endings alone is left to the stemmer, and
//! what differs in a letter or two to the 4-grams.

use std::sync::LazyLock;

/// Where in a word a rule may fit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Start,
    Any,
    /// After some letters: in the later parts of a compound.
    Later,
    End,
}
use At::{Any, End, Later, Start};

/// Letters that stand before a later part or an ending: `helse` has no ending `-else`, `leikeplass` no `-leik`.
const LATER_FROM: usize = 3;

/// Rewrites a lower-case word to the one spelling used by the index.
pub(super) fn normalise(word: &str) -> String {
    let folded = fold(word);
    let mut out = String::with_capacity(folded.len() + 4);
    let mut rest = folded.as_str();
    let mut before = 0;
    while let Some(first) = rest.chars().next() {
        match rule(rest, before) {
            Some((from, to)) => {
                out.push_str(to);
                before += to.chars().count();
                rest = &rest[from.len()..];
            }
            None => {
                out.push(first);
                before += 1;
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    out
}

/// Letters outside the Norwegian alphabet become their nearest ones; æ, ø and å stay letters of their own, and the
/// spellings of a keyboard without them (`aa`, `ae`, `oe`) mean the same.
fn fold(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut chars = word.chars().peekable();
    while let Some(letter) = chars.next() {
        let digraph = match (letter, chars.peek()) {
            ('a', Some('a')) => Some('å'),
            ('a', Some('e')) => Some('æ'),
            ('o', Some('e')) => Some('ø'),
            _ => None,
        };
        if let Some(joined) = digraph {
            chars.next();
            out.push(joined);
            continue;
        }
        out.push(match letter {
            'ä' => 'æ',
            'ö' => 'ø',
            'á' | 'à' | 'â' | 'ã' => 'a',
            'é' | 'è' | 'ê' | 'ë' => 'e',
            'í' | 'ì' | 'î' | 'ï' => 'i',
            'ó' | 'ò' | 'ô' | 'õ' => 'o',
            'ú' | 'ù' | 'û' => 'u',
            'ü' | 'ý' => 'y',
            'č' | 'ç' => 'c',
            'đ' => 'd',
            'ŋ' | 'ñ' => 'n',
            'š' => 's',
            'ŧ' => 't',
            'ž' => 'z',
            other => other,
        });
    }
    out
}

/// The longest rule that fits at the beginning of `rest`, `before` letters into the word.
fn rule(rest: &str, before: usize) -> Option<(&'static str, &'static str)> {
    let first = rest.as_bytes()[0];
    RULES_BY_BYTE[usize::from(first)]
        .iter()
        .find(|(at, from, _)| {
            rest.starts_with(from)
                && match at {
                    Start => before == 0,
                    Any => true,
                    Later => before >= LATER_FROM,
                    End => before >= LATER_FROM && rest.len() == from.len(),
                }
        })
        .map(|(_, from, to)| (*from, *to))
}

type Rule = (At, &'static str, &'static str);

/// The rules by the first byte of what they replace, the longest first.
static RULES_BY_BYTE: LazyLock<Vec<Vec<Rule>>> = LazyLock::new(|| {
    let mut table = vec![Vec::new(); 256];
    for rule in RULES {
        table[usize::from(rule.1.as_bytes()[0])].push(*rule);
    }
    for rules in &mut table {
        rules.sort_by_key(|(_, from, _)| std::cmp::Reverse(from.len()));
    }
    table
});

const RULES: &[Rule] = &[
    // Whole families of endings: anskaffing/anskaffelse, tryggleik/trygghet, moglegheit/mulighet, verksemd/virksomhet.
    (End, "else", "ing"),
    (End, "elsen", "ingen"),
    (End, "elser", "inger"),
    (End, "elsene", "ingene"),
    (End, "leik", "het"),
    (End, "leiken", "heten"),
    (End, "leikar", "heter"),
    (End, "leikane", "hetene"),
    (Later, "leiks", "hets"),
    (Later, "heit", "het"),
    (End, "legare", "ligere"),
    (End, "leg", "lig"),
    (End, "semd", "somhet"),
    (End, "semda", "somheten"),
    (End, "semder", "somheter"),
    // The words of procurement.
    (Any, "anskaffelses", "anskaffings"),
    (Any, "ytelses", "ytings"),
    (Any, "løys", "løs"),
    (Any, "løysing", "løsning"),
    (Any, "teneste", "tjeneste"),
    (Any, "tenest", "tjenest"),
    (Any, "tilbod", "tilbud"),
    (Any, "anbod", "anbud"),
    (Any, "marknad", "marked"),
    (Any, "verksemd", "virksomhet"),
    (Any, "føremål", "formål"),
    (Any, "føretak", "foretak"),
    (Any, "førebygg", "forebygg"),
    (Any, "førebu", "forbered"),
    (Any, "handter", "håndter"),
    (Any, "handverk", "håndverk"),
    (Any, "handsam", "behandl"),
    (Any, "rekneskap", "regnskap"),
    (Any, "rekn", "regn"),
    (Any, "forsking", "forskning"),
    (Any, "samanlikn", "sammenlign"),
    (Any, "saman", "sammen"),
    (Any, "ynskj", "ønsk"),
    (Any, "ynskje", "ønske"),
    (Any, "rettlei", "veiled"),
    (Start, "leiing", "leding"),
    (Start, "leiar", "leder"),
    (End, "leiar", "leder"),
    (End, "leiarar", "ledere"),
    (Any, "medverk", "medvirk"),
    (Any, "påverk", "påvirk"),
    (Any, "verkemiddel", "virkemiddel"),
    (Any, "verkty", "verktøy"),
    (Any, "betre", "bedre"),
    (Any, "betring", "bedring"),
    (Start, "mogleg", "mulig"),
    (Start, "auke", "øke"),
    (Start, "auking", "øking"),
    (Any, "månad", "måned"),
    (Any, "attvinn", "gjenvinn"),
    (Start, "tidleg", "tidlig"),
    (Any, "offentleg", "offentlig"),
    (Any, "tilgjengeleg", "tilgjengelig"),
    (Any, "dagleg", "daglig"),
    (Any, "mykje", "mye"),
    (Any, "fleir", "fler"),
    // What a municipality does.
    (Any, "skule", "skole"),
    (Any, "skular", "skoler"),
    (Any, "heime", "hjemme"),
    (Any, "heim", "hjem"),
    (Any, "sjuk", "syk"),
    (Any, "sjuke", "syke"),
    (Any, "buande", "boende"),
    (Any, "bustad", "bolig"),
    (Any, "køyretøy", "kjøretøy"),
    (Any, "køyr", "kjør"),
    (Any, "høyring", "høring"),
    (Any, "høyrsel", "hørsel"),
    (Any, "reinhald", "renhold"),
    (Any, "reins", "rens"),
    (Any, "reingjer", "rengjør"),
    (Any, "vedlikehald", "vedlikehold"),
    (Any, "innhald", "innhold"),
    (Any, "hald", "hold"),
    (Any, "vass", "vann"),
    (Any, "vatn", "vann"),
    (Any, "avlaup", "avløp"),
    (Start, "veg", "vei"),
    (Start, "veget", "veget"),
    (End, "veg", "vei"),
    (End, "vegen", "veien"),
    (End, "vegar", "veier"),
    (End, "vegane", "veiene"),
    (End, "veger", "veier"),
    (Any, "ferje", "ferge"),
    (Any, "hamn", "havn"),
    (Any, "straum", "strøm"),
    (Any, "golv", "gulv"),
    (Any, "mjølk", "melk"),
    (Any, "kyrkj", "kirk"),
    (Any, "symje", "svømme"),
    (Any, "symj", "svømm"),
    (Start, "leike", "leke"),
    (Any, "eigedom", "eiendom"),
    (Any, "eigar", "eier"),
    (Any, "innbyggjar", "innbygger"),
    (Any, "byggj", "bygg"),
    (Any, "leggj", "legg"),
    (Any, "søkj", "søk"),
    (Any, "grønsak", "grønnsak"),
    (Start, "grøn", "grønn"),
    (Start, "grønn", "grønn"),
    (Any, "kvardag", "hverdag"),
    (Start, "kvile", "hvile"),
    (Start, "kvit", "hvit"),
    (Start, "born", "barn"),
    (Any, "arbeidsløyse", "arbeidsledighet"),
    (Any, "lærar", "lærer"),
    (Any, "tilsett", "ansatt"),
    (Any, "brukar", "bruker"),
    (Any, "naud", "nød"),
    (Any, "auge", "øye"),
    (Any, "øydelegg", "ødelegg"),
    (Start, "veke", "uke"),
    (Any, "noreg", "norge"),
    (Any, "noregs", "norges"),
    (End, "stad", "sted"),
    (End, "staden", "stedet"),
    (End, "stader", "steder"),
    (End, "gong", "gang"),
];

/// Words that say nothing about what is sought, in both standards and English, as [`normalise`] leaves them. English
/// words that are also Norwegian ones worth seeking (`by`, `men`, `over`) are missing on purpose.
pub(super) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.binary_search(&word).is_ok()
}

static STOP_WORDS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let mut words: Vec<_> =
        [BOKMAAL, NYNORSK, ENGLISH].iter().flat_map(|list| list.split_whitespace()).collect();
    words.sort_unstable();
    words.dedup();
    words
});

const BOKMAAL: &str = "og i jeg det at en et den til er som på de med han av ikke der så var meg seg men ett har om \
    vi min mitt ha hadde hun nå over da ved fra du ut sin dem oss opp man kan hans hvor eller hva skal selv sjøl her \
    alle vil bli ble blitt kunne inn når være kom noen noe ville dere som deres kun ja etter ned skulle denne for deg \
    si sine sitt mot å meget hvorfor dette disse uten hvordan ingen din ditt blir samme hvilken hvilke sånn inni \
    mellom vår hver hvem vors hvis både bare enn fordi før mange også slik vært være begge siden dit dog ennå mens \
    samt må bør hvilket får ikke gjennom under blant eget";
const NYNORSK: &str = "eg ein eit ei dei ikkje frå ho hennar hjå kva kvar kven kvifor korleis kor noko nokon nokre \
    vere vart verte vert vore hjå me dykk då dykkar no nett berre mellom desse eitt sitt si å ikkje skal gjennom òg \
    óg og så også kvart anna annan mi mitt sidan samstundes både anten altså difor";
const ENGLISH: &str = "the of and in is are was were with that this from or be been as it its has have which their \
    our we you how what who where when why does do did can will would should could an on into than then them they \
    your there these those not but if about between through during a to";
