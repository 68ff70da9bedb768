//! What people and programs write, under any bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    praksis_outside::TEXTS.read(bytes);
});
