//! The project's own scripts pass, in all address forms, the same way every time.

use std::fs;
use std::path::{Path, PathBuf};

use synfin_drill::suite::run_text;
use synfin_drill::{Form, Verdict};

/// All scripts under `conformance/`, in order.
fn scripts() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance");
    let mut folders = vec![root];
    let mut scripts = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "pkt") {
                scripts.push(path);
            }
        }
    }
    scripts.sort();
    scripts
}

#[test]
fn every_script_passes_in_every_form() {
    let scripts = scripts();
    assert!(scripts.len() >= 50, "only {} scripts were found", scripts.len());
    let mut wrong = Vec::new();
    for script in &scripts {
        let text = fs::read_to_string(script).unwrap();
        for form in Form::ALL {
            match run_text(&text, form).verdict {
                Verdict::Passed => {}
                Verdict::Failed(failure) => wrong.push(format!("{}:{failure} ({form})", script.display())),
                Verdict::Unsupported { at, what } => {
                    wrong.push(format!("{}:{at}: {what} ({form})", script.display()))
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_script_cites_its_clause() {
    for script in scripts() {
        let text = fs::read_to_string(&script).unwrap();
        let header: String = text.lines().take_while(|line| line.starts_with("//")).collect();
        assert!(header.contains("RFC "), "{} does not say which clause it is about", script.display());
    }
}

/// Trace and verdict, a hundred times, in every form.
#[test]
fn a_run_is_repeated_to_the_letter() {
    for script in scripts() {
        let text = fs::read_to_string(&script).unwrap();
        for form in Form::ALL {
            let first = run_text(&text, form);
            assert!((1..100).all(|_| run_text(&text, form) == first), "{} ({form})", script.display());
        }
    }
}
