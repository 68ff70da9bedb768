//! What a process has used so far.

use std::{fs, ops::Sub};

use praksis_node::net::Traffic;
use serde::{Deserialize, Serialize};

/// Since the process began; a difference of two is what something took.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// Of all its threads, whether they have ended or not, to 10 ms; where the system says so.
    pub(crate) cpu_ms: u64,
    /// Of those threads that run now, exactly.
    pub(crate) cpu_us: u64,
    /// Memory that is resident now.
    pub(crate) resident_kb: u64,
    pub(crate) payload_in: u64,
    pub(crate) payload_out: u64,
    pub(crate) socket_in: u64,
    pub(crate) socket_out: u64,
    pub(crate) messages: u64,
}

impl Figures {
    pub(crate) fn of_this_process(traffic: Traffic) -> Self {
        Self {
            cpu_ms: cpu_ms().unwrap_or_default(),
            cpu_us: cpu_us().unwrap_or_default(),
            resident_kb: resident_kb().unwrap_or_default(),
            payload_in: traffic.payload_in,
            payload_out: traffic.payload_out,
            socket_in: traffic.socket_in,
            socket_out: traffic.socket_out,
            messages: traffic.messages_in + traffic.messages_out,
        }
    }
}

impl Sub for Figures {
    type Output = Self;

    /// Memory is the later one's.
    fn sub(self, before: Self) -> Self {
        Self {
            cpu_ms: self.cpu_ms - before.cpu_ms,
            cpu_us: self.cpu_us.saturating_sub(before.cpu_us),
            resident_kb: self.resident_kb,
            payload_in: self.payload_in - before.payload_in,
            payload_out: self.payload_out - before.payload_out,
            socket_in: self.socket_in - before.socket_in,
            socket_out: self.socket_out - before.socket_out,
            messages: self.messages - before.messages,
        }
    }
}

/// User and system time; the system counts in hundredths of a second.
fn cpu_ms() -> Option<u64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit(')').next()?.split_whitespace().skip(11);
    Some((fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?) * 10)
}

fn cpu_us() -> Option<u64> {
    let mut nanoseconds = 0;
    for task in fs::read_dir("/proc/self/task").ok()? {
        // It may have ended meanwhile.
        let Ok(text) = fs::read_to_string(task.ok()?.path().join("schedstat")) else { continue };
        nanoseconds += text.split_whitespace().next()?.parse::<u64>().ok()?;
    }
    Some(nanoseconds / 1000)
}

pub(crate) fn resident_kb() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}
