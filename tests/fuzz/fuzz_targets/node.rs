//! Frames of the network, and files, under any bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    praksis_outside::NODE.read(bytes);
});
