//! The two analyses as tantivy tokenizers. Positions say only which word a token belongs to: nothing here asks for
//! phrases.

use std::ops::Range;
use std::sync::Arc;

use tantivy::tokenizer::{Token, TokenStream, Tokenizer, TokenizerManager};

use super::analysis::{Word, bounded, gram_ranges, stem, words};
use super::compounds::Compounds;

/// Name of the tokenizer that gives the stem of a word, and those of its parts.
pub(super) const STEMS: &str = "praksis_stems";
/// Name of the tokenizer that gives the 4-grams of each word.
pub(super) const GRAMS: &str = "praksis_grams";

/// Makes both tokenizers known to an index.
pub(super) fn register(tokenizers: &TokenizerManager, compounds: &Compounds) {
    tokenizers.register(STEMS, Analysis { cut: Cut::Stems(compounds.clone()) });
    tokenizers.register(GRAMS, Analysis { cut: Cut::Grams });
}

#[derive(Clone)]
struct Analysis {
    cut: Cut,
}

/// What becomes of a word.
#[derive(Clone)]
enum Cut {
    Stems(Compounds),
    Grams,
}

impl Tokenizer for Analysis {
    type TokenStream<'a> = Stream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Stream<'a> {
        Stream { cut: &self.cut, words: Box::new(words(text)), pieces: Pieces::None, token: Token::default() }
    }
}

struct Stream<'a> {
    cut: &'a Cut,
    words: Box<dyn Iterator<Item = Word<'a>> + 'a>,
    /// What is left of the word under way.
    pieces: Pieces,
    token: Token,
}

enum Pieces {
    None,
    /// The parts of a compound, and how many were given.
    Parts(Arc<[String]>, usize),
    /// A bounded word, and where it is cut.
    Grams(String, std::vec::IntoIter<Range<usize>>),
}

impl Stream<'_> {
    /// The next piece of the word under way into the token.
    fn piece(&mut self) -> bool {
        match &mut self.pieces {
            Pieces::None => return false,
            Pieces::Parts(parts, given) => {
                let Some(part) = parts.get(*given) else { return false };
                *given += 1;
                self.token.text.clone_from(part);
            }
            Pieces::Grams(bounded, ranges) => {
                let Some(range) = ranges.next() else { return false };
                self.token.text.clear();
                self.token.text.push_str(&bounded[range]);
            }
        }
        true
    }
}

impl TokenStream for Stream<'_> {
    fn advance(&mut self) -> bool {
        loop {
            if self.piece() {
                return true;
            }
            let Some(word) = self.words.next() else { return false };
            // A word's stem, parts and grams share one position.
            self.token.offset_from = word.range.start;
            self.token.offset_to = word.range.end;
            self.token.position = self.token.position.wrapping_add(1);
            match self.cut {
                Cut::Stems(compounds) => {
                    self.pieces = Pieces::Parts(compounds.parts(&word.norm), 0);
                    self.token.text = stem(&word.norm);
                    return true;
                }
                Cut::Grams => {
                    let bounded = bounded(&word.norm);
                    let ranges = gram_ranges(&bounded).collect::<Vec<_>>().into_iter();
                    self.pieces = Pieces::Grams(bounded, ranges);
                }
            }
        }
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
