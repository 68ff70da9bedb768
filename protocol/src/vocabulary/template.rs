//! Codes of templates, responses, collections and organisations.

use crate::code::codes;

codes! {
    /// What document a template is for.
    pub enum TemplateKind = "template_kind" {
        NeedDescription = "need_description", "Behovsbeskrivelse", "Behovsskildring", "Need description";
        ProcurementStrategy = "procurement_strategy", "Anskaffelsesstrategi", "Innkjøpsstrategi", "Procurement strategy";
        DialogueInvitation = "dialogue_invitation", "Invitasjon til dialog", "Invitasjon til dialog", "Invitation to dialogue";
        ConferenceAgenda = "conference_agenda", "Program for dialogkonferanse", "Program for dialogkonferanse", "Agenda of a dialogue conference";
        OneToOneGuide = "one_to_one_guide", "Veileder for en-til-en-møter", "Rettleiar for ein-til-ein-møte", "Guide to one-to-one meetings";
        Rfi = "rfi", "Forespørsel om informasjon", "Førespurnad om informasjon", "Request for information";
        TenderDocuments = "tender_documents", "Konkurransegrunnlag", "Konkurransegrunnlag", "Tender documents";
        EvaluationMatrix = "evaluation_matrix", "Evalueringsmatrise", "Evalueringsmatrise", "Evaluation matrix";
        InnovationPartnershipTender = "innovation_partnership_tender", "Konkurransegrunnlag for innovasjonspartnerskap", "Konkurransegrunnlag for innovasjonspartnarskap", "Innovation partnership tender documents";
        InnovationPartnershipContract = "innovation_partnership_contract", "Kontrakt for innovasjonspartnerskap", "Kontrakt for innovasjonspartnarskap", "Innovation partnership contract";
        PcpInvitation = "pcp_invitation", "Invitasjon til førkommersiell anskaffelse", "Invitasjon til førkommersielt innkjøp", "Invitation to pre-commercial procurement";
        GainPlan = "gain_plan", "Gevinstplan", "Gevinstplan", "Plan for gains";
        JointAgreement = "joint_agreement", "Avtale om felles anskaffelse", "Avtale om felles innkjøp", "Joint procurement agreement";
        EvaluationReport = "evaluation_report", "Evalueringsrapport", "Evalueringsrapport", "Evaluation report";
    }

    /// What is filled in at a place.
    pub enum PlaceholderType = "placeholder_type" {
        Text = "text", "Tekst", "Tekst", "Free text";
        Date = "date", "Dato", "Dato", "A date";
        Amount = "amount", "Beløp", "Beløp", "An amount";
        Org = "org", "Virksomhet", "Verksemd", "An organisation";
        Cpv = "cpv", "CPV-kode", "CPV-kode", "A CPV code";
        Choice = "choice", "Valg", "Val", "One choice";
        List = "list", "Liste", "Liste", "A list";
    }

    /// What a contract is for (eForms BT-23).
    pub enum ContractNature = "contract_nature" {
        Works = "works", "Bygge- og anleggsarbeid", "Byggje- og anleggsarbeid", "Building works";
        Supplies = "supplies", "Varer", "Varer", "Goods";
        Services = "services", "Tjenester", "Tenester", "Services rendered";
    }

    /// What an organisation does with another's case or template.
    pub enum ReuseKind = "reuse_kind" {
        Considered = "considered", "Vurdert", "Vurdert", "Has been considered";
        Contacted = "contacted", "Tok kontakt", "Tok kontakt", "Got in touch";
        AdaptedDocuments = "adapted_documents", "Tilpasset dokumentene", "Tilpassa dokumenta", "Adapted the documents";
        Copied = "copied", "Gjorde det samme", "Gjorde det same", "Did the same";
        Adapted = "adapted", "Tilpasset løsningen", "Tilpassa løysinga", "Adapted the solution";
        Inspired = "inspired", "Ble inspirert", "Vart inspirert", "Was inspired";
        JoinedContract = "joined_contract", "Ble med på kontrakten", "Vart med på kontrakten", "Joined the contract";
        Rejected = "rejected", "Valgte det bort", "Valde det bort", "Decided against it";
    }

    /// How a collection is read.
    pub enum CollectionKind = "collection_kind" {
        List = "list", "Liste", "Liste", "A list";
        LearningPath = "learning_path", "Læringsløp", "Læringsløp", "Learning path";
    }

    /// What kind of organisation it is.
    pub enum OrganisationKind = "organisation_kind" {
        Municipality = "municipality", "Kommune", "Kommune", "Municipality (kommune)";
        County = "county", "Fylkeskommune", "Fylkeskommune", "County council";
        Intermunicipal = "intermunicipal", "Interkommunalt selskap", "Interkommunalt selskap", "Intermunicipal company";
        Association = "association", "Forening av kommuner", "Foreining av kommunar", "Association of municipalities";
        Agency = "agency", "Statlig etat", "Statleg etat", "State agency";
        Research = "research", "Forskningsinstitusjon", "Forskingsinstitusjon", "Research institution";
        CourseProvider = "course_provider", "Kurstilbyder", "Kurstilbydar", "Provider of courses";
        RegionalDriver = "regional_driver", "Regional pådriver", "Regional pådrivar", "Regional driver of innovation";
    }
}
