//! How many cases say the same.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Entry;
use crate::{case::Case, code::Code};

/// How many cases have each code of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// By code; one that no case has is absent.
    pub by: BTreeMap<String, usize>,
    /// Cases that say nothing. `unknown` is a code, and an answer.
    pub not_stated: usize,
}

impl Counts {
    /// Counts each case once under each code it has.
    pub(super) fn of<'a, C: Code, I: IntoIterator<Item = &'a C>>(
        cases: &[Entry<'a>],
        codes: impl Fn(&'a Case) -> I,
    ) -> Self {
        let mut counts = Self::default();
        for entry in cases {
            let mut codes = codes(entry.case).into_iter().peekable();
            counts.not_stated += usize::from(codes.peek().is_none());
            for code in codes {
                *counts.by.entry(code.code().to_owned()).or_default() += 1;
            }
        }
        counts
    }
}
