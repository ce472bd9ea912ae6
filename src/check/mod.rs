//! What the verb `check` runs. The check itself is in the client's library.
//!
//! | File | |
//! |---|---|
//! | `run.rs` | check, print, exit code |
//! | `origin.rs` | the workbench of `--serve` |
//! | `remedies.rs` | what fixes a path |
//! | `remedy.rs`, `remedies.json` | what is known to fix proxies; `interop/proxies/generate` writes the entries |
//! | `programs.rs` | the proxies that responses name |
//! | `text/` | the report for people |
//! | `json.rs`, `junit.rs` | the report for programs |

mod json;
mod junit;
#[cfg(feature = "serve")]
mod origin;
mod programs;
mod remedies;
mod remedy;
mod run;
#[cfg(test)]
mod testing;
mod text;

pub(crate) use run::run;
