#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| cardwright_fuzz::head(input));
