//! Bytes from a peer, taken from the front. Numbers are LEB128 in the shortest form.

use super::ScanError;

/// The bytes not read yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn take(&mut self, length: u64) -> Result<&'a [u8], ScanError> {
        let length = usize::try_from(length).map_err(|_| ScanError::Truncated)?;
        let (taken, rest) = self.0.split_at_checked(length).ok_or(ScanError::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], ScanError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(ScanError::Truncated)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, ScanError> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn unsigned(&mut self) -> Result<u64, ScanError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            if shift == 63 && byte > 1 {
                return Err(ScanError::NumberTooLarge);
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let padded = byte == 0 && shift > 0;
                return if padded { Err(ScanError::NumberNotShortest) } else { Ok(value) };
            }
        }
        Err(ScanError::NumberTooLarge)
    }

    pub(super) fn signed(&mut self) -> Result<i64, ScanError> {
        let mut value = 0;
        let mut before = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            // The tenth byte has room for the sign alone.
            if shift == 63 && byte != 0 && byte != 0x7f {
                return Err(ScanError::NumberTooLarge);
            }
            value |= i64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let sign_before = before & 0x40 != 0;
                let padded = shift > 0 && (byte == 0 && !sign_before || byte == 0x7f && sign_before);
                if padded {
                    return Err(ScanError::NumberNotShortest);
                }
                let negative = byte & 0x40 != 0;
                return Ok(if negative && shift < 57 { value | (-1 << (shift + 7)) } else { value });
            }
            before = byte;
        }
        Err(ScanError::NumberTooLarge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unsigned(bytes: &[u8]) -> Result<u64, ScanError> {
        Reader::new(bytes).unsigned()
    }

    fn signed(bytes: &[u8]) -> Result<i64, ScanError> {
        Reader::new(bytes).signed()
    }

    #[test]
    fn numbers_are_read_to_their_ends() {
        assert_eq!(unsigned(&[0]), Ok(0));
        assert_eq!(unsigned(&[0x80, 1]), Ok(128));
        assert_eq!(unsigned(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]), Ok(u64::MAX));
        assert_eq!(signed(&[0x7f]), Ok(-1));
        assert_eq!(signed(&[0x40]), Ok(-64));
        assert_eq!(signed(&[0xc0, 0]), Ok(64));
        assert_eq!(signed(&[0x80, 0x40]), Ok(-8192));
        let max = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0];
        assert_eq!(signed(&max), Ok(i64::MAX));
        let min = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f];
        assert_eq!(signed(&min), Ok(i64::MIN));
    }

    #[test]
    fn longer_forms_of_a_number_are_refused() {
        assert_eq!(unsigned(&[0x81, 0]), Err(ScanError::NumberNotShortest));
        assert_eq!(signed(&[0xbf, 0]), Err(ScanError::NumberNotShortest));
        assert_eq!(signed(&[0xc0, 0x7f]), Err(ScanError::NumberNotShortest));
    }

    #[test]
    fn numbers_beyond_64_bits_are_refused() {
        assert_eq!(unsigned(&[0xff; 10]), Err(ScanError::NumberTooLarge));
        let one_bit_more = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2];
        assert_eq!(unsigned(&one_bit_more), Err(ScanError::NumberTooLarge));
        assert_eq!(signed(&one_bit_more), Err(ScanError::NumberTooLarge));
        assert_eq!(unsigned(&[0x80]), Err(ScanError::Truncated));
    }
}
