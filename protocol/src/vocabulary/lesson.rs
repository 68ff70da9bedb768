//! What lessons are about.

use super::Phase;
use crate::code::codes;

codes! {
    /// What a lesson is about.
    pub enum Theme = "lesson_theme" {
        Leadership = "leadership", "Ledelse og forankring", "Leiing og forankring", "Leadership and anchoring";
        NeedUsers = "need_users", "Behov og brukere", "Behov og brukarar", "Needs and users";
        MarketDialogue = "market_dialogue", "Dialog med markedet", "Dialog med marknaden", "Dialogue with the market";
        FunctionalRequirements = "functional_requirements", "Funksjonskrav", "Funksjonskrav", "Functional requirements";
        AwardCriteria = "award_criteria", "Tildelingskriterier", "Tildelingskriterium", "Award criteria";
        ProcedureChoice = "procedure_choice", "Valg av fremgangsmåte", "Val av framgangsmåte", "Choice of procedure";
        ContractIpr = "contract_ipr", "Kontrakt og rettigheter", "Kontrakt og rettar", "Contract and rights";
        Risk = "risk", "Risiko", "Risiko", "Risk handling";
        Cooperation = "cooperation", "Samarbeid med andre", "Samarbeid med andre", "Working with others";
        Implementation = "implementation", "Innføring og drift", "Innføring og drift", "Implementation and operation";
        GainsMeasuring = "gains_measuring", "Måling av gevinster", "Måling av gevinstar", "Measuring gains";
        SupplierSme = "supplier_sme", "Leverandører og små bedrifter", "Leverandørar og små bedrifter", "Suppliers and small businesses";
        PrivacySecurity = "privacy_security", "Personvern og sikkerhet", "Personvern og tryggleik", "Privacy and security";
        Climate = "climate", "Klima og miljø", "Klima og miljø", "Climate and environment";
        TimeResources = "time_resources", "Tid og ressurser", "Tid og ressursar", "Time and resources";
        LegalComplaint = "legal_complaint", "Regelverk og klager", "Regelverk og klager", "Rules and complaints";
    }

    /// What kind of lesson it is.
    pub enum LessonKind = "lesson_kind" {
        Success = "success", "Dette gikk bra", "Dette gjekk bra", "This went well";
        Problem = "problem", "Dette var vanskelig", "Dette var vanskeleg", "This was a problem";
        Idea = "idea", "Idé til neste gang", "Idé til neste gong", "An idea for next time";
        Warning = "warning", "Advarsel", "Åtvaring", "A warning";
    }
}

impl Theme {
    /// The phases in which what the theme is about is decided, so that advice on it can still be followed. Our own
    /// reading of how a procurement goes; a theme of a newer version is decided nowhere that we know.
    pub fn phases(&self) -> &'static [Phase] {
        match self {
            Self::Leadership | Self::Cooperation | Self::TimeResources => &[Phase::Need, Phase::Organise],
            Self::NeedUsers => &[Phase::Need, Phase::Dialogue],
            // A need that is written as a solution has decided already.
            Self::FunctionalRequirements | Self::Climate => &[Phase::Need, Phase::Prepare],
            // What nobody measured before cannot be compared with afterwards.
            Self::GainsMeasuring => &[Phase::Need, Phase::Realise, Phase::Evaluated],
            Self::MarketDialogue => &[Phase::Organise, Phase::Dialogue],
            Self::SupplierSme => &[Phase::Dialogue, Phase::Prepare],
            Self::ProcedureChoice => &[Phase::Dialogue, Phase::Prepare],
            Self::Risk => &[Phase::Organise, Phase::Prepare, Phase::Develop],
            Self::PrivacySecurity => &[Phase::Prepare, Phase::Develop],
            Self::AwardCriteria | Self::LegalComplaint => &[Phase::Prepare, Phase::Competition],
            Self::ContractIpr => &[Phase::Prepare, Phase::Contract],
            Self::Implementation => &[Phase::Contract, Phase::Realise],
            Self::Other(_) => &[],
        }
    }
}
