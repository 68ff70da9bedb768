//! What differs between operating systems; nowhere else does the code ask which one it runs on.

use std::{
    fs::{File, Metadata, OpenOptions},
    io,
    path::{Path, PathBuf},
};

/// Where every program that holds a node gets its memory; elsewhere from the system.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[global_allocator]
static MEMORY: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Where a node lives when nobody says otherwise.
pub fn default_folder() -> Option<PathBuf> {
    Some(directories::ProjectDirs::from("", "", "praksis")?.data_dir().to_owned())
}

/// Lets threads that people wait for go first: from now on this one, and those that it starts, take what they leave.
#[cfg(target_os = "linux")]
pub(crate) fn step_back() {
    // As nice(1) does. It is a courtesy: where it is refused, all goes on as before.
    let _ = rustix::process::setpriority_process(None, 10);
}

/// Elsewhere the priority is the whole process's.
#[cfg(not(target_os = "linux"))]
pub(crate) fn step_back() {}

/// Makes durable which files a folder holds, after one was created or renamed in it.
#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Windows writes a folder's entries together with the file; a folder cannot be opened to sync it.
#[cfg(windows)]
pub(crate) fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Creates a file that only its owner can read, before anything stands in it.
#[cfg(unix)]
pub(crate) fn create_private_file(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// As on Unix, by the access list: nothing inherited, the owner alone.
#[cfg(windows)]
pub(crate) fn create_private_file(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let done = std::process::Command::new("icacls").arg(path).args(mending_arguments()?).output()?;
    if done.status.success() {
        return Ok(file);
    }
    Err(io::Error::other(String::from_utf8_lossy(&done.stderr).into_owned()))
}

/// Creates a folder that only its owner can look into.
#[cfg(unix)]
pub(crate) fn create_private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().mode(0o700).create(path)
}

/// On Windows a folder takes over the rights of the one it is in: a user's data folder is the user's.
#[cfg(windows)]
pub(crate) fn create_private_folder(path: &Path) -> io::Result<()> {
    std::fs::create_dir(path)
}

/// When others can read the file: the command that mends it.
#[cfg(unix)]
pub(crate) fn exposed(path: &Path, metadata: &Metadata) -> io::Result<Option<String>> {
    use std::os::unix::fs::MetadataExt as _;
    Ok((metadata.mode() & 0o077 != 0).then(|| format!("chmod 600 '{}'", path.display())))
}

/// As on Unix: anybody in the access list besides the owner, the system and its administrators.
#[cfg(windows)]
pub(crate) fn exposed(path: &Path, _metadata: &Metadata) -> io::Result<Option<String>> {
    let listed = std::process::Command::new("icacls").arg(path).output()?;
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let user = user()?.to_lowercase();
    let path_text = path.display().to_string();
    let others = listed.lines().filter_map(|line| {
        let who = line.trim_start().trim_start_matches(path_text.as_str()).trim();
        let (who, _) = who.split_once(":(")?;
        let name = who.rsplit('\\').next().unwrap_or(who).to_lowercase();
        let trusted = name == user || ["system", "administrators"].contains(&name.as_str());
        (!trusted).then_some(())
    });
    if others.count() == 0 {
        return Ok(None);
    }
    Ok(Some(format!("icacls \"{path_text}\" {}", mending_arguments()?.join(" "))))
}

#[cfg(windows)]
fn mending_arguments() -> io::Result<[String; 3]> {
    Ok(["/inheritance:r".to_owned(), "/grant:r".to_owned(), format!("{}:F", user()?)])
}

#[cfg(windows)]
fn user() -> io::Result<String> {
    std::env::var("USERNAME").map_err(io::Error::other)
}

/// Waits until the system or a person asks the program to end.
///
/// # Errors
/// When the system does not let us listen for it.
#[cfg(unix)]
pub async fn asked_to_stop() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Waits until the system or a person asks the program to end.
///
/// # Errors
/// When the system does not let us listen for it.
#[cfg(windows)]
pub async fn asked_to_stop() -> io::Result<()> {
    use tokio::signal::windows::{ctrl_c, ctrl_close, ctrl_shutdown};
    let (mut key, mut close, mut shutdown) = (ctrl_c()?, ctrl_close()?, ctrl_shutdown()?);
    tokio::select! {
        _ = key.recv() => {}
        _ = close.recv() => {}
        _ = shutdown.recv() => {}
    }
    Ok(())
}

/// Bounds this process, before it does what may run away: its memory in bytes, its time on the processor in seconds.
/// It writes no file and leaves no image of its memory behind.
///
/// # Errors
/// When the system does not set the limits.
#[cfg(unix)]
pub(crate) fn bound_this_process(memory: u64, processor_s: u64) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let limits =
        [(Resource::As, memory), (Resource::Cpu, processor_s), (Resource::Fsize, 0), (Resource::Core, 0)];
    for (resource, most) in limits {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}

/// Windows bounds jobs and not processes: whoever starts the process ends it in time.
#[cfg(windows)]
pub(crate) fn bound_this_process(_memory: u64, _processor_s: u64) -> io::Result<()> {
    Ok(())
}

/// The editor that every such machine has; none on Unix, where people name theirs.
#[cfg(unix)]
pub fn default_editor() -> Option<&'static str> {
    None
}

/// The editor that every such machine has.
#[cfg(windows)]
pub fn default_editor() -> Option<&'static str> {
    Some("notepad")
}
