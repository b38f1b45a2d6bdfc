use super::*;

fn cost(function: &str, file: &str, inlined_from: &str, object: &str) -> Cost {
    Cost {
        stack: vec![function.to_owned()],
        file: file.to_owned(),
        inlined_from: inlined_from.to_owned(),
        object: object.to_owned(),
        instructions: 1,
    }
}

#[test]
fn what_was_inlined_counts_where_it_was_written() {
    let text = "/home/me/synfin/crates/tcp/src/input/text.rs";
    let sum = "/home/me/synfin/crates/wire/src/checksum.rs";
    assert_eq!(room_of(&cost("process", text, text, "/bin/x")).name, "tcp/input");
    assert_eq!(room_of(&cost("process", text, sum, "/bin/x")).name, "wire/checksum");
    let bytes = "/root/.cargo/registry/src/index.crates.io-1949/bytes-1.12.0/src/bytes.rs";
    assert_eq!(room_of(&cost("process", text, bytes, "/bin/x")).name, "bytes");
}

#[test]
fn what_the_standard_library_inlined_counts_where_it_was_called() {
    let text = "crates/tcp/src/input/text.rs";
    let option = "/rustc/5980/library/core/src/option.rs";
    assert_eq!(room_of(&cost("process", text, option, "/bin/x")).name, "tcp/input");
    assert_eq!(room_of(&cost("sort", option, option, "/bin/x")).name, "std");
}

#[test]
fn the_c_library_copies_and_allocates() {
    let libc = "/usr/lib/x86_64-linux-gnu/libc.so.6";
    assert_eq!(room_of(&cost("__memcpy_avx_unaligned_erms", "???", "???", libc)), COPY);
    assert_eq!(room_of(&cost("_int_malloc", "./malloc/malloc.c", "./malloc/malloc.c", libc)), ALLOCATE);
}
