//! The scanner under any bytes; run it with `-malloc_limit_mb=64` to see that nothing small becomes large.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    praksis_outside::SCAN.read(bytes);
});
