//! Reading a bundle, a piece at a time: the next one once the one before is durable.
//!
//! How far a bundle was read is remembered by its first checksum, up to the first piece that may bring more another
//! time. What waits is in memory only, so a later reading begins there again and nothing is lost.

use std::collections::BTreeMap;

use praksis_protocol::{
    engine::{
        Command, Memory,
        bundles::{Carried, Carry},
    },
    id::{BASE32, NetworkId},
    store::Read as _,
    wire::bundle::{Checksum, Header, Piece},
};
use serde_json::{Map, Value, json};

use super::{Api, ApiError, BundleError, Chunks, carry, record, refused};
use crate::{
    api::progress::Progress,
    bundle::{Reader, Sealed},
};

/// Bundles whose reading is remembered; the first by name make room.
const REMEMBERED: usize = 16;
/// Under which name.
const MEMORY: &str = "bundle/";

/// What a reading has come to.
struct Reading {
    api: Api,
    header: Header,
    memory: Name,
    /// The piece that an earlier reading had come to.
    until: Option<Mark>,
    /// Whether nothing that came before is worth another reading.
    settled: bool,
    done: u64,
    new: usize,
    waiting: usize,
    skipped: u64,
}

/// Under which name it is remembered how far a bundle was read.
struct Name(String);

/// A piece, by its number and checksum.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Mark(u64, Checksum);

pub(super) async fn run(api: Api, mut body: Chunks, progress: Progress) -> Result<Value, ApiError> {
    let result = read(api, &mut body, &progress).await;
    if result.is_err() {
        body.drain().await;
    }
    result
}

async fn read(api: Api, body: &mut Chunks, progress: &Progress) -> Result<Value, ApiError> {
    let before = api.status().await?.refused;
    let (mut reader, mut reading, mut complete) = (Reader::default(), None::<Reading>, false);
    while let Some(bytes) = body.next().await? {
        reader.push(&bytes);
        while let Some(sealed) = next(&api, &mut reader).await? {
            if complete {
                return Err(refused(&api, BundleError::OutOfPlace(sealed.number)).await);
            }
            let Some(reading) = &mut reading else {
                reading = Some(Reading::begin(&api, &sealed).await?);
                continue;
            };
            complete = reading.take(&sealed).await?;
            progress.tell(whole(reading.done), whole(reading.header.entries));
        }
    }
    let Some(reading) = reading else { return Err(refused(&api, BundleError::NotABundle).await) };
    if complete && reading.settled {
        reading.memory.forget(&api).await?;
    }
    let after = api.status().await?.refused;
    Ok(reading.result(complete, &before, &after))
}

async fn next(api: &Api, reader: &mut Reader) -> Result<Option<Sealed>, ApiError> {
    match reader.next() {
        Ok(sealed) => Ok(sealed),
        Err(error) => Err(refused(api, error).await),
    }
}

impl Reading {
    async fn begin(api: &Api, first: &Sealed) -> Result<Self, ApiError> {
        let header = match first.header() {
            Ok(header) => header,
            Err(error) => return Err(refused(api, error).await),
        };
        let network = api.status().await?.network.unwrap_or(NetworkId::NONE);
        if header.network != network {
            return Err(refused(api, BundleError::OtherNetwork).await);
        }
        let memory = Name(format!("{MEMORY}{}", BASE32.encode(&first.checksum.0)));
        let until = memory.read(api)?;
        if until.is_none() {
            make_room(api).await?;
        }
        Ok(Self {
            api: api.clone(),
            header,
            memory,
            until,
            settled: true,
            done: 0,
            new: 0,
            waiting: 0,
            skipped: 0,
        })
    }

    /// Takes the next piece in; says whether it was the last.
    async fn take(&mut self, sealed: &Sealed) -> Result<bool, ApiError> {
        let mark = Mark(sealed.number, sealed.checksum);
        self.done += u64::from(sealed.entries);
        // The checksum covers all before it, so the mark's piece being the same, these are too.
        if let Some(until) = self.until
            && (sealed.number < until.0 || mark == until)
        {
            self.skipped += u64::from(sealed.entries);
            return Ok(false);
        }
        let piece = match sealed.open() {
            Ok(piece) => piece,
            Err(error) => return Err(refused(&self.api, error).await),
        };
        let last = piece == Piece::End;
        let Carried::Taken(taken) = carry(&self.api, Carry::Take(Box::new(piece))).await? else {
            return Err(record::unexpected());
        };
        self.new += taken.new;
        self.waiting += taken.waiting;
        self.settled &= !taken.again;
        if self.settled && !last {
            self.memory.write(&self.api, mark).await?;
        }
        Ok(last)
    }

    fn result(&self, complete: bool, before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> Value {
        let since = |(name, count): (&String, &u64)| {
            let count = count - before.get(name).copied().unwrap_or_default();
            (count > 0).then(|| (name.clone(), count.into()))
        };
        let refused: Map<String, Value> = after.iter().filter_map(since).collect();
        let written_s = i64::try_from(self.header.written_s).unwrap_or(i64::MAX);
        json!({
            "complete": complete,
            "new": self.new,
            "entries": self.header.entries,
            "skipped": self.skipped,
            "waiting": self.waiting,
            "refused": refused,
            "from": self.header.writer.to_string(),
            "written_at": record::instant(written_s),
        })
    }
}

impl Name {
    fn read(&self, api: &Api) -> Result<Option<Mark>, ApiError> {
        let bytes = api.handle.store().local(&format!("node/{}", self.0))?;
        Ok(bytes.as_deref().and_then(Mark::read))
    }

    async fn write(&self, api: &Api, mark: Mark) -> Result<(), ApiError> {
        remember(api, self.0.clone(), Some(mark.bytes())).await
    }

    async fn forget(&self, api: &Api) -> Result<(), ApiError> {
        remember(api, self.0.clone(), None).await
    }
}

impl Mark {
    fn read(bytes: &[u8]) -> Option<Self> {
        let (number, checksum) = bytes.split_first_chunk()?;
        Some(Self(u64::from_be_bytes(*number), Checksum(checksum.try_into().ok()?)))
    }

    fn bytes(self) -> Vec<u8> {
        [&self.0.to_be_bytes()[..], &self.1.0].concat()
    }
}

/// Forgets readings that were never ended, so that they do not grow without end.
async fn make_room(api: &Api) -> Result<(), ApiError> {
    let remembered = api.handle.store().locals(&format!("node/{MEMORY}"))?;
    let too_many = (remembered.len() + 1).saturating_sub(REMEMBERED);
    for (name, _) in remembered.into_iter().take(too_many) {
        remember(api, name.trim_start_matches("node/").to_owned(), None).await?;
    }
    Ok(())
}

async fn remember(api: &Api, name: String, value: Option<Vec<u8>>) -> Result<(), ApiError> {
    api.handle.call(Command::Remember(vec![Memory { of: None, name, value }])).await?;
    Ok(())
}

fn whole(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
