//! A filled template: answers to a template, local to the organisation.

use std::collections::BTreeSet;

use crate::{
    id::{DocumentId, ItemId},
    language::{ByLang, Language},
    record::{Items, record},
    text::{Keyword, Line, Text},
};

record! {
    /// Answers to one version of a template. It never leaves the organisation: a live competition is
    /// confidential.
    pub kind Filled(Filled, schema 1, language Some("content_lang")) {
        schema_version: Option<u64> = "Skjemaversjon", "Skjemaversjon", "Schema version";
        title: ByLang<Line> = "Tittel", "Tittel", "Title";
        content_lang: Option<Language> = "Språk", "Språk", "Language";
        /// The record of the template.
        template: Option<DocumentId> = "Mal", "Mal", "Template it fills in";
        /// The version that was filled in.
        version: Option<u64> = "Versjon av malen", "Versjon av malen", "Version of the template";
        /// The record of the case it belongs to.
        case: Option<DocumentId> = "Hører til erfaringen", "Høyrer til erfaringa", "Case it belongs to";
        answers: Items<Answer> = "Svar", "Svar", "Answers given";
        /// What is done with sections, where it is not as in the template.
        sections: Items<FilledSection> = "Endrede avsnitt", "Endra avsnitt", "Sections changed";
        /// Sections whose condition does not hold and that stay out.
        left_out: BTreeSet<ItemId> = "Avsnitt som er utelatt", "Avsnitt som er utelatne", "Sections left out";
    }
}

record! {
    /// The answer at one place. Two offices that answer apart give two answers: both stand until one
    /// is taken away.
    pub item Answer {
        key: Option<Keyword> = "Nøkkel", "Nøkkel", "Key of the place";
        value: Text = "Svar", "Svar", "Answer in words";
    }
}

record! {
    /// A section in the organisation's own words.
    pub item FilledSection {
        section: Option<ItemId> = "Avsnitt i malen", "Avsnitt i malen", "Section of the template";
        /// The alternative that was chosen.
        variant: Option<ItemId> = "Valgt formulering", "Vald formulering", "Clause chosen";
        body: Text = "Egen tekst", "Eigen tekst", "Own text";
    }
}
