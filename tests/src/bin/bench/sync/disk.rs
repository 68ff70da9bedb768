//! A disk that can be filled.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

use crate::Result;

/// A file system of its own, in memory. It is unmounted when this is dropped.
pub(crate) struct Disk(PathBuf);

impl Disk {
    /// Mounts an empty one of a gigabyte.
    pub(crate) fn mount(at: &Path) -> Result<Self> {
        fs::create_dir(at)?;
        let mut mount = Command::new("mount");
        let done = mount.args(["-t", "tmpfs", "-o", "size=1g", "none"]).arg(at).output()?;
        if done.status.success() {
            Ok(Self(at.to_owned()))
        } else {
            Err(format!("this user may not mount a file system: {}", String::from_utf8_lossy(&done.stderr))
                .into())
        }
    }

    /// Writes until nothing more fits.
    pub(crate) fn fill(&self) -> io::Result<()> {
        let mut filler = File::create(self.filler())?;
        for size in [1024 * 1024, 4096, 1] {
            while filler.write_all(&vec![7; size]).is_ok() {}
        }
        Ok(())
    }

    /// Makes room again.
    pub(crate) fn clear(&self) -> io::Result<()> {
        fs::remove_file(self.filler())
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a node that failed may have files open.
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}
