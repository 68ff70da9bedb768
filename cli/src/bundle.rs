//! `bundle`: what peers send each other, in a file that somebody carries.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
};

use serde_json::json;

use crate::{args::org_number, context::Context, failure::Failure, table};

/// Bring nodes level that no network connects
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Write what the reader may have into a file
    Write {
        /// The file; in its place only once it is whole
        file: PathBuf,
        /// For this member: also what is shared with it alone [default: what every member may read]
        #[arg(long = "for", value_name = "NR", value_parser = org_number, conflicts_with = "all")]
        reader: Option<String>,
        /// For the organisation's own other nodes: everything, drafts too
        #[arg(long)]
        all: bool,
        /// Leave out what stands in this bundle, the reader's or an earlier one
        #[arg(long, value_name = "FILE")]
        since: Option<PathBuf>,
    },
    /// Take in what stands in a file, as if its writer were connected
    Read {
        /// The file; one that was read in part goes on where it was
        file: PathBuf,
    },
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    match args.action {
        Action::Write { file, reader, all, since } => {
            write(context, &file, reader.as_deref(), all, since.as_deref()).await
        }
        Action::Read { file } => read(context, &file).await,
    }
}

async fn write(
    context: &Context,
    path: &Path,
    reader: Option<&str>,
    all: bool,
    since: Option<&Path>,
) -> Result<(), Failure> {
    if let Some(since) = since {
        is_readable(context, since)?;
    }
    let client = context.client()?;
    let name = path.display().to_string();
    let failed = |error: io::Error| {
        let why = error.to_string();
        context.failure("storage", "cannot-write", &[("file", name.as_str().into()), ("why", why.into())])
    };
    // Beside it, so that the rename stays on one disk.
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let bar = context.progress("bundle-writing");
    let written = async {
        let mut out = BufWriter::new(File::create(&part).map_err(failed)?);
        let written = client.bundle_write(reader, all, since, &mut out, |progress| bar.set(progress)).await;
        let entries = written.map_err(|error| context.failed(error))?;
        out.flush().and_then(|()| out.get_ref().sync_all()).map_err(failed)?;
        let bytes = out.get_ref().metadata().map_err(failed)?.len();
        fs::rename(&part, path).map_err(failed)?;
        Ok((entries, bytes))
    };
    let written = written.await;
    drop(bar);
    if written.is_err() {
        // It may never have been made.
        let _ = fs::remove_file(&part);
    }
    let (entries, bytes) = written?;
    context.show(&json!({"file": name, "entries": entries, "bytes": bytes}), || {
        let size = crate::status::bytes(bytes);
        let arguments = [("file", name.as_str().into()), ("entries", entries.into()), ("size", size.into())];
        context.text("bundle-written", &arguments)
    })
}

async fn read(context: &Context, path: &Path) -> Result<(), Failure> {
    is_readable(context, path)?;
    let client = context.client()?;
    let bar = context.progress("bundle-reading");
    let answer = client.bundle_read(path, |progress| bar.set(progress)).await;
    drop(bar);
    let answer = answer.map_err(|error| context.failed(error))?;
    context.show(&answer, || {
        let count = |name: &str| answer[name].as_u64().unwrap_or_default().into();
        let arguments = [
            ("entries", count("entries")),
            ("new", count("new")),
            ("waiting", count("waiting")),
            ("at", table::text(&answer["written_at"]).into()),
        ];
        let mut lines = vec![context.text("bundle-read", &arguments)];
        let refused = answer["refused"].as_object().into_iter().flatten();
        let refused: Vec<_> = refused.map(|(reason, count)| format!("{reason} {count}")).collect();
        if !refused.is_empty() {
            let refused = refused.join(", ");
            lines.push(context.text("bundle-refused", &[("refused", refused.into())]));
        }
        lines.join("\n")
    })?;
    if answer["complete"].as_bool() == Some(false) {
        return Err(context.failure("invalid", "bundle-cut-off", &[]));
    }
    Ok(())
}

/// Refuses what is no bundle at first sight, before a node is asked.
fn is_readable(context: &Context, path: &Path) -> Result<(), Failure> {
    let name = path.display().to_string();
    let failed = |kind, key| Err(context.failure(kind, key, &[("file", name.as_str().into())]));
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => failed("not_found", "file-missing"),
        Err(error) => {
            let arguments = [("file", name.as_str().into()), ("why", error.to_string().into())];
            Err(context.failure("storage", "file-unreadable", &arguments))
        }
        Ok(file) if file.is_dir() => failed("invalid", "file-is-folder"),
        Ok(file) if !file.is_file() => failed("invalid", "bundle-no-file"),
        Ok(file) if file.len() == 0 => failed("invalid", "bundle-empty"),
        Ok(_) => Ok(()),
    }
}
