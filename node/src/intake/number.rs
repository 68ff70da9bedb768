//! Which numbers survive being read.

/// A decimal of up to fifteen significant digits comes back unchanged from a 64-bit float.
const FLOAT_DIGITS: usize = 15;

/// The first number of a JSON text that neither a 64-bit integer nor a float holds exactly, with its
/// offset. The text must already have parsed: numbers are told by their first character alone.
pub(super) fn first_inexact(json: &str) -> Option<(usize, &str)> {
    let bytes = json.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = after_string(bytes, at),
            b'-' | b'0'..=b'9' => {
                let length = bytes[at..].iter().take_while(|byte| is_of_number(**byte)).count();
                let number = &json[at..at + length];
                if !is_exact(number) {
                    return Some((at, number));
                }
                at += length;
            }
            _ => at += 1,
        }
    }
    None
}

/// Whether a number, as JSON or TOML (without `_`) writes it in base ten, is kept as written.
pub(super) fn is_exact(number: &str) -> bool {
    if number.parse::<i64>().is_ok() || number.parse::<u64>().is_ok() {
        return true;
    }
    let mantissa = number.split(['e', 'E']).next().unwrap_or(number);
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let significant = digits.trim_matches('0').len();
    let Ok(value) = number.parse::<f64>() else { return false };
    // Too small becomes zero, too large infinite, and between zero and `MIN_POSITIVE` digits are lost.
    significant <= FLOAT_DIGITS && (significant == 0 || value.is_normal())
}

/// The offset after the string that opens at `at`.
pub(super) fn after_string(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn is_of_number(byte: u8) -> bool {
    matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')
}
