//! What is procured, how, and how far it has come.

use crate::code::codes;

codes! {
    /// What part of a municipality's work it serves.
    pub enum Sector = "sector" {
        HealthCare = "health_care", "Helse og omsorg", "Helse og omsorg", "Health and care";
        Education = "education", "Barnehage og skole", "Barnehage og skule", "Kindergarten and school";
        BuildingProperty = "building_property", "Bygg og eiendom", "Bygg og eigedom", "Buildings and property";
        ConstructionTransport = "construction_transport", "Anlegg og samferdsel", "Anlegg og samferdsel", "Construction and transport";
        WaterWasteEnergy = "water_waste_energy", "Vann, avløp, avfall og energi", "Vatn, avløp, avfall og energi", "Water, waste and energy";
        ClimateEnv = "climate_env", "Klima og miljø", "Klima og miljø", "Climate and environment";
        IctDigital = "ict_digital", "IKT og digitalisering", "IKT og digitalisering", "ICT and digitalisation";
        WelfareSocial = "welfare_social", "Sosiale tjenester og velferd", "Sosiale tenester og velferd", "Social services and welfare";
        Culture = "culture", "Kultur, idrett og fritid", "Kultur, idrett og fritid", "Culture, sport and leisure";
        Emergency = "emergency", "Brann, redning og beredskap", "Brann, redning og beredskap", "Fire, rescue and preparedness";
        Planning = "planning", "Plan og byggesak", "Plan og byggjesak", "Planning and building permits";
        Admin = "admin", "Administrasjon og innkjøp", "Administrasjon og innkjøp", "Administration and procurement";
    }

    /// How a procurement stands to innovation.
    pub enum InnovationKind = "innovation_kind" {
        InnovationProcurement = "innovation_procurement", "Innovasjonsanskaffelse: noe nytt utvikles", "Innovasjonsinnkjøp: noko nytt blir utvikla", "Innovation procurement: something new is developed";
        InnovationFriendly = "innovation_friendly", "Innovasjonsvennlig anskaffelse", "Innovasjonsvenleg innkjøp", "Innovation-friendly procurement";
        InnovativeSolution = "innovative_solution", "Kjøp av en ny løsning på markedet", "Kjøp av ei ny løysing på marknaden", "Purchase of a new solution on the market";
        NeedBasedOrdinary = "need_based_ordinary", "Behovsbasert, ellers vanlig anskaffelse", "Behovsbasert, elles vanleg innkjøp", "Need-based, otherwise ordinary procurement";
        Undecided = "undecided", "Ikke avgjort ennå", "Ikkje avgjort enno", "Not decided yet";
    }

    /// In what way the procured is new (eForms BT-776). The last four are retired in eForms and read
    /// from older notices.
    pub enum InnovationAspect = "innovation_aspect" {
        MarNov = "mar-nov", "Nytt for markedet", "Nytt for marknaden", "New to the market";
        ProdInnov = "prod-innov", "Produktinnovasjon", "Produktinnovasjon", "Product innovation";
        ProcInnov = "proc-innov", "Prosessinnovasjon", "Prosessinnovasjon", "Process innovation";
        RdAct = "rd-act", "Forskning og utvikling inngår", "Forsking og utvikling inngår", "Research and development included";
        BuyEff = "buy-eff", "Gjør oppdragsgiverens arbeid mer effektivt (utgått)", "Gjer arbeidet til oppdragsgivaren meir effektivt (utgått)", "Makes the buyer's work more effective (retired)";
        FpRequ = "fp-requ", "Bygger på funksjons- og ytelseskrav (utgått)", "Byggjer på funksjons- og ytingskrav (utgått)", "Based on functional and performance requirements (retired)";
        OrgNov = "org-nov", "Nytt for virksomheten (utgått)", "Nytt for verksemda (utgått)", "New to the organisation (retired)";
        OtherAspect = "other", "Nytt på annen måte (utgått)", "Nytt på annan måte (utgått)", "New in another way (retired)";
    }

    /// What the procurement does for the environment (eForms BT-774).
    pub enum EnvironmentalGoal = "environmental_goal" {
        ClimMitig = "clim-mitig", "Lavere klimagassutslipp", "Lågare klimagassutslepp", "Climate change mitigation";
        ClimAdapt = "clim-adapt", "Klimatilpasning", "Klimatilpassing", "Climate change adaptation";
        CircEcon = "circ-econ", "Sirkulær økonomi", "Sirkulær økonomi", "Circular economy";
        PolluPrev = "pollu-prev", "Mindre forurensning", "Mindre forureining", "Pollution prevention";
        WaterMar = "water-mar", "Vern av vann og hav", "Vern av vatn og hav", "Protection of water and sea";
        BiodivPreserv = "biodiv-preserv", "Naturmangfold", "Naturmangfald", "Biodiversity";
        OtherGoal = "other", "Annet miljøhensyn", "Anna miljøomsyn", "Another environmental goal";
    }

    /// What the procurement does for people (eForms BT-775).
    pub enum SocialGoal = "social_goal" {
        AccAll = "acc-all", "Universell utforming", "Universell utforming", "Accessibility for all";
        EtEq = "et-eq", "Etnisk likestilling", "Etnisk likestilling", "Ethnic equality";
        GenEq = "gen-eq", "Likestilling mellom kjønnene", "Likestilling mellom kjønna", "Gender equality";
        HumRight = "hum-right", "Menneskerettigheter i leverandørkjeden", "Menneskerettar i leverandørkjeda", "Human rights in the supply chain";
        Opp = "opp", "Arbeid til utsatte grupper og lærlinger", "Arbeid til utsette grupper og lærlingar", "Employment of disadvantaged people and apprentices";
        WorkCond = "work-cond", "Lønns- og arbeidsvilkår", "Løns- og arbeidsvilkår", "Fair pay and working conditions";
        OtherGoal = "other", "Annet sosialt hensyn", "Anna sosialt omsyn", "Another social goal";
    }

    /// How far a procurement has come.
    pub enum Phase = "phase" {
        Need = "need", "Behov", "Behov", "Need identified";
        Organise = "organise", "Forankring og organisering", "Forankring og organisering", "Anchoring and organising";
        Dialogue = "dialogue", "Markedsdialog", "Marknadsdialog", "Market dialogue";
        Prepare = "prepare", "Utforming av konkurransen", "Utforming av konkurransen", "Preparing the competition";
        Competition = "competition", "Konkurranse", "Konkurranse", "Competition under way";
        Develop = "develop", "Utvikling og utprøving", "Utvikling og utprøving", "Development and testing";
        Contract = "contract", "Kontrakt", "Kontrakt", "Contract signed";
        Realise = "realise", "Innføring og gevinstrealisering", "Innføring og gevinstrealisering", "Taking into use";
        Evaluated = "evaluated", "Evaluert", "Evaluert", "Evaluated and closed";
        Unknown = "unknown", "Ukjent fase", "Ukjend fase", "Unknown phase";
    }

    /// How it ended.
    pub enum Outcome = "outcome" {
        Bought = "bought", "Kjøpt", "Kjøpt", "Solution bought";
        DevelopedNotBought = "developed_not_bought", "Utviklet, men ikke kjøpt", "Utvikla, men ikkje kjøpt", "Developed, but not bought";
        Cancelled = "cancelled", "Avlyst", "Avlyst", "Competition cancelled";
        AbandonedNeed = "abandoned_need", "Behovet ble lagt bort", "Behovet vart lagt bort", "Need abandoned";
        Ongoing = "ongoing", "Pågår", "Går føre seg", "Still going on";
    }

    /// Why nobody was awarded the contract (eForms BT-144).
    pub enum NotAwardedReason = "not_awarded_reason" {
        NoReceived = "no-rece", "Ingen tilbud kom inn", "Ingen tilbod kom inn", "No tenders were received";
        AllRejected = "all-rej", "Alle tilbud ble avvist", "Alle tilboda vart avviste", "All tenders were rejected";
        OneAdmissible = "one-admis", "Bare ett tilbud kunne antas", "Berre eitt tilbod kunne godtakast", "Only one tender was admissible";
        ChangedNeed = "chan-need", "Behovet endret seg", "Behovet endra seg", "The need changed";
        NoFunds = "ins-fund", "Manglende midler", "Manglande midlar", "Insufficient funds";
        TechnicalFault = "tch-pro-error", "Teknisk feil eller prosedyrefeil", "Teknisk feil eller prosedyrefeil", "Technical or procedural error";
        ReviewDecision = "rev-body", "Avgjørelse i klageorgan eller domstol", "Avgjerd i klageorgan eller domstol", "Decision by a review body or court";
        ReviewOwn = "rev-buyer", "Oppdragsgiver omgjorde etter klage", "Oppdragsgivaren gjorde om etter klage", "Decision by the buyer after a complaint";
        NotSigned = "no-signed", "Leverandøren ville ikke signere", "Leverandøren ville ikkje signere", "The winner did not sign";
        OtherReason = "other", "Annen grunn", "Annan grunn", "Another reason";
    }

    /// How the procurement is or was carried out (eForms BT-105, with Norwegian forms and those
    /// outside the procurement rules).
    pub enum Procedure = "procedure" {
        Open = "open", "Åpen anbudskonkurranse", "Open anbodskonkurranse", "Open procedure";
        Restricted = "restricted", "Begrenset anbudskonkurranse", "Avgrensa anbodskonkurranse", "Restricted procedure";
        Negotiated = "negotiated", "Konkurranse med forhandling", "Konkurranse med forhandling", "Competitive procedure with negotiation";
        NegotiatedNoNotice = "negotiated_no_notice", "Anskaffelse med forhandling uten kunngjøring", "Innkjøp med forhandling utan kunngjering", "Negotiated procedure without notice";
        Dialogue = "dialogue", "Konkurransepreget dialog", "Konkurranseprega dialog", "Competitive dialogue";
        InnovationPartnership = "innovation_partnership", "Innovasjonspartnerskap", "Innovasjonspartnarskap", "Innovation partnership";
        Direct = "direct", "Anskaffelse uten konkurranse", "Innkjøp utan konkurranse", "Award without competition";
        NationalOneStage = "national_one_stage", "Åpen tilbudskonkurranse (nasjonal)", "Open tilbodskonkurranse (nasjonal)", "National open competition";
        NationalTwoStage = "national_two_stage", "Begrenset tilbudskonkurranse (nasjonal)", "Avgrensa tilbodskonkurranse (nasjonal)", "National restricted competition";
        DirectSmall = "direct_small", "Direkteanskaffelse under terskelverdi", "Direkteinnkjøp under terskelverdi", "Direct purchase below threshold";
        Framework = "framework", "Konkurranse om rammeavtale", "Konkurranse om rammeavtale", "Framework agreement";
        FrameworkMini = "framework_mini", "Minikonkurranse på rammeavtale", "Minikonkurranse på rammeavtale", "Mini-competition under a framework";
        Dps = "dps", "Dynamisk innkjøpsordning", "Dynamisk innkjøpsordning", "Dynamic purchasing system";
        DesignContest = "design_contest", "Plan- og designkonkurranse", "Plan- og designkonkurranse", "Design contest";
        Pcp = "pcp", "Førkommersiell anskaffelse", "Førkommersielt innkjøp", "Pre-commercial procurement";
        Startoff = "startoff", "StartOff-løp", "StartOff-løp", "StartOff programme";
        InnovationContest = "innovation_contest", "Innovasjonskonkurranse", "Innovasjonskonkurranse", "Innovation contest";
        Sbir = "sbir", "SBIR-løp med små bedrifter", "SBIR-løp med små bedrifter", "Small business innovation research";
        TenderUnspecified = "tender_unspecified", "Anbudskonkurranse, form ikke oppgitt", "Anbodskonkurranse, form ikkje oppgitt", "Tender, kind not stated";
        OtherProcedure = "other", "Annen fremgangsmåte", "Annan framgangsmåte", "Another procedure";
        Unknown = "unknown", "Ukjent fremgangsmåte", "Ukjend framgangsmåte", "Unknown procedure";
    }

    /// What a tender is judged by (eForms BT-539).
    pub enum CriterionType = "criterion_type" {
        Price = "price", "Pris", "Pris", "Price of the tender";
        Cost = "cost", "Kostnad over levetiden", "Kostnad over levetida", "Life-cycle cost";
        Quality = "quality", "Kvalitet", "Kvalitet", "Quality offered";
        Environment = "environment", "Klima og miljø", "Klima og miljø", "Climate and environment";
    }

    /// The kind of contract.
    pub enum ContractModel = "contract_model" {
        Standard = "standard", "Standardkontrakt (NS, SSA og lignende)", "Standardkontrakt (NS, SSA og liknande)", "Standard contract (NS, SSA and the like)";
        Framework = "framework", "Rammeavtale", "Rammeavtale", "Framework agreement";
        InnovationPartnership = "innovation_partnership", "Kontrakt for innovasjonspartnerskap", "Kontrakt for innovasjonspartnarskap", "Innovation partnership contract";
        Development = "development", "Utviklingskontrakt", "Utviklingskontrakt", "Development contract";
        Performance = "performance", "Betaling etter ytelse eller effekt", "Betaling etter yting eller effekt", "Payment by performance or effect";
        Partnering = "partnering", "Samspillskontrakt", "Samspelskontrakt", "Partnering contract";
        Opp = "opp", "Offentlig-privat samarbeid (OPS)", "Offentleg-privat samarbeid (OPS)", "Public-private partnership";
        Service = "service", "Løsningen kjøpes som tjeneste", "Løysinga blir kjøpt som teneste", "Bought as a service";
        Lease = "lease", "Leie eller leasing", "Leige eller leasing", "Rent or lease";
        OtherModel = "other", "Annen kontraktsform", "Anna kontraktsform", "Another contract model";
        Unknown = "unknown", "Ukjent kontraktsform", "Ukjend kontraktsform", "Unknown contract model";
    }

    /// Who owns what is developed.
    pub enum IprModel = "ipr_model" {
        SupplierOwns = "supplier_owns", "Leverandøren eier resultatene", "Leverandøren eig resultata", "The supplier owns the results";
        SupplierOwnsBuyerUses = "supplier_owns_buyer_uses", "Leverandøren eier, oppdragsgiver har bruksrett", "Leverandøren eig, oppdragsgivaren har bruksrett", "The supplier owns, the buyer may use";
        PublicUse = "public_use", "Leverandøren eier, hele offentlig sektor har bruksrett", "Leverandøren eig, heile offentleg sektor har bruksrett", "The supplier owns, the public sector may use";
        Shared = "shared", "Delt eierskap", "Delt eigarskap", "Shared ownership";
        BuyerOwns = "buyer_owns", "Oppdragsgiver eier resultatene", "Oppdragsgivaren eig resultata", "The buyer owns the results";
        Royalty = "royalty", "Royalty eller rabatt til oppdragsgiver", "Royalty eller rabatt til oppdragsgivaren", "Royalty or discount to the buyer";
        OpenSource = "open_source", "Åpen kildekode eller fri lisens", "Open kjeldekode eller fri lisens", "Open source or free licence";
        OtherModel = "other", "Annen ordning for rettigheter", "Anna ordning for rettar", "Another arrangement of rights";
        Unknown = "unknown", "Ukjent ordning for rettigheter", "Ukjend ordning for rettar", "Unknown arrangement of rights";
    }
}
