//! The table of columns: which there are, and where the bytes of each lie.

use super::{MAX_OPERATIONS, ScanError, reader::Reader, run::Runs};

/// A column's number: its id, a bit for compression, its kind in the lowest three bits.
const COMPRESSED: u64 = 0b1000;

/// The columns that a change may have, in the order they stand.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns<'a> {
    pub(super) object_actor: Option<&'a [u8]>,
    pub(super) object_counter: Option<&'a [u8]>,
    pub(super) element_actor: Option<&'a [u8]>,
    pub(super) element_counter: Option<&'a [u8]>,
    pub(super) key: Option<&'a [u8]>,
    pub(super) insert: Option<&'a [u8]>,
    pub(super) action: Option<&'a [u8]>,
    pub(super) value_meta: Option<&'a [u8]>,
    pub(super) value: Option<&'a [u8]>,
    pub(super) predecessor_count: Option<&'a [u8]>,
    pub(super) predecessor_actor: Option<&'a [u8]>,
    pub(super) predecessor_counter: Option<&'a [u8]>,
    pub(super) expand: Option<&'a [u8]>,
    pub(super) mark_name: Option<&'a [u8]>,
}

impl<'a> Columns<'a> {
    const KINDS: u64 = 14;

    /// Reads the table and takes each column's bytes, which follow it in the same order.
    pub(super) fn read(body: &mut Reader<'a>) -> Result<Self, ScanError> {
        let count = body.unsigned()?;
        if count > Self::KINDS {
            return Err(ScanError::TooManyColumns);
        }
        let mut table = Vec::new();
        for _ in 0..count {
            let number = body.unsigned()?;
            let length = body.unsigned()?;
            if number & COMPRESSED != 0 {
                return Err(ScanError::ColumnCompressed);
            }
            if table.last().is_some_and(|(before, _)| *before >= number) {
                return Err(ScanError::ColumnsNotAscending);
            }
            if length == 0 {
                return Err(ScanError::ColumnEmpty);
            }
            table.push((number, length));
        }
        let mut columns = Self::default();
        for (number, length) in table {
            *columns.slot(number).ok_or(ScanError::UnknownColumn)? = Some(body.take(length)?);
        }
        columns.check_presence()?;
        Ok(columns)
    }

    /// How many operations the change holds: the runs of the action column, summed.
    pub(super) fn count_operations(&self) -> Result<u32, ScanError> {
        let count =
            Runs::<u64>::new(self.action).count(MAX_OPERATIONS.into(), ScanError::TooManyOperations)?;
        u32::try_from(count).map_err(|_| ScanError::TooManyOperations)
    }

    fn slot(&mut self, number: u64) -> Option<&mut Option<&'a [u8]>> {
        match number {
            0x01 => Some(&mut self.object_actor),
            0x02 => Some(&mut self.object_counter),
            0x11 => Some(&mut self.element_actor),
            0x13 => Some(&mut self.element_counter),
            0x15 => Some(&mut self.key),
            0x34 => Some(&mut self.insert),
            0x42 => Some(&mut self.action),
            0x56 => Some(&mut self.value_meta),
            0x57 => Some(&mut self.value),
            0x70 => Some(&mut self.predecessor_count),
            0x71 => Some(&mut self.predecessor_actor),
            0x73 => Some(&mut self.predecessor_counter),
            0x94 => Some(&mut self.expand),
            0xa5 => Some(&mut self.mark_name),
            _ => None,
        }
    }

    /// A change without operations has no column; any other has these four.
    fn check_presence(&self) -> Result<(), ScanError> {
        let needed = [self.insert, self.action, self.value_meta, self.predecessor_count];
        let others = [
            self.object_actor,
            self.object_counter,
            self.element_actor,
            self.element_counter,
            self.key,
            self.value,
            self.predecessor_actor,
            self.predecessor_counter,
            self.expand,
            self.mark_name,
        ];
        let empty = needed.iter().chain(&others).all(Option::is_none);
        if empty || needed.iter().all(Option::is_some) { Ok(()) } else { Err(ScanError::ColumnMissing) }
    }
}
