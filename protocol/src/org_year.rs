//! What an organisation procured in a year: the denominator of every share.

use crate::{
    decimal::{Amount, Percent, Year},
    org_number::OrgNumber,
    record::record,
    text::Line,
};

record! {
    /// One organisation's totals of one year. An organisation without one is listed as missing,
    /// never counted as zero.
    pub kind OrgYear(OrgYear, schema 1, language None) {
        schema_version: Option<u64> = "Skjemaversjon", "Skjemaversjon", "Schema version";
        org: Option<OrgNumber> = "Organisasjonsnummer", "Organisasjonsnummer", "Organisation number";
        year: Option<Year> = "År", "År", "Calendar year";
        /// Without value added tax.
        procurement_total_nok: Option<Amount> = "Samlede innkjøp i kroner", "Samla innkjøp i kroner", "Total procurement in kroner";
        notices_total: Option<u64> = "Antall kunngjøringer", "Talet på kunngjeringar", "Number of notices";
        /// Innovative procurement as a share of all, as the organisation itself aims for.
        ioa_target_percent: Option<Percent> = "Eget mål for innovative anskaffelser i prosent", "Eige mål for innovative innkjøp i prosent", "Own target for innovative procurement in per cent";
        source: Option<Line> = "Kilde", "Kjelde", "Source of the figures";
    }
}
