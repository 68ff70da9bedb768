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

impl Lesson {
    /// Whether somebody in this phase can still follow it: it is from the phase, or says no phase and its theme is
    /// decided there.
    pub fn concerns(&self, phase: &Phase) -> bool {
        match (&self.phase, &self.theme) {
            (Some(Phase::Unknown) | None, Some(theme)) => theme.phases().contains(phase),
            (Some(own), _) => own == phase,
            (None, None) => false,
        }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{case::Case, code::Code as _, record::Record as _};

    #[test]
    fn a_lesson_is_for_the_phase_it_is_from_else_for_those_in_which_its_theme_is_decided() {
        let lesson = |phase: Option<&str>, theme: Option<&str>| {
            let item =
                json!({"id": ItemId([1; 16]).to_string(), "phase": phase, "theme": theme, "what": "x"});
            Case::read(&json!({"lessons": [item]})).lessons[0].clone()
        };
        let early = lesson(None, Some("need_users"));
        assert!(early.concerns(&Phase::Need) && !early.concerns(&Phase::Contract));
        let late = lesson(Some("contract"), Some("need_users"));
        assert!(late.concerns(&Phase::Contract) && !late.concerns(&Phase::Need));
        assert!(lesson(Some("unknown"), Some("implementation")).concerns(&Phase::Realise));
        assert!(!lesson(None, None).concerns(&Phase::Need));
    }

    #[test]
    fn every_theme_is_decided_somewhere() {
        for code in Theme::LIST.codes {
            assert!(!Theme::from_code(code).phases().is_empty(), "{code}");
        }
    }
}
