//! What was learned, what it rests on, and the raw material.

use crate::{
    date::PartialDate,
    id::{DocumentId, ItemId},
    record::record,
    text::{Line, Text, Url},
    vocabulary::{LessonKind, Phase, Theme},
};

record! {
    /// One thing learned: what happened, why, and what to do about it.
    pub item Lesson {
        phase: Option<Phase> = "Fase", "Fase", "Phase it is from";
        theme: Option<Theme> = "Tema", "Tema", "Theme of the lesson";
        kind: Option<LessonKind> = "Type lærdom", "Type lærdom", "Kind of lesson";
        what: Text = "Hva skjedde", "Kva hende", "What happened";
        why: Text = "Hvorfor", "Kvifor", "Why it happened";
        advice: Text = "Råd til andre", "Råd til andre", "Advice to others";
        applies_when: Text = "Når rådet gjelder", "Når rådet gjeld", "When the advice applies";
        template_section: Option<SectionRef> = "Del av mal", "Del av mal", "Section of a template";
    }
}

record! {
    /// A section of a template that a lesson concerns.
    pub whole SectionRef {
        template: DocumentId = "Mal", "Mal", "Template record";
        section: ItemId = "Avsnitt", "Avsnitt", "Section in it";
    }
}

record! {
    /// Where a fact was read.
    pub item Source {
        title: Option<Line> = "Tittel", "Tittel", "Title of the source";
        url: Option<Url> = "Nettadresse", "Nettadresse", "Web address";
        read_on: Option<PartialDate> = "Lest", "Lese", "Read on";
    }
}

record! {
    /// A note from the work itself. It stays at home.
    pub item JournalEntry {
        date: Option<PartialDate> = "Dato", "Dato", "Date of the note";
        phase: Option<Phase> = "Fase", "Fase", "Phase it is from";
        text: Text = "Notat", "Notat", "Note in words";
    }
}
