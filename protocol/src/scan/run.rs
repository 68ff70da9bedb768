//! Run-length encoded columns, read value by value and held to the one canonical encoding.
//!
//! A segment is a run (a count of two or more and one value), a literal (a negative count and as many
//! values, none equal to the one before it) or a stretch of nulls (a zero and a count). Two
//! neighbours that the encoder would have joined are refused.

use super::{ScanError, reader::Reader};

/// What can stand in a run-length encoded column.
pub(super) trait Cell<'a>: Copy + PartialEq {
    fn read(reader: &mut Reader<'a>) -> Result<Self, ScanError>;
}

impl Cell<'_> for u64 {
    fn read(reader: &mut Reader<'_>) -> Result<Self, ScanError> {
        reader.unsigned()
    }
}

impl Cell<'_> for i64 {
    fn read(reader: &mut Reader<'_>) -> Result<Self, ScanError> {
        reader.signed()
    }
}

impl<'a> Cell<'a> for &'a str {
    fn read(reader: &mut Reader<'a>) -> Result<Self, ScanError> {
        let length = reader.unsigned()?;
        std::str::from_utf8(reader.take(length)?).map_err(|_| ScanError::NotText)
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Segment {
    /// Before the first.
    Start,
    Run,
    Literal,
    Nulls,
}

/// A column that may hold nulls. An absent one holds nothing else.
#[derive(Debug, Clone)]
pub(super) struct Runs<'a, T> {
    reader: Option<Reader<'a>>,
    segment: Segment,
    /// Values of the present segment that are still to come.
    left: u64,
    /// The last value, unless a null came after it.
    last: Option<T>,
    only_nulls: bool,
}

impl<'a, T: Cell<'a>> Runs<'a, T> {
    pub(super) fn new(column: Option<&'a [u8]>) -> Self {
        Self {
            reader: column.map(Reader::new),
            segment: Segment::Start,
            left: 0,
            last: None,
            only_nulls: true,
        }
    }

    /// The next value, `None` for a null.
    pub(super) fn next(&mut self) -> Result<Option<T>, ScanError> {
        let Some(reader) = &mut self.reader else { return Ok(None) };
        if self.left == 0 {
            if reader.is_empty() {
                return Err(ScanError::ColumnTooShort);
            }
            self.open_segment()?;
        } else if self.segment == Segment::Literal {
            self.last = Some(read_other_than(reader, self.last)?);
        }
        self.left -= 1;
        Ok(self.last)
    }

    /// The next value of a column in which every operation has one.
    pub(super) fn next_value(&mut self) -> Result<T, ScanError> {
        self.next()?.ok_or(ScanError::ValueMissing)
    }

    /// The column has been read to its end and had to be there.
    pub(super) fn finish(self) -> Result<(), ScanError> {
        let Some(reader) = self.reader else { return Ok(()) };
        if self.left > 0 || !reader.is_empty() {
            return Err(ScanError::ColumnTooLong);
        }
        if self.only_nulls { Err(ScanError::ColumnNeedless) } else { Ok(()) }
    }

    /// How many values the column holds, or `too_many` when that is more than `max`. Runs are not
    /// written out.
    pub(super) fn count(mut self, max: u64, too_many: ScanError) -> Result<u64, ScanError> {
        let mut total: u64 = 0;
        while self.reader.is_some_and(|reader| !reader.is_empty()) {
            self.next()?;
            if self.segment == Segment::Literal {
                total = total.saturating_add(1);
            } else {
                total = total.saturating_add(self.left + 1);
                self.left = 0;
            }
            if total > max {
                return Err(too_many);
            }
        }
        // A literal that promises more values than there are bytes.
        if self.left > 0 { Err(ScanError::Truncated) } else { Ok(total) }
    }

    /// Reads a segment's head and its first value.
    fn open_segment(&mut self) -> Result<(), ScanError> {
        let Some(reader) = &mut self.reader else { return Ok(()) };
        let count = reader.signed()?;
        let segment = match count {
            0 => Segment::Nulls,
            1.. => Segment::Run,
            _ => Segment::Literal,
        };
        self.left = if segment == Segment::Nulls { reader.unsigned()? } else { count.unsigned_abs() };
        // A run of one would be a literal; literals and nulls are joined with their like.
        let joined = segment == self.segment && segment != Segment::Run;
        if self.left == 0 || joined || count == 1 {
            return Err(ScanError::RunNotCanonical);
        }
        self.last = match segment {
            Segment::Nulls => None,
            Segment::Start | Segment::Run | Segment::Literal => {
                self.only_nulls = false;
                Some(read_other_than(reader, self.last)?)
            }
        };
        self.segment = segment;
        Ok(())
    }
}

/// A value that differs from the one before it: otherwise both would stand in one run.
fn read_other_than<'a, T: Cell<'a>>(reader: &mut Reader<'a>, last: Option<T>) -> Result<T, ScanError> {
    let value = T::read(reader)?;
    if last == Some(value) { Err(ScanError::RunNotCanonical) } else { Ok(value) }
}

/// Counters, each written as its difference from the one before it. Nulls change nothing.
#[derive(Debug, Clone)]
pub(super) struct Deltas<'a> {
    runs: Runs<'a, i64>,
    value: i64,
}

impl<'a> Deltas<'a> {
    pub(super) fn new(column: Option<&'a [u8]>) -> Self {
        Self { runs: Runs::new(column), value: 0 }
    }

    /// The next counter, `None` for a null.
    pub(super) fn next(&mut self) -> Result<Option<u64>, ScanError> {
        let Some(delta) = self.runs.next()? else { return Ok(None) };
        self.value = self.value.checked_add(delta).ok_or(ScanError::DeltaOutOfRange)?;
        match u32::try_from(self.value) {
            Ok(counter) => Ok(Some(counter.into())),
            Err(_) => Err(ScanError::DeltaOutOfRange),
        }
    }

    pub(super) fn finish(self) -> Result<(), ScanError> {
        self.runs.finish()
    }
}

/// Booleans, as the lengths of alternating stretches that begin with `false`. An absent column holds
/// `false` only.
#[derive(Debug, Clone)]
pub(super) struct Booleans<'a> {
    reader: Option<Reader<'a>>,
    value: bool,
    left: u64,
    first: bool,
    only_false: bool,
}

impl<'a> Booleans<'a> {
    pub(super) fn new(column: Option<&'a [u8]>) -> Self {
        // As if a stretch of `true` had just ended: the first stretch is `false`.
        Self { reader: column.map(Reader::new), value: true, left: 0, first: true, only_false: true }
    }

    pub(super) fn next(&mut self) -> Result<bool, ScanError> {
        let Some(reader) = &mut self.reader else { return Ok(false) };
        while self.left == 0 {
            if reader.is_empty() {
                return Err(ScanError::ColumnTooShort);
            }
            self.left = reader.unsigned()?;
            self.value = !self.value;
            // Only a column that begins with `true` has an empty stretch: its first.
            if self.left == 0 && !self.first {
                return Err(ScanError::RunNotCanonical);
            }
            self.first = false;
            self.only_false &= !self.value;
        }
        self.left -= 1;
        Ok(self.value)
    }

    /// The column has been read to its end. One that may be left out must hold a `true`.
    pub(super) fn finish(self, may_be_left_out: bool) -> Result<(), ScanError> {
        let Some(reader) = self.reader else { return Ok(()) };
        if self.left > 0 || !reader.is_empty() {
            return Err(ScanError::ColumnTooLong);
        }
        if may_be_left_out && self.only_false { Err(ScanError::ColumnNeedless) } else { Ok(()) }
    }
}
