//! What a page needs to call the crate web.
//!
//! In: the module that cargo has built for wasm32. Out: the module made smaller, and a script with its types that calls
//! it, for web pages and for node alike. Behind the feature `web`: the checks need none of it.

use std::path::Path;

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

/// Makes `synfin.js`, `synfin.d.ts` and `synfin_bg.wasm` in `out`.
pub(crate) fn bind(wasm: &Path, out: &Path) -> Result<()> {
    Bindgen::new()
        .input_path(wasm)
        .out_name("synfin")
        .web(true)?
        .typescript(true)
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(out)
        .with_context(|| format!("{} cannot be bound: build it with --profile web first", wasm.display()))
}
