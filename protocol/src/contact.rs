//! A contact: whom to write to, apart from every case so that it can be destroyed alone.

use crate::{
    date::Day,
    record::record,
    text::{Line, Mailbox},
};

record! {
    /// A role and its mailbox; never a person.
    pub kind Contact(Contact, schema 1, language None) {
        schema_version: Option<u64> = "Skjemaversjon", "Skjemaversjon", "Schema version";
        role: Option<Line> = "Rolle", "Rolle", "Role to contact";
        mailbox: Option<Mailbox> = "E-postadresse", "E-postadresse", "E-mail address";
        phone: Option<Line> = "Telefon", "Telefon", "Telephone";
        valid_until: Option<Day> = "Gjelder til", "Gjeld til", "Valid until";
    }
}
