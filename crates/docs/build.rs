//! Splits docs/library.md: in the code of its section about axum 0.6, `axum` is that version.

use std::{env, error::Error, fs, path::PathBuf};

const PAGE: &str = include_str!("../../docs/library.md");
const HEADING: &str = "\n## axum 0.6\n";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let (before, rest) = PAGE.split_once(HEADING).ok_or("docs/library.md has no section about axum 0.6")?;
    let (section, after) = rest.split_once("\n## ").ok_or("it is not the last section")?;
    let folder = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(folder.join("library.md"), format!("{before}\n## {after}"))?;
    fs::write(folder.join("library_06.md"), with_axum_06(section))?;
    Ok(())
}

/// Adds a hidden line to each block of Rust code.
fn with_axum_06(section: &str) -> String {
    let lines = section.lines().flat_map(|line| {
        let hidden = line.starts_with("```rust").then_some("# use axum_06 as axum;");
        [line].into_iter().chain(hidden)
    });
    lines.flat_map(|line| [line, "\n"]).collect()
}
