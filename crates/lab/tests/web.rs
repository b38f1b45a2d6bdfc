//! A web page sees the same octets as a terminal: every trace and every capture.

mod digests;

use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "wasm32-unknown-unknown";

#[test]
fn a_web_page_sees_the_same_octets() {
    let wasm = match wasm() {
        Ok(wasm) => wasm,
        Err(missing) => {
            let must = std::env::var("CI").as_deref() == Ok("true");
            assert!(!must, "this must not be skipped in CI: {missing}");
            eprintln!("skipped: {missing}");
            return;
        }
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sim/tests/wasm/run.mjs");
    let output = Command::new("node").args([&script, &wasm]).output().expect("node was found before");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let natively: String = digests::digests().map(|digest| format!(" {digest:016x}")).collect();
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("digests:{natively};\n"));
}

/// The example `digests`, built for the web. The error says what is missing for that.
fn wasm() -> Result<PathBuf, String> {
    if !Command::new("node").arg("--version").output().is_ok_and(|output| output.status.success()) {
        return Err("there is no node".to_owned());
    }
    let libraries = Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]).output();
    let libraries = libraries.map_err(|error| format!("rustc: {error}"))?;
    if !Path::new(String::from_utf8_lossy(&libraries.stdout).trim()).is_dir() {
        return Err(format!("there is no library for {TARGET}; try: rustup target add {TARGET}"));
    }
    // A folder of its own: the build that this test belongs to may hold the lock of the usual one.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wasm");
    let output = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", env!("CARGO_PKG_NAME"), "--example", "digests"])
        .args(["--config", "profile.dev.opt-level=1", "--target", TARGET, "--target-dir"])
        .arg(&folder)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .map_err(|error| format!("cargo: {error}"))?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(folder.join(TARGET).join("debug/examples/digests.wasm"))
}
