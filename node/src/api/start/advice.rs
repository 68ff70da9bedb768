//! What near cases have for somebody in a phase.

use std::collections::BTreeMap;

use praksis_protocol::{
    case::Joining,
    contact::Contact,
    engine::output::RecordRef,
    genesis::Kind,
    id::DocumentId,
    record::Record as _,
    vocabulary::{DateName, JoiningKind, Phase},
};
use serde_json::{Value, json};

use super::{Near, Object};
use crate::api::{Api, ApiError, directory::Names, lessons, list::heading, record};

/// Most lessons told: more than anybody reads, and each case has its say.
const LESSONS: usize = 20;

/// Where advice is taken from, and for whom.
pub(super) struct Advice<'a> {
    pub(super) api: &'a Api,
    pub(super) names: &'a Names,
    pub(super) lang: Option<&'a str>,
    pub(super) phase: &'a Phase,
}

impl Advice<'_> {
    /// Lessons that are of use in the phase before those that are for later, the nearest case's first.
    pub(super) fn lessons(&self, near: &[Near]) -> Vec<Object> {
        let told = |now: bool| {
            near.iter().flat_map(move |near| {
                let those = near.case.lessons.iter().filter(move |it| it.concerns(self.phase) == now);
                those.map(move |lesson| {
                    let mut item = lessons::item(self.names, &near.record, &near.view, self.lang, lesson);
                    item.insert("now".to_owned(), now.into());
                    item
                })
            })
        };
        told(true).chain(told(false)).take(LESSONS).collect()
    }

    /// Templates that were used, each with the cases that did.
    pub(super) async fn templates(&self, near: &[Near]) -> Result<Vec<Object>, ApiError> {
        let mut used: BTreeMap<DocumentId, Vec<DocumentId>> = BTreeMap::new();
        let mut order = Vec::new();
        for near in near {
            for template in &near.case.templates_used {
                let users = used.entry(*template).or_default();
                if users.is_empty() {
                    order.push(*template);
                }
                users.push(near.record.record);
            }
        }
        let mut told = Vec::new();
        for id in order {
            let Some((template, view)) = self.one(id, Kind::Template).await? else { continue };
            let mut item = heading(self.names, &template, &view, self.lang);
            item.insert("used_in".to_owned(), json!(used[&id]));
            told.push(item);
        }
        Ok(told)
    }

    /// Whom to ask: other organisations, each with the contacts of its cases.
    pub(super) async fn contacts(&self, near: &[Near]) -> Result<Vec<Value>, ApiError> {
        let mut asked = Vec::new();
        for near in near.iter().filter(|near| Some(near.record.owner) != self.names.own) {
            let key = (near.record.owner, near.case.contact);
            match asked.iter_mut().find(|(other, _)| *other == key) {
                Some((_, cases)) => cases,
                None => &mut asked.push_mut((key, Vec::new())).1,
            }
            .push(near.record.record);
        }
        let mut told = Vec::new();
        for ((owner, contact), cases) in asked {
            let mut item = json!({"owner": self.names.owner(owner)});
            if let Some(contact) = contact
                && let Some((_, view)) = self.one(contact, Kind::Contact).await?
            {
                let mut contact = Contact::read(&view).write();
                contact.shift_remove("schema_version");
                item["contact"] = contact.into();
            }
            item["cases"] = json!(cases);
            told.push(item);
        }
        Ok(told)
    }

    /// Who is about to buy the same: those first that others may join.
    pub(super) fn joining(&self, buying: &[Near]) -> Vec<Object> {
        let mut buying: Vec<&Near> = buying.iter().collect();
        buying.sort_by_key(|near| match &near.case.joining {
            Some(Joining { possible: JoiningKind::Yes | JoiningKind::Option, .. }) => 0,
            None => 1,
            Some(Joining { possible: JoiningKind::No | JoiningKind::Other(_), .. }) => 2,
        });
        let told = |near: &Near| {
            let mut item = heading(self.names, &near.record, &near.view, self.lang);
            if near.view["joining"].is_object() {
                item.insert("joining".to_owned(), near.view["joining"].clone());
            }
            if let Some(date) = near.case.dates.get(&DateName::ExpectedNotice) {
                item.insert("expected_notice".to_owned(), date.to_string().into());
            }
            item
        };
        buying.into_iter().map(told).collect()
    }

    /// A record of this kind, if it is here.
    async fn one(&self, id: DocumentId, kind: Kind) -> Result<Option<(RecordRef, Value)>, ApiError> {
        let found = record::find(self.api, &id.to_string()).await?;
        let Some(found) = found.into_iter().find(|record| record.kind == Some(kind)) else { return Ok(None) };
        let view = record::present_view(self.api, &found)?;
        Ok(view.map(|view| (found, view.record)))
    }
}
