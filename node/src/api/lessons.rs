//! Lessons across cases: what others learned about a theme, or can still be of use in a phase.

#![expect(unused_qualifications, reason = "written by the macro that describes the query")]

use std::{fmt, sync::Arc};

use axum::{Json, extract::State};
use praksis_protocol::{
    case::{Case, Lesson},
    code::Code,
    engine::output::RecordRef,
    genesis::Kind,
    id::{DocumentId, ItemId},
    record::{Item as _, Record as _},
    vocabulary::{LessonKind, Phase, Sector, Theme},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::IntoParams;

use super::{
    Api, ApiError,
    directory::{Names, PAGE},
    input::{Params, codes, cpv_beginnings, known_codes},
    list, record,
};

/// Items of a page when nobody says how many.
const LIMIT: usize = 50;
/// Most items of a page.
const LIMIT_MAX: usize = 500;
/// Most cases looked at for one page: a filter that few pass gives short pages, not slow ones.
const SCAN_MAX: usize = 10_000;

/// Which lessons. Codes separated by commas: one of them must hold.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LessonsQuery {
    /// Most items, 50 if absent, at most 500.
    limit: Option<usize>,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// Language in which titles are preferred.
    lang: Option<String>,
    /// Codes of themes.
    theme: Option<String>,
    /// Codes of phases: lessons from them, and those without a phase whose theme is decided in them.
    phase: Option<String>,
    /// Codes of kinds of lesson.
    kind: Option<String>,
    /// Codes of sectors, of the case.
    sector: Option<String>,
    /// Organisation numbers of owners.
    owner: Option<String>,
    /// CPV codes or their beginnings, of the case.
    cpv: Option<String>,
}

/// Lessons across cases, page by page
///
/// `{"items": [{"id", "title", "lang", "owner", "lesson"}], "next"}`: `id` and the rest are the case's. A page may be
/// short although there is more: `next` tells.
#[utoipa::path(get, path = "/api/v1/lessons", operation_id = "lessons", tag = "similar", params(LessonsQuery),
    responses((status = 200, description = "A page", body = Value)))]
pub(super) async fn list(
    State(api): State<Api>,
    Params(query): Params<LessonsQuery>,
) -> Result<Json<Value>, ApiError> {
    let mut page = Page {
        api: &api,
        names: api.directory.names(&api).await?,
        filter: Filter::of(&query)?,
        lang: query.lang.as_deref(),
        limit: query.limit.unwrap_or(LIMIT).clamp(1, LIMIT_MAX),
        items: Vec::new(),
        last: None,
    };
    let cursor = query.cursor.as_deref().map(Cursor::read).transpose()?;
    // A page that ended inside a case goes on there.
    if let Some(Cursor { case, lesson: Some(lesson) }) = cursor {
        for record in record::find(&api, &case.to_string()).await? {
            page.take(&record, Some(lesson))?;
        }
    }
    let (mut after, mut looked_at) = (cursor.map(|cursor| cursor.case), 0);
    loop {
        let (records, next) = record::page(&api, Some(Kind::Case), after, PAGE).await?;
        looked_at += records.len();
        for record in &records {
            page.take(record, None)?;
            if page.is_full() {
                return Ok(page.answer());
            }
        }
        after = next;
        page.last = after.map(|case| Cursor { case, lesson: None });
        if after.is_none() || looked_at >= SCAN_MAX {
            return Ok(page.answer());
        }
    }
}

/// A lesson with the case that it is from: `{"id", "title", "lang", "owner", "lesson"}`.
pub(super) fn item(
    names: &Names,
    record: &RecordRef,
    case: &Value,
    lang: Option<&str>,
    lesson: &Lesson,
) -> Map<String, Value> {
    let mut item = list::heading(names, record, case, lang);
    item.insert("lesson".to_owned(), lesson.write_item().into());
    item
}

/// A page that fills.
struct Page<'a> {
    api: &'a Api,
    names: Arc<Names>,
    filter: Filter,
    lang: Option<&'a str>,
    limit: usize,
    items: Vec<Value>,
    /// After what the next begins.
    last: Option<Cursor>,
}

impl Page<'_> {
    fn is_full(&self) -> bool {
        self.items.len() >= self.limit
    }

    /// Takes a case's lessons, those after one of them alone if it is named.
    fn take(&mut self, record: &RecordRef, after: Option<ItemId>) -> Result<(), ApiError> {
        if record.kind != Some(Kind::Case) || self.is_full() {
            return Ok(());
        }
        let Some(view) = record::present_view(self.api, record)? else { return Ok(()) };
        let case = Case::read(&view.record);
        if !self.filter.passes_case(&case, &self.names.org(record.owner).0) {
            return Ok(());
        }
        let seen = after.and_then(|after| case.lessons.iter().position(|lesson| lesson.id() == after));
        let rest = case.lessons.iter().skip(seen.map_or(0, |seen| seen + 1));
        for lesson in rest.filter(|lesson| self.filter.passes(lesson)).take(self.limit - self.items.len()) {
            self.last = Some(Cursor { case: record.record, lesson: Some(lesson.id()) });
            self.items.push(item(&self.names, record, &view.record, self.lang, lesson).into());
        }
        Ok(())
    }

    fn answer(self) -> Json<Value> {
        Json(json!({"items": self.items, "next": self.last.map(|last| last.to_string())}))
    }
}

/// Where a page ended: in a case, and after which of its lessons if not after all.
#[derive(Clone, Copy)]
struct Cursor {
    case: DocumentId,
    lesson: Option<ItemId>,
}

impl Cursor {
    fn read(text: &str) -> Result<Self, ApiError> {
        let wrong = || ApiError::Misuse("the cursor is not the next of a page".to_owned());
        let (case, lesson) = text.split_once('.').map_or((text, None), |(case, item)| (case, Some(item)));
        let lesson = lesson.map(str::parse).transpose().map_err(|_| wrong())?;
        Ok(Self { case: case.parse().map_err(|_| wrong())?, lesson })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.case)?;
        self.lesson.map_or(Ok(()), |lesson| write!(f, ".{lesson}"))
    }
}

struct Filter {
    theme: Vec<String>,
    phase: Vec<Phase>,
    kind: Vec<String>,
    sector: Vec<String>,
    owner: Vec<String>,
    cpv: Vec<String>,
}

impl Filter {
    fn of(query: &LessonsQuery) -> Result<Self, ApiError> {
        let phase = known_codes("phase", query.phase.as_deref(), Phase::LIST)?;
        Ok(Self {
            theme: known_codes("theme", query.theme.as_deref(), Theme::LIST)?,
            phase: phase.iter().map(|code| Phase::from_code(code)).collect(),
            kind: known_codes("kind", query.kind.as_deref(), LessonKind::LIST)?,
            sector: known_codes("sector", query.sector.as_deref(), Sector::LIST)?,
            owner: codes(query.owner.as_deref()),
            cpv: cpv_beginnings(query.cpv.as_deref())?,
        })
    }

    fn passes_case(&self, case: &Case, owner: &str) -> bool {
        let sectors =
            || case.sector.iter().any(|sector| self.sector.iter().any(|code| code == sector.code()));
        let of_cpv = || {
            let mut all = case.cpv_main.iter().chain(&case.cpv_additional).map(ToString::to_string);
            all.any(|code| self.cpv.iter().any(|beginning| code.starts_with(beginning)))
        };
        (self.sector.is_empty() || sectors())
            && (self.cpv.is_empty() || of_cpv())
            && (self.owner.is_empty() || self.owner.iter().any(|number| number == owner))
    }

    fn passes(&self, lesson: &Lesson) -> bool {
        let is = |codes: &[String], code: Option<&str>| {
            codes.is_empty() || code.is_some_and(|code| codes.iter().any(|known| known == code))
        };
        is(&self.theme, lesson.theme.as_ref().map(Code::code))
            && is(&self.kind, lesson.kind.as_ref().map(Code::code))
            && (self.phase.is_empty() || self.phase.iter().any(|phase| lesson.concerns(phase)))
    }
}
