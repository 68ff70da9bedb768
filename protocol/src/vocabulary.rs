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
use crate::{
    code::{Code, CodeList},
    decimal::Currency,
};

/// All lists of codes, by name.
pub fn lists() -> [&'static CodeList; 39] {
    [
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
    ]
}
