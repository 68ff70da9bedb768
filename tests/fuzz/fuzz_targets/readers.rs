//! What peers send and what is handed on, under any bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    praksis_outside::READERS.read(bytes);
});
