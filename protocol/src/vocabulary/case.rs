//! Codes of a case beside the procurement itself.

use crate::code::codes;

codes! {
    /// Whose word a record is.
    pub enum Provenance = "provenance" {
        Own = "own", "Egen erfaring", "Eiga erfaring", "Own experience";
        OnBehalf = "on_behalf", "Skrevet på vegne av andre", "Skrive på vegner av andre", "Written on behalf of others";
        Imported = "imported", "Hentet fra et register", "Henta frå eit register", "Taken from a register";
    }

    /// What part a buyer has in a procurement.
    pub enum BuyerRole = "buyer_role" {
        Lead = "lead", "Leder anskaffelsen", "Leier innkjøpet", "Leads the procurement";
        Participant = "participant", "Deltar", "Deltek", "Takes part";
        Follower = "follower", "Følger med", "Følgjer med", "Follows it";
    }

    /// Whether others may join a procurement.
    pub enum JoiningKind = "joining_kind" {
        Yes = "yes", "Ja, andre kan være med", "Ja, andre kan vere med", "Yes, others may join";
        Option = "option", "Som opsjon i kontrakten", "Som opsjon i kontrakten", "As an option in the contract";
        No = "no", "Nei, ikke åpent for flere", "Nei, ikkje ope for fleire", "No, not open to others";
    }

    /// How the market was spoken with.
    pub enum DialogueKind = "dialogue_kind" {
        PriorNotice = "prior_notice", "Veiledende kunngjøring", "Rettleiande kunngjering", "Prior information notice";
        Conference = "conference", "Dialogkonferanse", "Dialogkonferanse", "Dialogue conference";
        OneToOne = "one_to_one", "En-til-en-møter", "Ein-til-ein-møte", "One-to-one meetings";
        WrittenInput = "written_input", "Skriftlige innspill", "Skriftlege innspel", "Written input from suppliers";
        DraftHearing = "draft_hearing", "Høring av utkast", "Høyring av utkast", "Hearing of drafts";
        SiteVisitTest = "site_visit_test", "Befaring eller utprøving", "Synfaring eller utprøving", "Site visit or test";
        Matchmaking = "matchmaking", "Kobling av leverandører", "Kopling av leverandørar", "Matchmaking of suppliers";
        UserWorkshop = "user_workshop", "Verksted med brukere", "Verkstad med brukarar", "Workshop with users";
    }

    /// What a supplier is in a contract.
    pub enum SupplierRole = "supplier_role" {
        Main = "main", "Hovedleverandør", "Hovudleverandør", "Main supplier";
        Subcontractor = "subcontractor", "Underleverandør", "Underleverandør", "Subcontracted supplier";
        ConsortiumMember = "consortium_member", "Deltaker i konsortium", "Deltakar i konsortium", "Member of a consortium";
        ResearchPartner = "research_partner", "Forskningspartner", "Forskingspartnar", "Partner in research";
        PrizeWinner = "prize_winner", "Premiert i konkurranse", "Premiert i konkurranse", "Winner of a prize";
        OtherRole = "other", "Annen rolle", "Anna rolle", "Another role";
    }

    /// What a date of a case marks.
    pub enum DateName = "date_name" {
        Need = "need", "Behovet meldt", "Behovet meldt", "Need raised";
        Dialogue = "dialogue", "Markedsdialog", "Marknadsdialog", "Market dialogue";
        Notice = "notice", "Kunngjort", "Kunngjort", "Notice published";
        Award = "award", "Tildelt", "Tildelt", "Contract awarded";
        Contract = "contract", "Kontrakt signert", "Kontrakt signert", "Contract signed";
        FirstUse = "first_use", "Tatt i bruk", "Teken i bruk", "Taken into use";
        Evaluated = "evaluated", "Evaluert", "Evaluert", "Evaluation finished";
        ExpectedNotice = "expected_notice", "Forventet kunngjøring", "Forventa kunngjering", "Notice expected";
    }

    /// Where else a procurement is known.
    pub enum ExternalScheme = "external_scheme" {
        Doffin = "doffin", "Doffin-kunngjøring", "Doffin-kunngjering", "Doffin notice";
        Ted = "ted", "TED-kunngjøring", "TED-kunngjering", "TED notice";
        Ocid = "ocid", "OCDS-nummer", "OCDS-nummer", "OCDS identifier";
        Kgv = "kgv", "Konkurransegjennomføringsverktøy", "Konkurransegjennomføringsverktøy", "Tendering system";
        Archive = "archive", "Sak i arkivet", "Sak i arkivet", "Case in the archive";
    }

    /// Whether gains have been found.
    pub enum GainsStatusKind = "gains_status" {
        NoneYet = "none_yet", "Ingen gevinster ennå", "Ingen gevinstar enno", "No gains yet";
        Measured = "measured", "Gevinstene er målt", "Gevinstane er målte", "Gains are measured";
        NotMeasured = "not_measured", "Gevinstene er ikke målt", "Gevinstane er ikkje målte", "Gains are not measured";
        Unknown = "unknown", "Ukjent om det er gevinster", "Ukjent om det er gevinstar", "Unknown whether there are gains";
    }

    /// How far the review of a record has come.
    pub enum ReviewState = "review_state" {
        Draft = "draft", "Utkast", "Utkast", "Being drafted";
        Ready = "ready", "Klar til godkjenning", "Klar til godkjenning", "Ready for approval";
        Approved = "approved", "Godkjent", "Godkjend", "Approved for sharing";
    }

    /// How sure the facts of a record are.
    pub enum ConfidenceLevel = "confidence_level" {
        High = "high", "Høy", "Høg", "Well documented";
        Medium = "medium", "Middels", "Middels", "Partly documented";
        Low = "low", "Lav", "Låg", "Poorly documented";
    }

    /// What others may do with a record.
    pub enum Licence = "licence" {
        Nlod2 = "NLOD-2.0", "Norsk lisens for offentlige data 2.0", "Norsk lisens for offentlege data 2.0", "Norwegian Licence for Open Government Data 2.0";
        CcBy4 = "CC-BY-4.0", "Creative Commons Navngivelse 4.0", "Creative Commons Namngiving 4.0", "Creative Commons Attribution 4.0";
        Cc0 = "CC0-1.0", "Creative Commons CC0 1.0, ingen vilkår", "Creative Commons CC0 1.0, ingen vilkår", "Creative Commons Zero 1.0";
    }
}

codes! {
    /// Who helped to pay.
    pub open enum Funding = "funding" {
        InnovationNorway = "innovation_norway", "Innovasjon Norge", "Innovasjon Noreg", "Innovation Norway";
        ResearchCouncil = "research_council", "Forskningsrådet", "Forskingsrådet", "Research Council of Norway";
        Enova = "enova", "Enova-støtte", "Enova-støtte", "Enova grant";
        Klimasats = "klimasats", "Klimasats-støtte", "Klimasats-støtte", "Klimasats grant";
        Husbanken = "husbanken", "Tilskudd fra Husbanken", "Tilskot frå Husbanken", "State Housing Bank grant";
        StateGovernor = "state_governor", "Skjønnsmidler fra statsforvalteren", "Skjønsmidlar frå statsforvaltaren", "County governor's discretionary funds";
        HealthDirectorate = "health_directorate", "Tilskudd fra Helsedirektoratet", "Tilskot frå Helsedirektoratet", "Directorate of Health grant";
        StartoffScheme = "startoff", "StartOff-ordningen", "StartOff-ordninga", "StartOff scheme";
        Eu = "eu", "EU-midler", "EU-midlar", "EU funding";
        Own = "own", "Egne midler", "Eigne midlar", "Own funds";
    }
}
