//! A case: the lessons-learned record of one procurement, written from its first day to years after.

mod gain;
mod lesson;
mod procurement;

use std::collections::{BTreeMap, BTreeSet};

pub use self::{
    gain::Gain,
    lesson::{JournalEntry, Lesson, SectionRef, Source},
    procurement::{
        AwardCriterion, Buyer, Confidence, DialogueStep, ExternalId, GainsStatus, Joining, ProcessCost,
        Reusable, Review, Supplier,
    },
};
use crate::{
    cpv::Cpv,
    date::{Day, PartialDate},
    decimal::Money,
    id::DocumentId,
    language::{ByLang, Language},
    record::{Items, record},
    text::{Keyword, Line, Text},
    vocabulary::{
        ContractModel, DateName, EnvironmentalGoal, Funding, InnovationAspect, InnovationKind, IprModel,
        Licence, NotAwardedReason, Outcome, Phase, Procedure, Provenance, Sector, SocialGoal,
    },
};

record! {
    /// What an organisation learned from one procurement. Everything in it is asked for by name;
    /// what is absent is not known.
    ///
    /// Who keeps the record stands in the document's genesis, as do its co-owners; whose
    /// procurement it is stands in `buyers`.
    pub kind Case(Case, schema 1, language Some("content_lang")) {
        schema_version: Option<u64> = "Skjemaversjon", "Skjemaversjon", "Schema version";
        /// eForms BT-21.
        title: ByLang<Line> = "Tittel", "Tittel", "Title";
        /// eForms BT-24.
        summary: ByLang<Text> = "Sammendrag", "Samandrag", "Summary of the case";
        /// The languages whose summary was built from the need when the case was shared.
        summary_built: BTreeSet<Language> = "Sammendrag laget av behovet", "Samandrag laga av behovet", "Summary made from the need";
        /// The language of every text that stands without one.
        content_lang: Option<Language> = "Språk", "Språk", "Language";
        sector: BTreeSet<Sector> = "Fagområde", "Fagområde", "Sectors";
        /// eForms BT-262.
        cpv_main: Option<Cpv> = "CPV-kode", "CPV-kode", "Main CPV code";
        /// eForms BT-263.
        cpv_additional: BTreeSet<Cpv> = "Flere CPV-koder", "Fleire CPV-kodar", "Additional CPV codes";
        keywords: BTreeSet<Keyword> = "Stikkord", "Stikkord", "Key words";
        /// Often the owner's procurement; empty when a failure is told on someone's behalf.
        buyers: Items<Buyer> = "Hvem er med", "Kven er med", "Who takes part";
        provenance: Option<Provenance> = "Opphav", "Opphav", "Whose experience";
        /// Written for a demonstration: never counted together with real cases.
        demonstration: Option<bool> = "Til demonstrasjon", "Til demonstrasjon", "For demonstration";
        innovation_kind: Option<InnovationKind> = "Type anskaffelse", "Type innkjøp", "Kind of procurement";
        /// eForms BT-776.
        innovation_aspects: BTreeSet<InnovationAspect> = "Hva som er nytt", "Kva som er nytt", "What is new";
        /// eForms BT-774.
        environmental_goals: BTreeSet<EnvironmentalGoal> = "Miljømål", "Miljømål", "Environmental goals";
        /// eForms BT-775.
        social_goals: BTreeSet<SocialGoal> = "Sosiale mål", "Sosiale mål", "Social goals";
        phase: Option<Phase> = "Fase", "Fase", "Phase reached";
        outcome: Option<Outcome> = "Utfall", "Utfall", "How it ended";
        /// eForms BT-144.
        not_awarded_reason: Option<NotAwardedReason> = "Hvorfor ingen kontrakt", "Kvifor ingen kontrakt", "Why no contract";
        need: Text = "Behov", "Behov", "Need to be met";
        current_situation: Text = "Dagens situasjon", "Situasjonen i dag", "Present situation";
        users_affected: Text = "Hvem det gjelder", "Kven det gjeld", "Who is affected";
        /// Who decided, the mandate, leadership, how the work was organised.
        anchoring: Text = "Forankring og organisering", "Forankring og organisering", "Anchoring and organising";
        help_wanted: Text = "Dette vil vi gjerne ha hjelp til", "Dette vil vi gjerne ha hjelp til", "What we want help with";
        /// Joint demand before the notice is the strongest spread there is.
        joining: Option<Joining> = "Kan andre være med?", "Kan andre vere med?", "May others join?";
        market_dialogue: Items<DialogueStep> = "Markedsdialog", "Marknadsdialog", "Market dialogue";
        /// eForms BT-105.
        procedure: Option<Procedure> = "Fremgangsmåte", "Framgangsmåte", "Procedure used";
        procedure_why: Text = "Hvorfor denne fremgangsmåten", "Kvifor denne framgangsmåten", "Why this procedure";
        requirements_approach: Text = "Hvordan kravene ble stilt", "Korleis krava vart stilte", "How requirements were set";
        /// eForms BT-539 to BT-541.
        award_criteria: Items<AwardCriterion> = "Tildelingskriterier", "Tildelingskriterium", "Award criteria";
        contract_model: Option<ContractModel> = "Kontraktsform", "Kontraktsform", "Contract model";
        ipr_model: Option<IprModel> = "Rettigheter til resultatene", "Rettar til resultata", "Rights to the results";
        /// eForms BT-27.
        estimated_value: Option<Money> = "Anslått verdi", "Anslått verdi", "Estimated value";
        /// eForms BT-720.
        contract_value: Option<Money> = "Kontraktsverdi", "Kontraktsverdi", "Contract value";
        process_cost: Option<ProcessCost> = "Hva anskaffelsen selv kostet", "Kva innkjøpet sjølv kosta", "What the procurement itself took";
        /// eForms BT-759.
        tenders_received: Option<u64> = "Antall tilbud", "Talet på tilbod", "Tenders received";
        suppliers: Items<Supplier> = "Leverandører", "Leverandørar", "Suppliers and their roles";
        /// The suppliers' own words, agreed with them.
        supplier_view: Text = "Leverandørens syn", "Synet til leverandøren", "The supplier's view";
        dates: BTreeMap<DateName, PartialDate> = "Datoer", "Datoar", "Dates of the procurement";
        external_ids: Items<ExternalId> = "Andre steder den er kjent", "Andre stader ho er kjend", "Known elsewhere as";
        result: Text = "Resultat", "Resultat", "Result achieved";
        gains: Items<Gain> = "Gevinster", "Gevinstar", "Gains and effects";
        gains_status: Option<GainsStatus> = "Er gevinstene målt?", "Er gevinstane målte?", "Are gains measured?";
        lessons: Items<Lesson> = "Lærdommer", "Lærdomar", "Lessons learned";
        what_we_would_do_differently: Text = "Dette ville vi gjort annerledes", "Dette ville vi gjort annleis", "What we would do differently";
        reusable: Reusable = "Til gjenbruk", "Til gjenbruk", "For reuse";
        /// The records of the templates that were used.
        templates_used: BTreeSet<DocumentId> = "Maler som ble brukt", "Malar som vart brukte", "Templates that were used";
        /// The records of the cases that this one builds on.
        derived_from_cases: BTreeSet<DocumentId> = "Bygger på", "Byggjer på", "Builds on these cases";
        funding: BTreeSet<Funding> = "Finansiering", "Finansiering", "Funding sources";
        /// A `contact` record: never a person's name in the case's own history.
        contact: Option<DocumentId> = "Kontakt", "Kontakt", "Contact point";
        /// Nothing is shared before this day begins in Oslo.
        embargo_until: Option<Day> = "Deles ikke før", "Blir ikkje delt før", "Not shared before";
        review: Option<Review> = "Godkjenning", "Godkjenning", "Review and approval";
        /// NLOD-2.0 when absent.
        licence: Option<Licence> = "Lisens", "Lisens", "Licence for reuse";
        confidence: Option<Confidence> = "Hvor sikre opplysningene er", "Kor sikre opplysningane er", "How sure the facts are";
        sources: Items<Source> = "Kilder", "Kjelder", "Sources read";
        /// Raw material for lessons; never shared.
        journal: Items<JournalEntry> = "Dagbok (deles aldri)", "Dagbok (blir aldri delt)", "Journal (never shared)";
    }
}
