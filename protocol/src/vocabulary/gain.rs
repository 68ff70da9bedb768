//! How effects are told apart, so that only like is added to like.

use crate::code::codes;

codes! {
    /// What kind of effect it is.
    pub enum GainCategory = "gain_category" {
        Economic = "economic", "Økonomi", "Økonomi", "Economy";
        TimeProcess = "time_process", "Tid og arbeidsflyt", "Tid og arbeidsflyt", "Time and process";
        QualityUser = "quality_user", "Kvalitet og nytte for brukerne", "Kvalitet og nytte for brukarane", "Quality and user benefit";
        Environmental = "environmental", "Klima og miljø", "Klima og miljø", "Climate and environment";
        Social = "social", "Samfunn og inkludering", "Samfunn og inkludering", "Society and inclusion";
        JobsIndustry = "jobs_industry", "Arbeidsplasser og næring", "Arbeidsplassar og næring", "Jobs and industry";
        Competence = "competence", "Kompetanse", "Kompetanse", "Competence gained";
        OtherCategory = "other", "Annen gevinst", "Annan gevinst", "Another gain";
    }

    /// What a figure rests on. Totals add only the first two.
    pub enum GainBasis = "gain_basis" {
        Measured = "measured", "Målt", "Målt", "Measured effect";
        Reported = "reported", "Oppgitt, ikke etterprøvd", "Oppgitt, ikkje etterprøvd", "Reported, not verified";
        Estimated = "estimated", "Anslått", "Anslått", "Estimate";
        Expected = "expected", "Forventet", "Forventa", "Expected effect";
        Potential = "potential", "Mulig", "Mogleg", "Potential effect";
        Planned = "planned", "Planlagt", "Planlagt", "Planned effect";
        Unknown = "unknown", "Ukjent grunnlag", "Ukjent grunnlag", "Unknown basis";
    }

    /// Whose gain it is.
    pub enum GainScope = "gain_scope" {
        OwnOrg = "own_org", "Egen virksomhet", "Eiga verksemd", "Own organisation";
        Participants = "participants", "Alle som deltar", "Alle som deltek", "All who take part";
        Supplier = "supplier", "Leverandøren", "Leverandøren", "The supplier";
        NationalPotential = "national_potential", "Hele landet, om alle gjør det samme", "Heile landet, om alle gjer det same", "The whole country, if all did it";
        Unknown = "unknown", "Ukjent omfang", "Ukjent omfang", "Unknown scope";
    }

    /// What time a figure is for.
    pub enum GainPeriod = "gain_period" {
        OneOff = "one_off", "Engangsgevinst", "Eingongsgevinst", "Once";
        PerYear = "per_year", "Per år", "Per år", "Per year";
        ContractTotal = "contract_total", "Hele kontraktstiden", "Heile kontraktstida", "Whole contract";
    }
}

codes! {
    /// What is counted: these, or a key of one's own.
    pub open enum GainMetric = "gain_metric" {
        NokSaved = "nok_saved", "Sparte kroner", "Sparte kroner", "Money saved";
        NokAvoided = "nok_avoided", "Unngåtte kostnader", "Unngåtte kostnader", "Costs avoided";
        HoursFreed = "hours_freed", "Frigjorte timer", "Frigjorde timar", "Hours freed";
        FteFreed = "fte_freed", "Frigjorte årsverk", "Frigjorde årsverk", "Full-time equivalents freed";
        Co2eT = "co2e_t", "Sparte tonn CO₂-ekvivalenter", "Sparte tonn CO₂-ekvivalentar", "Tonnes of CO₂ equivalent saved";
        Kwh = "kwh", "Sparte kilowattimer", "Sparte kilowattimar", "Kilowatt-hours saved";
        DieselL = "diesel_l", "Spart diesel i liter", "Spart diesel i liter", "Litres of diesel saved";
        Users = "users", "Brukere som får nytte", "Brukarar som får nytte", "Users who benefit";
        Satisfaction = "satisfaction", "Tilfredshet", "Tilfredsheit", "Satisfaction of users";
        SupplierJobs = "supplier_jobs", "Arbeidsplasser hos leverandøren", "Arbeidsplassar hos leverandøren", "Jobs at the supplier";
        SupplierRevenue = "supplier_revenue", "Omsetning hos leverandøren", "Omsetnad hos leverandøren", "Supplier's revenue";
        Export = "export", "Eksport", "Eksport", "Exports";
    }

    /// What a figure is measured in: these, or a key of one's own.
    pub open enum GainUnit = "gain_unit" {
        Nok = "nok", "kroner", "kroner", "Norwegian kroner";
        Hours = "hours", "timer", "timar", "hours of work";
        Fte = "fte", "årsverk", "årsverk", "full-time equivalents";
        Tonnes = "tonnes", "tonn", "tonn", "metric tonnes";
        Kwh = "kwh", "kilowattimer", "kilowattimar", "kilowatt-hours";
        Litres = "litres", "liter", "liter", "litres (l)";
        Percent = "percent", "prosent", "prosent", "per cent";
        Persons = "persons", "personer", "personar", "people";
        Jobs = "jobs", "arbeidsplasser", "arbeidsplassar", "jobs created";
        Flats = "flats", "boliger", "bustader", "dwellings";
        Days = "days", "dager", "dagar", "working days";
        Points = "points", "poeng", "poeng", "points scored";
    }
}
