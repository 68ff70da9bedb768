//! A collection: a curated list or learning path, kept by an association or a partner.

use crate::{
    id::DocumentId,
    language::{ByLang, Language},
    record::{Items, record},
    text::{Line, Text},
    vocabulary::CollectionKind,
};

record! {
    /// Cases and templates put together for someone to read.
    pub kind Collection(Collection, schema 1, language Some("content_lang")) {
        schema_version: Option<u64> = "Skjemaversjon", "Skjemaversjon", "Schema version";
        title: ByLang<Line> = "Tittel", "Tittel", "Title";
        intro: ByLang<Text> = "Innledning", "Innleiing", "Introduction";
        content_lang: Option<Language> = "Språk", "Språk", "Language";
        kind: Option<CollectionKind> = "Type samling", "Type samling", "Kind of collection";
        items: Items<CollectionItem> = "Innhold", "Innhald", "Contents";
    }
}

record! {
    /// One case or template of a collection.
    pub item CollectionItem {
        /// The record.
        subject: Option<DocumentId> = "Erfaring eller mal", "Erfaring eller mal", "Case or template";
        note: Text = "Hvorfor den er med", "Kvifor ho er med", "Why it is included";
    }
}
