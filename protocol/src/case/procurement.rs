//! Who buys from whom, how, and what is known of it.

use crate::{
    date::PartialDate,
    decimal::{Money, Percent},
    org_number::OrgNumber,
    record::record,
    text::{Line, Text},
    vocabulary::{
        BuyerRole, ConfidenceLevel, CriterionType, DialogueKind, ExternalScheme, GainsStatusKind,
        JoiningKind, ReviewState, SupplierRole,
    },
};

record! {
    /// An organisation whose procurement it is.
    pub item Buyer {
        org: Option<OrgNumber> = "Organisasjonsnummer", "Organisasjonsnummer", "Organisation number";
        name: Option<Line> = "Navn", "Namn", "Name of the buyer";
        role: Option<BuyerRole> = "Rolle", "Rolle", "Role in the procurement";
    }
}

record! {
    /// Whether and how others may join.
    pub whole Joining {
        possible: JoiningKind = "Mulig", "Mogleg", "Possible to join";
        until: Option<PartialDate> = "Frist", "Frist", "Until when";
        how: Text = "Hvordan", "Korleis", "How to join";
    }
}

record! {
    /// One way in which the market was spoken with.
    pub item DialogueStep {
        kind: Option<DialogueKind> = "Form", "Form", "Kind of dialogue";
        date: Option<PartialDate> = "Dato", "Dato", "Date held";
        invited: Option<u64> = "Inviterte", "Inviterte", "Number invited";
        attended: Option<u64> = "Deltok", "Deltok", "Number attending";
        /// A notice or a page where it is described.
        reference: Option<Line> = "Henvisning", "Tilvising", "Reference to a notice";
        summary: Text = "Hva kom frem", "Kva kom fram", "What came out of it";
    }
}

record! {
    /// What a tender is judged by.
    pub item AwardCriterion {
        /// eForms BT-539.
        r#type: Option<CriterionType> = "Type kriterium", "Type kriterium", "Kind of criterion";
        name: Option<Line> = "Navn", "Namn", "Name of the criterion";
        /// In percent.
        weight: Option<Percent> = "Vekt i prosent", "Vekt i prosent", "Weight in per cent";
        text: Text = "Beskrivelse", "Skildring", "Description in words";
    }
}

record! {
    /// What the procurement itself took.
    pub whole ProcessCost {
        hours: Option<u64> = "Egne timer", "Eigne timar", "Own hours";
        external_cost: Option<Money> = "Innleid hjelp", "Innleigd hjelp", "External cost";
    }
}

record! {
    /// Who delivered.
    pub item Supplier {
        name: Option<Line> = "Navn", "Namn", "Name of the supplier";
        org: Option<OrgNumber> = "Organisasjonsnummer", "Organisasjonsnummer", "Organisation number";
        role: Option<SupplierRole> = "Rolle", "Rolle", "Role of the supplier";
        sme: Option<bool> = "Liten eller mellomstor bedrift", "Lita eller mellomstor bedrift", "Small or medium-sized";
        startup: Option<bool> = "Oppstartsbedrift", "Oppstartsbedrift", "Start-up company";
    }
}

record! {
    /// The name of a procurement in another register.
    pub item ExternalId {
        scheme: Option<ExternalScheme> = "Register", "Register", "Register it is in";
        /// The item has an `id` of its own: this is the number in the register.
        value: Option<Line> = "Nummer", "Nummer", "Number in the register";
    }
}

record! {
    /// Whether gains have been found, and why not.
    pub whole GainsStatus {
        status: GainsStatusKind = "Status", "Status", "Status of gains";
        why: Text = "Begrunnelse", "Grunngjeving", "Why it is so";
    }
}

record! {
    /// What others may take over.
    pub group Reusable {
        documents_free: Option<bool> = "Dokumentene kan brukes fritt", "Dokumenta kan brukast fritt", "Documents may be used freely";
        advice: Text = "Råd til den som vil bruke dem", "Råd til den som vil bruke dei", "Advice to those who reuse them";
    }
}

record! {
    /// How far the review of a record has come, by role and never by name.
    pub whole Review {
        state: ReviewState = "Status", "Status", "State of review";
        role: Option<Line> = "Rolle", "Rolle", "Role of the reviewer";
        date: Option<PartialDate> = "Dato", "Dato", "Date of review";
    }
}

record! {
    /// How sure the facts of a record are.
    pub whole Confidence {
        level: ConfidenceLevel = "Nivå", "Nivå", "Level of confidence";
        note: Text = "Merknad", "Merknad", "Note on it";
    }
}
