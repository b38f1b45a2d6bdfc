//! One seed, one outcome: from run to run, and natively as in a web page.

mod scenario;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use scenario::Scenario;

const TARGET: &str = "wasm32-unknown-unknown";

fn digest(seed: u64) -> u64 {
    let mut scenario = Scenario::new(seed);
    scenario.run();
    scenario.digest()
}

#[test]
fn one_seed_gives_the_same_octets_every_time() {
    for seed in 0..16 {
        assert_eq!(digest(seed), digest(seed), "seed {seed}");
    }
    assert_ne!(digest(0), digest(1));
}

/// Whether and when connections are written down in their compact form is seen by nobody.
#[test]
fn connections_that_rest_send_the_same_octets() {
    for seed in 0..64 {
        let digests = [None, Some(Duration::ZERO), Some(Duration::from_secs(1))].map(|rest_after| {
            let mut scenario = Scenario::resting(seed, rest_after);
            scenario.run();
            scenario.digest()
        });
        assert_eq!(digests, [digests[0]; 3], "seed {seed}");
    }
}

#[test]
fn a_web_page_sees_the_same_octets() {
    let wasm = match wasm() {
        Ok(wasm) => wasm,
        Err(missing) => {
            assert_ne!(
                std::env::var("CI").as_deref(),
                Ok("true"),
                "this must not be skipped in CI: {missing}"
            );
            eprintln!("skipped: {missing}");
            return;
        }
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wasm/run.mjs");
    let output = Command::new("node").args([&script, &wasm]).output().expect("node was found before");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let natively: String = scenario::digests().map(|digest| format!(" {digest:016x}")).collect();
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("digests:{natively};\n"));
}

/// The example `digests` for the web: the file that `DIGESTS_WASM` names, or else built here. The error says
/// what is missing for that.
fn wasm() -> Result<PathBuf, String> {
    let succeeds = |program: &str, words: &[&str]| {
        Command::new(program).args(words).output().is_ok_and(|output| output.status.success())
    };
    if !succeeds("node", &["--version"]) {
        return Err("there is no node".to_owned());
    }
    if let Some(built) = std::env::var_os("DIGESTS_WASM").map(PathBuf::from).filter(|path| path.exists()) {
        return Ok(built);
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
