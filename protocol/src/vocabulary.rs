//! Every list of codes, with its labels in bokmål, nynorsk and English.

mod case;
mod gain;
mod lesson;
mod procurement;
mod template;

pub use self::{
    case::{
        BuyerRole, ConfidenceLevel, DateName, DialogueKind, ExternalScheme, Funding, GainsStatusKind,
        JoiningKind, Licence, Provenance, ReviewState, SupplierRole,
    },
    gain::{GainBasis, GainCategory, GainMetric, GainPeriod, GainScope, GainUnit},
    lesson::{LessonKind, Theme},
    procurement::{
        ContractModel, CriterionType, EnvironmentalGoal, InnovationAspect, InnovationKind, IprModel,
        NotAwardedReason, Outcome, Phase, Procedure, Sector, SocialGoal,
    },
    template::{CollectionKind, ContractNature, OrganisationKind, PlaceholderType, ReuseKind, TemplateKind},
};
use serde_json::{Value, json};

use crate::{
    code::{Code, CodeList},
    cpv::Cpv,
    decimal::Currency,
    genesis::Kind,
    language::Language,
    record::About,
};

/// All lists of codes, by name.
pub const LISTS: &[&CodeList] = &[
    BuyerRole::LIST,
    CollectionKind::LIST,
    ConfidenceLevel::LIST,
    ContractModel::LIST,
    ContractNature::LIST,
    CriterionType::LIST,
    Currency::LIST,
    DateName::LIST,
    DialogueKind::LIST,
    EnvironmentalGoal::LIST,
    ExternalScheme::LIST,
    Funding::LIST,
    GainBasis::LIST,
    GainCategory::LIST,
    GainMetric::LIST,
    GainPeriod::LIST,
    GainScope::LIST,
    GainUnit::LIST,
    GainsStatusKind::LIST,
    InnovationAspect::LIST,
    InnovationKind::LIST,
    IprModel::LIST,
    JoiningKind::LIST,
    LessonKind::LIST,
    Licence::LIST,
    NotAwardedReason::LIST,
    OrganisationKind::LIST,
    Outcome::LIST,
    Phase::LIST,
    PlaceholderType::LIST,
    Procedure::LIST,
    Provenance::LIST,
    ReuseKind::LIST,
    ReviewState::LIST,
    Sector::LIST,
    SocialGoal::LIST,
    SupplierRole::LIST,
    TemplateKind::LIST,
    Theme::LIST,
];

/// Everything that people see instead of codes and names, in one language: lists of codes, fields by
/// kind, kinds, and the short procurement vocabulary.
pub fn describe(language: Language) -> Value {
    let codes = |list: &CodeList| -> Value {
        list.entries().map(|(code, labels)| json!({"code": code, "label": labels.get(language)})).collect()
    };
    json!({
        "lists": LISTS.iter().map(|list| json!({"name": list.name, "open": list.open, "codes": codes(list)})).collect::<Value>(),
        "kinds": Kind::ALL.map(|kind| json!({
            "kind": kind.code(),
            "label": kind.labels().get(language),
            "fields": fields(kind.about(), language),
        })),
        "cpv": Cpv::vocabulary()
            .map(|(code, labels)| json!({"code": code.to_string(), "label": labels.get(language)}))
            .collect::<Value>(),
    })
}

fn fields(about: &[About], language: Language) -> Value {
    let field = |field: &About| {
        let mut shown = json!({"name": field.name, "label": field.labels.get(language)});
        if let Some(list) = field.content.codes() {
            shown["codes"] = list.name.into();
        }
        if let Some(members) = field.content.members() {
            shown["fields"] = fields(members, language);
        }
        shown
    };
    about.iter().map(field).collect()
}
