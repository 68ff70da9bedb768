//! The two analyses as tantivy tokenizers. Positions are not kept: nothing here asks for phrases.

use std::ops::Range;

use tantivy::tokenizer::{Token, TokenStream, Tokenizer, TokenizerManager};

use super::analysis::{Word, bounded, gram_ranges, stem, words};

/// Name of the tokenizer that gives one stem a word.
pub(super) const STEMS: &str = "praksis_stems";
/// Name of the tokenizer that gives the 4-grams of each word.
pub(super) const GRAMS: &str = "praksis_grams";

/// Makes both tokenizers known to an index.
pub(super) fn register(tokenizers: &TokenizerManager) {
    tokenizers.register(STEMS, Stems);
    tokenizers.register(GRAMS, Grams);
}

#[derive(Clone)]
struct Stems;

#[derive(Clone)]
struct Grams;

impl Tokenizer for Stems {
    type TokenStream<'a> = StemStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> StemStream<'a> {
        StemStream { words: Box::new(words(text)), token: Token::default() }
    }
}

impl Tokenizer for Grams {
    type TokenStream<'a> = GramStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> GramStream<'a> {
        GramStream {
            words: Box::new(words(text)),
            bounded: String::new(),
            grams: Vec::new().into_iter(),
            token: Token::default(),
        }
    }
}

struct StemStream<'a> {
    words: Box<dyn Iterator<Item = Word<'a>> + 'a>,
    token: Token,
}

impl TokenStream for StemStream<'_> {
    fn advance(&mut self) -> bool {
        let Some(word) = self.words.next() else { return false };
        self.token.text = stem(&word.norm);
        next_place(&mut self.token, &word.range);
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

struct GramStream<'a> {
    words: Box<dyn Iterator<Item = Word<'a>> + 'a>,
    /// The word being cut.
    bounded: String,
    grams: std::vec::IntoIter<Range<usize>>,
    token: Token,
}

impl TokenStream for GramStream<'_> {
    fn advance(&mut self) -> bool {
        loop {
            if let Some(gram) = self.grams.next() {
                self.token.text.clear();
                self.token.text.push_str(&self.bounded[gram]);
                return true;
            }
            let Some(word) = self.words.next() else { return false };
            self.bounded = bounded(&word.norm);
            self.grams = gram_ranges(&self.bounded).collect::<Vec<_>>().into_iter();
            next_place(&mut self.token, &word.range);
        }
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

/// A word's stem and all its grams share one position.
fn next_place(token: &mut Token, range: &Range<usize>) {
    token.offset_from = range.start;
    token.offset_to = range.end;
    token.position = token.position.wrapping_add(1);
}
