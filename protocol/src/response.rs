//! A response: another organisation's word on a case or a template.

use crate::{
    case::Gain,
    date::{Day, PartialDate},
    id::{DocumentId, ItemId},
    language::Language,
    record::{Items, record},
    text::Text,
    vocabulary::ReuseKind,
};

record! {
    /// All that one organisation says of one case or template. There is one such document for a
    /// subject and an organisation; two offices write into the same one.
    ///
    /// Answers to questions stand in the owner's response to its own case.
    pub kind Response(Response, schema 1, language Some("content_lang")) {
        schema_version: Option<u64> = "Skjemaversjon", "Skjemaversjon", "Schema version";
        /// The shared document that it is about.
        subject: Option<DocumentId> = "Gjelder", "Gjeld", "About which record";
        content_lang: Option<Language> = "Språk", "Språk", "Language";
        reuse: Items<ReuseStep> = "Gjenbruk", "Gjenbruk", "Steps of reuse";
        endorsement: Option<Endorsement> = "Anbefaling", "Tilråding", "Endorsed by us";
        questions: Items<Question> = "Spørsmål", "Spørsmål", "Questions asked";
        answers: Items<QuestionAnswer> = "Svar", "Svar", "Answers given";
        follow_ups: Items<FollowUp> = "Oppfølging", "Oppfølging", "Follow-ups";
    }
}

record! {
    /// One step on the way to using what another has done. Rejecting it, with the reason, is as good
    /// a step as another.
    pub item ReuseStep {
        kind: Option<ReuseKind> = "Hva vi gjorde", "Kva vi gjorde", "What we did";
        date: Option<PartialDate> = "Dato", "Dato", "Date of the step";
        why: Text = "Hvorfor", "Kvifor", "Why we did so";
        /// When it came into use here; absent until then.
        implemented: Option<PartialDate> = "Tatt i bruk", "Teken i bruk", "In use since";
        gains: Items<Gain> = "Gevinster", "Gevinstar", "Gains and effects";
    }
}

record! {
    /// That this is good and others should look at it.
    pub whole Endorsement {
        date: PartialDate = "Dato", "Dato", "Date given";
        why: Text = "Hvorfor", "Kvifor", "Why we recommend it";
    }
}

record! {
    /// Something we want to know.
    pub item Question {
        date: Option<PartialDate> = "Dato", "Dato", "Date asked";
        text: Text = "Spørsmål", "Spørsmål", "Question in words";
    }
}

record! {
    /// The answer to a question.
    pub item QuestionAnswer {
        /// The item of the question, in the asker's response.
        question: Option<ItemId> = "Spørsmålet", "Spørsmålet", "Question answered";
        /// The response in which it was asked.
        response: Option<DocumentId> = "Stilt i", "Stilt i", "Where it was asked";
        date: Option<PartialDate> = "Dato", "Dato", "Date answered";
        text: Text = "Svar", "Svar", "Answer in words";
    }
}

record! {
    /// How it went, 6, 12 or 24 months after first use.
    pub item FollowUp {
        /// Months after first use.
        months: Option<u64> = "Måneder etter oppstart", "Månader etter oppstart", "Months after first use";
        date: Option<PartialDate> = "Dato", "Dato", "Date written";
        still_in_use: Option<bool> = "Fremdeles i bruk", "Framleis i bruk", "Still in use";
        text: Text = "Hvordan det gikk", "Korleis det gjekk", "How it went";
        gains: Items<Gain> = "Gevinster", "Gevinstar", "Gains and effects";
    }
}

/// The months after first use at which an organisation is asked how it went.
pub const FOLLOW_UP_MONTHS: [u64; 3] = [6, 12, 24];

impl Response {
    /// The step that counts as use: the latest among copied, adapted, adapted_documents and
    /// joined_contract that is implemented. Spread counts only what is in use.
    pub fn used_by(&self) -> Option<&ReuseStep> {
        let in_use = self.reuse.iter().filter(|step| step.is_use() && step.implemented.is_some());
        // Of two that begin on one day the later in the list was written later.
        in_use.max_by_key(|step| step.implemented.or(step.date).map(PartialDate::first))
    }

    /// The months after first use for which a follow-up is due and not written, counted from the last
    /// day on which that may have been.
    pub fn follow_ups_due(&self, today: Day) -> Vec<u64> {
        let Some(since) = self.used_by().and_then(|step| step.implemented) else { return Vec::new() };
        FOLLOW_UP_MONTHS
            .into_iter()
            .filter(|months| since.last().months_later(*months) <= today)
            .filter(|months| self.follow_ups.iter().all(|done| done.months != Some(*months)))
            .collect()
    }
}

impl ReuseStep {
    /// Whether a step of this kind, once implemented, is use of what another has done.
    pub fn is_use(&self) -> bool {
        match self.kind {
            Some(
                ReuseKind::Copied
                | ReuseKind::Adapted
                | ReuseKind::AdaptedDocuments
                | ReuseKind::JoinedContract,
            ) => true,
            Some(
                ReuseKind::Considered
                | ReuseKind::Contacted
                | ReuseKind::Inspired
                | ReuseKind::Rejected
                | ReuseKind::Other(_),
            )
            | None => false,
        }
    }
}
