//! A template: a procurement document that others can adapt, in sections.

use std::collections::BTreeSet;

use crate::{
    cpv::Cpv,
    date::Day,
    decimal::Amount,
    id::{DocumentId, ItemId},
    language::{ByLang, Language},
    record::{Expected, Items, Reader, record},
    text::{Keyword, Line, Text},
    vocabulary::{ContractNature, Licence, Phase, PlaceholderType, Procedure, Sector, TemplateKind},
};

/// How deep sections stand within sections.
pub const DEPTH_MAX: usize = 3;

record! {
    /// A procurement document that others can adapt. A published version is one share of the draft;
    /// a fork keeps the ids of the sections it took over.
    pub kind Template(Template, schema 1, language Some("language")) {
        schema_version: Option<u64> = "Skjemaversjon", "Skjemaversjon", "Schema version";
        title: ByLang<Line> = "Tittel", "Tittel", "Title";
        summary: ByLang<Text> = "Hva malen er til", "Kva malen er til", "What the template is for";
        kind: Option<TemplateKind> = "Type mal", "Type mal", "Kind of template";
        /// The language of the document itself.
        language: Option<Language> = "Språk", "Språk", "Language of the document";
        /// Counts the shares of the draft, from 1.
        version: Option<u64> = "Versjon", "Versjon", "Version number";
        version_note: Text = "Hva er nytt i versjonen", "Kva er nytt i versjonen", "What is new in the version";
        procedures: BTreeSet<Procedure> = "Fremgangsmåter den passer for", "Framgangsmåtar han passar for", "Procedures it suits";
        phase: Option<Phase> = "Fase", "Fase", "Phase it is used in";
        sector: BTreeSet<Sector> = "Fagområde", "Fagområde", "Sectors it suits";
        cpv: BTreeSet<Cpv> = "CPV-koder", "CPV-kodar", "CPV codes it suits";
        keywords: BTreeSet<Keyword> = "Stikkord", "Stikkord", "Key words";
        /// Sections of the law that it carries out.
        legal_refs: BTreeSet<Line> = "Lov og forskrift", "Lov og forskrift", "Legal references";
        valid_from: Option<Day> = "Gjelder fra", "Gjeld frå", "Valid from";
        valid_to: Option<Day> = "Gjelder til", "Gjeld til", "Valid until";
        adapted_from: Option<AdaptedFrom> = "Bygger på malen", "Byggjer på malen", "Adapted from";
        licence: Option<Licence> = "Lisens", "Lisens", "Licence for reuse";
        contact: Option<DocumentId> = "Kontakt", "Kontakt", "Contact point";
        /// In reading order, the sections within a section after it.
        sections: Items<Section> = "Avsnitt", "Avsnitt", "Sections";
    }
    rules sections_nest, drawn nest_sections
}

record! {
    /// The published version that a fork came from.
    pub whole AdaptedFrom {
        document: DocumentId = "Mal", "Mal", "Template it came from";
        version: u64 = "Versjon", "Versjon", "Version it came from";
    }
}

record! {
    /// A section. Its text may carry bold, italics, lists and links in Markdown; see [`Text`].
    pub item Section {
        /// The section that it stands in; none for one at the top.
        parent: Option<ItemId> = "Står under", "Står under", "Stands under";
        heading: Option<Line> = "Overskrift", "Overskrift", "Heading";
        body: Text = "Tekst", "Tekst", "Text of the section";
        /// For whoever fills it in; never exported.
        guidance: Text = "Veiledning", "Rettleiing", "Guidance for the writer";
        required: Option<bool> = "Må være med", "Må vere med", "Must be included";
        condition: Option<Condition> = "Tas med når", "Blir teken med når", "Included when";
        placeholders: Items<Placeholder> = "Felter som fylles ut", "Felt som skal fyllast ut", "Places to fill in";
        clause_variants: Items<ClauseVariant> = "Alternative formuleringer", "Alternative formuleringar", "Alternative clauses";
    }
}

record! {
    /// When a section belongs: all that is said must hold.
    pub whole Condition {
        procedures: BTreeSet<Procedure> = "Ved fremgangsmåtene", "Ved framgangsmåtane", "With these procedures";
        /// In kroner without value added tax.
        value_from: Option<Amount> = "Fra verdi", "Frå verdi", "From this value";
        /// In kroner without value added tax; the section belongs below it.
        value_below: Option<Amount> = "Under verdi", "Under verdi", "Below this value";
        nature: BTreeSet<ContractNature> = "For kontrakt om", "For kontrakt om", "For contracts on";
    }
}

record! {
    /// Something that is filled in: `{{key}}` in the text of its section.
    pub item Placeholder {
        key: Option<Keyword> = "Nøkkel", "Nøkkel", "Key in the text";
        label: Option<Line> = "Ledetekst", "Leietekst", "Label beside it";
        r#type: Option<PlaceholderType> = "Type felt", "Type felt", "Type of field";
        default: Text = "Forslag til svar", "Forslag til svar", "Default answer";
        help: Text = "Hjelp til utfylling", "Hjelp til utfylling", "Help with filling in";
        required: Option<bool> = "Må fylles ut", "Må fyllast ut", "Must be filled in";
        /// What may be chosen, for `choice` and `list`.
        choices: BTreeSet<Line> = "Valg", "Val", "Choices";
    }
}

record! {
    /// Another wording of a section.
    pub item ClauseVariant {
        label: Option<Line> = "Navn på alternativet", "Namn på alternativet", "Name of the alternative";
        text: Text = "Formulering", "Formulering", "Wording";
        guidance: Text = "Når den passer", "Når ho passar", "When it suits";
    }
}

/// A parent is a section before it, and no section stands deeper than [`DEPTH_MAX`].
fn sections_nest(template: &Template, at: &mut Reader) {
    let mut depths: Vec<(ItemId, usize)> = Vec::new();
    for (index, section) in template.sections.iter().enumerate() {
        let depth = match section.parent {
            None => Some(1),
            Some(parent) => depths.iter().find(|(id, _)| *id == parent).map(|(_, depth)| depth + 1),
        };
        let broken = match depth {
            Some(depth) if depth <= DEPTH_MAX => None,
            Some(_) => Some(Expected::ShallowSection),
            None => Some(Expected::SectionBefore),
        };
        if let Some(expected) = broken {
            let parent = section.parent.map(|id| id.to_string()).unwrap_or_default();
            at.inside_item("sections", index, section.id, |at| at.break_rule("parent", expected, &parent));
        }
        depths.push((section.id, depth.unwrap_or(1)));
    }
}

fn nest_sections(template: &mut Template) {
    let mut before: Option<(ItemId, usize)> = None;
    let nested = template.sections.iter().cloned().map(|mut section| {
        let parent = before.filter(|(_, depth)| section.parent.is_some() && *depth < DEPTH_MAX);
        section.parent = parent.map(|(id, _)| id);
        before = Some((section.id, parent.map_or(1, |(_, depth)| depth + 1)));
        section
    });
    template.sections = nested.collect();
}
