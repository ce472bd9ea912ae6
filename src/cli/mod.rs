//! The command line: options and values of each verb, and the environment's variables for the server's options.
//!
//! | File | |
//! |---|---|
//! | `invocation.rs` | the command, and which verb to run |
//! | `serve/` | the options of `serve`, which are also those of the command without a verb |
//! | `environment.rs` | variables for the options of `serve` |
//! | `get.rs`, `put.rs`, `send.rs`, `check.rs` | the options of the client's verbs |
//! | `client_options.rs` | the options that these share |
//! | `url.rs`, `field.rs`, `data.rs`, `file_or_dash.rs`, `resolve.rs`, `proxy.rs`, `credentials.rs`, `hex.rs`, `serve_url.rs` | their values |
//! | `generate.rs` | the options of the hidden verb `generate` |
//! | `values.rs` | times, sizes and counts |

#[cfg(feature = "client")]
mod check;
#[cfg(feature = "client")]
mod client_options;
#[cfg(feature = "client")]
mod credentials;
#[cfg(feature = "client")]
mod data;
#[cfg(feature = "serve")]
mod environment;
#[cfg(feature = "client")]
mod field;
#[cfg(feature = "client")]
mod file_or_dash;
mod generate;
#[cfg(feature = "client")]
mod get;
#[cfg(feature = "client")]
mod hex;
mod invocation;
#[cfg(feature = "client")]
mod proxy;
#[cfg(feature = "client")]
mod put;
#[cfg(feature = "client")]
mod resolve;
#[cfg(feature = "client")]
mod send;
#[cfg(feature = "serve")]
mod serve;
#[cfg(all(feature = "serve", feature = "client"))]
mod serve_url;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(feature = "client")]
mod url;
mod values;

#[cfg(test)]
pub(crate) use generate::VERBS;
pub(crate) use generate::{Format, GenerateArgs};
pub(crate) use invocation::{Invocation, NAME, definition};
#[cfg(all(feature = "serve", feature = "client"))]
pub(crate) use serve_url::ServeUrl;
#[cfg(feature = "client")]
pub(crate) use {
    check::CheckArgs,
    client_options::{AddressOptions, ClientOptions, ConnectionOptions, HttpVersion, TlsOptions},
    data::Data,
    field::HeaderLine,
    file_or_dash::FileOrDash,
    get::GetArgs,
    proxy::ProxyChoice,
    put::{DigestPlace, PutArgs},
    send::SendArgs,
};
#[cfg(feature = "serve")]
pub(crate) use {
    serve::{Address, OrOff, PlainAddress, ServeArgs},
    values::Count,
};
