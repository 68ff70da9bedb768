//! JSON Lines: one record a line, each for itself. A wrong line is refused and the rest is in.

use std::io;

use super::{Problem, RECORD_LIMIT, Sink, json};

/// Writes records one a line, as they come.
pub fn write<'a>(
    mut out: impl io::Write,
    records: impl IntoIterator<Item = json::Exported<'a>>,
) -> Result<(), serde_json::Error> {
    for record in records {
        serde_json::to_writer(&mut out, &record)?;
        out.write_all(b"\n").map_err(serde_json::Error::io)?;
    }
    Ok(())
}

/// Reads a whole file; blank lines are passed over but counted. `skipped`: bytes of the file before these.
pub(super) fn read(bytes: &[u8], skipped: usize, into: &mut Sink<'_>) {
    let mut offset = skipped;
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let size = line.trim_ascii().len();
        if size > RECORD_LIMIT {
            into.refuse(Some(index + 1), None, Problem::RecordTooLarge { bytes: size });
        } else if size > 0 {
            match std::str::from_utf8(line) {
                Ok(text) => {
                    let start = text.len() - text.trim_ascii_start().len();
                    json::read_one(text, start..start + size, index + 1, into);
                }
                Err(error) => {
                    let offset = offset + error.valid_up_to();
                    into.refuse(Some(index + 1), None, Problem::NotUtf8 { offset });
                }
            }
        }
        offset += line.len() + 1;
    }
}
