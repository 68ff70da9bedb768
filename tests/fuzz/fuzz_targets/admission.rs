//! Honest changes that were tampered with, their hashes made right again, through all of admission.

#![no_main]

use libfuzzer_sys::fuzz_target;

// Automerge may panic on a change; admission catches that, and it is no finding. A panic that is not caught
// still ends the process.
fuzz_target!(
    init: std::panic::set_hook(Box::new(|_| {})),
    |bytes: &[u8]| {
        praksis_outside::ADMISSION.read(bytes);
    }
);
