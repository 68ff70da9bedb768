//! Draws records for tests and simulations.

/// A small deterministic source of choices: the same seed draws the same record.
///
/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). It decides what test data look like; nothing
/// that must be secret or unique may come from it.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Starts at a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `limit` − 1.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.roll() % limit as u64) as usize
    }

    /// A word, with the letters and accents that cases are written in.
    pub fn word(&mut self) -> &'static str {
        const WORDS: [&str; 24] = [
            "behov",
            "Ønske",
            "løsning",
            "løysing",
            "anskaffelse",
            "innkjøp",
            "Bærum",
            "ærlig",
            "å",
            "og",
            "trygghetsalarm",
            "sjukeheim",
            "skole",
            "skule",
            "gravefri",
            "ventilasjon",
            "café",
            "naïve",
            "Čáhci",
            "𝓍",
            "emoji🙂",
            "needs",
            "leverandør",
            "leverandørdialogkonferanse",
        ];
        WORDS[self.below(WORDS.len())]
    }
}
