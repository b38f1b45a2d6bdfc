//! Writes the trace of each scenario in each of its worlds into a folder, for comparing with what a web page makes:
//! `cargo run -p synfin-web --example traces FOLDER`. A file is named `05.two-way.json`.

use std::path::PathBuf;
use std::process::ExitCode;

use synfin_lab::Setting;
use synfin_lab::scenarios::ALL;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("traces: which folder? Call it like: traces target/traces");
        return ExitCode::from(2);
    };
    match write(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("traces: {}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

fn write(folder: &std::path::Path) -> Result<(), Box<dyn std::error::Error>> {
    std::fs::create_dir_all(folder)?;
    for scenario in ALL {
        let lab = scenario.lab()?;
        for world in lab.script().worlds() {
            let run = lab.run(&Setting { world: Some(world.clone()), values: Vec::new(), seed: 0 })?;
            std::fs::write(folder.join(format!("{}.{world}.json", scenario.number)), run.trace.to_json())?;
        }
    }
    Ok(())
}
