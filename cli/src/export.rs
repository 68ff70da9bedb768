//! `export`: writes cases on.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::PathBuf,
};

use crate::{args::org_number, context::Context, failure::Failure};

/// Write all cases that the node holds as JSON or JSON Lines
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Into this file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The format [default: by the file's name, else json]
    #[arg(long, value_parser = ["json", "lines"])]
    format: Option<String>,
    /// Only cases kept by this organisation
    #[arg(long, value_name = "NR", value_parser = org_number)]
    owner: Option<String>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let extension = args.out.as_ref().and_then(|out| out.extension());
    let lines = extension.is_some_and(|extension| extension == "jsonl" || extension == "ndjson");
    let format = args.format.as_deref().unwrap_or(if lines { "lines" } else { "json" });
    let Some(out) = &args.out else {
        let mut out = BufWriter::new(io::stdout());
        return client
            .export(format, args.owner.as_deref(), &mut out)
            .await
            .map_err(|error| context.failed(error));
    };
    let name = out.display().to_string();
    let failed = |error: io::Error| {
        let why = error.to_string();
        context.failure("storage", "cannot-write", &[("file", name.as_str().into()), ("why", why.into())])
    };
    let mut file = BufWriter::new(File::create(out).map_err(failed)?);
    client.export(format, args.owner.as_deref(), &mut file).await.map_err(|error| context.failed(error))?;
    file.flush().and_then(|()| file.get_ref().sync_all()).map_err(failed)?;
    context.note(&context.text("export-done", &[("file", name.as_str().into())]));
    Ok(())
}
