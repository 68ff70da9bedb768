//! An organisation's public card.

use crate::{
    date::Day,
    id::DocumentId,
    language::Language,
    org_number::{MunicipalityNumber, OrgNumber},
    record::record,
    text::Line,
    vocabulary::OrganisationKind,
};

record! {
    /// What an organisation says of itself. Rights hang on its keys and its number, never on this.
    pub kind Organisation(Organisation, schema 1, language None) {
        schema_version: Option<u64> = "Skjemaversjon", "Skjemaversjon", "Schema version";
        org: Option<OrgNumber> = "Organisasjonsnummer", "Organisasjonsnummer", "Organisation number";
        name: Option<Line> = "Navn", "Namn", "Name of the organisation";
        kind: Option<OrganisationKind> = "Type virksomhet", "Type verksemd", "Kind of organisation";
        municipality: Option<Municipality> = "Kommunenummer", "Kommunenummer", "Municipality number";
        county: Option<Line> = "Fylke", "Fylke", "County it lies in";
        inhabitants: Option<u64> = "Innbyggere", "Innbyggjarar", "Number of inhabitants";
        language: Option<Language> = "Skriftspråk", "Skriftspråk", "Language it writes in";
        /// A `contact` record: what a case gets that names none.
        contact: Option<DocumentId> = "Vanlig kontakt", "Vanleg kontakt", "Default contact";
    }
}

record! {
    /// A municipality number, and the day at which it was right: they change at reforms.
    pub whole Municipality {
        number: MunicipalityNumber = "Nummer", "Nummer", "Municipality's number";
        vintage: Day = "Per dato", "Per dato", "Right as of";
    }
}
