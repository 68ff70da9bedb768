//! The fields of the index, and a record as a document of it.

use tantivy::schema::{
    FAST, Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::{TantivyDocument, Term};

use super::entry::Entry;
use super::tokens::{GRAMS, STEMS};
use super::weights;

/// Raise it when fields of the index change their form or meaning. An index of another number cannot be read, and is
/// built anew.
pub(super) const FORMAT: &str = "praksis index of similar records 5, tantivy 0.27\n";

/// Raise it when other terms are made of a text: words, stop words, rules, grams, the weight of a title. An index of
/// another number is served, and its records are analysed anew meanwhile.
pub(super) const ANALYSIS: u64 = 1;

/// The code of a filter that holds or does not.
pub(super) const YES: &str = "yes";

/// CPV levels by digits: division, group, class, category; what comes deeper is too rare to compare by.
pub(super) const CPV_LEVELS: [usize; 4] = [2, 3, 4, 5];

/// Handles of the fields.
#[derive(Debug, Clone)]
pub(super) struct Fields {
    pub(super) schema: Schema,
    /// Owner and record: the key by which entries are replaced.
    pub(super) key: Field,
    /// Record id.
    pub(super) record: Field,
    /// The whole entry, JSON.
    pub(super) entry: Field,
    pub(super) stems: Field,
    pub(super) grams: Field,
    /// Filters, terms as [`filter_term`] writes them.
    pub(super) filter: Field,
    /// Columns read while ranking; text codes as [`code_number`].
    pub(super) key_number: Field,
    pub(super) version_number: Field,
    /// How it was analysed ([`super::compounds::Compounds::analysed`]).
    pub(super) analysed: Field,
    pub(super) cpv: Field,
    pub(super) phase: Field,
    pub(super) procedure: Field,
    pub(super) innovation_kind: Field,
    pub(super) value: Field,
    pub(super) measured: Field,
    pub(super) used_by: Field,
    pub(super) lesson_phase: Field,
}

/// Names of the columns, by which tantivy opens them.
pub(super) mod column {
    pub(in super::super) const KEY: &str = "key_number";
    pub(in super::super) const VERSION: &str = "version_number";
    pub(in super::super) const ANALYSED: &str = "analysed";
    pub(in super::super) const CPV: &str = "cpv";
    pub(in super::super) const PHASE: &str = "phase";
    pub(in super::super) const PROCEDURE: &str = "procedure";
    pub(in super::super) const INNOVATION_KIND: &str = "innovation_kind";
    pub(in super::super) const VALUE: &str = "value";
    pub(in super::super) const MEASURED: &str = "measured";
    pub(in super::super) const USED_BY: &str = "used_by";
    pub(in super::super) const LESSON_PHASE: &str = "lesson_phase";
}

impl Fields {
    pub(super) fn new() -> Self {
        let mut builder = Schema::builder();
        let analysed = |tokenizer: &str| {
            TextOptions::default().set_indexing_options(
                TextFieldIndexing::default()
                    .set_tokenizer(tokenizer)
                    .set_index_option(IndexRecordOption::WithFreqs),
            )
        };
        Self {
            key: builder.add_text_field("key", STRING),
            record: builder.add_text_field("record", STRING),
            entry: builder.add_bytes_field("entry", STORED),
            stems: builder.add_text_field("stems", analysed(STEMS)),
            grams: builder.add_text_field("grams", analysed(GRAMS)),
            filter: builder.add_text_field("filter", STRING),
            key_number: builder.add_u64_field(column::KEY, FAST),
            version_number: builder.add_u64_field(column::VERSION, FAST),
            analysed: builder.add_u64_field(column::ANALYSED, FAST),
            cpv: builder.add_u64_field(column::CPV, FAST),
            phase: builder.add_u64_field(column::PHASE, FAST),
            procedure: builder.add_u64_field(column::PROCEDURE, FAST),
            innovation_kind: builder.add_u64_field(column::INNOVATION_KIND, FAST),
            value: builder.add_i64_field(column::VALUE, FAST),
            measured: builder.add_bool_field(column::MEASURED, FAST),
            used_by: builder.add_u64_field(column::USED_BY, FAST),
            lesson_phase: builder.add_u64_field(column::LESSON_PHASE, FAST),
            schema: builder.build(),
        }
    }

    /// The term by which an entry is replaced.
    pub(super) fn key_term(&self, key: &str) -> Term {
        Term::from_field_text(self.key, key)
    }

    /// The term by which a record is found.
    pub(super) fn record_term(&self, record: &str) -> Term {
        Term::from_field_text(self.record, record)
    }

    /// The term of a filter, as `phase=need`.
    pub(super) fn filter_term(&self, name: &str, code: &str) -> Term {
        Term::from_field_text(self.filter, &format!("{name}={code}"))
    }

    /// An entry as a document, with the number of how it is analysed.
    pub(super) fn document(
        &self,
        entry: &Entry,
        analysed: u64,
    ) -> Result<TantivyDocument, serde_json::Error> {
        let mut document = TantivyDocument::default();
        document.add_text(self.key, entry.key());
        document.add_text(self.record, &entry.record);
        document.add_bytes(self.entry, &serde_json::to_vec(entry)?);
        for field in [self.stems, self.grams] {
            for title in entry.title.values() {
                // Written as often as it weighs: term frequency and length then agree, as in BM25F.
                for _ in 0..weights::TITLE {
                    document.add_text(field, title);
                }
            }
            for text in &entry.texts {
                document.add_text(field, &text.text);
            }
        }
        let mut filter = |name: &str, code: &str| document.add_text(self.filter, format!("{name}={code}"));
        filter("kind", &entry.kind);
        filter("lang", &entry.lang);
        filter("owner", &entry.owner_org);
        entry.phase.iter().for_each(|phase| filter("phase", phase));
        entry.sector.iter().for_each(|sector| filter("sector", sector));
        entry.procedure.iter().for_each(|procedure| filter("procedure", procedure));
        entry.county.iter().for_each(|county| filter("county", &county.to_lowercase()));
        entry.years.iter().for_each(|year| filter("year", &year.to_string()));
        if entry.has_measured_gains {
            filter("measured", YES);
        }
        if entry.failed {
            filter("failed", YES);
        }
        for prefix in cpv_prefixes(&entry.cpv) {
            filter("cpv", &prefix);
        }
        document.add_u64(self.key_number, code_number(&entry.key()));
        document.add_u64(self.version_number, version_number(&entry.version));
        document.add_u64(self.analysed, analysed);
        for cpv in entry.cpv.iter().filter_map(|cpv| cpv_number(cpv)) {
            document.add_u64(self.cpv, cpv);
        }
        let mut code = |field: Field, code: Option<&str>| {
            if let Some(code) = code {
                document.add_u64(field, code_number(code));
            }
        };
        code(self.phase, entry.phase.as_deref());
        code(self.procedure, entry.procedure.as_deref());
        code(self.innovation_kind, entry.innovation_kind.as_deref());
        for phase in entry.lessons.iter().flat_map(|lesson| lesson.phases()) {
            code(self.lesson_phase, Some(phase));
        }
        if let Some(value) = entry.value {
            document.add_i64(self.value, value);
        }
        document.add_bool(self.measured, entry.has_measured_gains);
        document.add_u64(self.used_by, u64::from(entry.used_by));
        Ok(document)
    }
}

/// Every beginning of the codes from two digits on, once each: what a CPV filter may ask for.
fn cpv_prefixes(codes: &[String]) -> std::collections::BTreeSet<String> {
    codes
        .iter()
        .filter(|code| cpv_number(code).is_some())
        .flat_map(|code| (2..=8).map(|n| code[..n].to_owned()))
        .collect()
}

/// Eight digits as a number; anything else is no CPV code.
pub(super) fn cpv_number(code: &str) -> Option<u64> {
    (code.len() == 8 && code.bytes().all(|byte| byte.is_ascii_digit())).then(|| code.parse().ok()).flatten()
}

/// A code as a number that columns can hold and compare (FNV-1a): codes are few, and a collision would cost a hit a
/// small weight, no more.
pub(super) fn code_number(code: &str) -> u64 {
    code.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The beginning of a digest.
pub(super) fn version_number(version: &[u8; 32]) -> u64 {
    version.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}
