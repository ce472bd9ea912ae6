//! Promises of verified bodies, with scripted responses. The findings are compared as text, as people read it.

mod contract;
mod digests;
mod ends;
mod foreign_bodies;
mod parts;
mod properties;
mod sender;
mod trailers;

use crate::{Verification, VerifiedBody};
use axum_trailers_testing::{ScriptedBody, Step, fields};
use http::{Response, StatusCode, Version};
use std::future::Future;

/// Digests of `hello` in the form of a field.
const SHA_256: &str = "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:";
const SHA_512: &str =
    "sha-512=:m3HSJL1i83hdltRq0+o9czGb+8KJDKra4t/3JRlnPKcjI8PZm6XBHXx6zG4UuMXaDEZjR1wuXDre9G9zvN7AQw==:";
/// Of another content.
const WRONG_256: &str = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";

const HELLO: Step = Step::Data("hello");

type Fields = &'static [(&'static str, &'static str)];

/// The head of a response.
#[derive(Clone, Copy, Debug)]
struct Head(Version, u16, Fields);

/// HTTP/2 with status 200.
const fn h2(fields: Fields) -> Head {
    Head(Version::HTTP_2, 200, fields)
}

impl Head {
    fn with(self, body: ScriptedBody, verification: Verification) -> Response<VerifiedBody<ScriptedBody>> {
        let mut response = Response::new(body);
        *response.version_mut() = self.0;
        *response.status_mut() = StatusCode::from_u16(self.1).expect("a status");
        *response.headers_mut() = fields(self.2);
        verification.verify(response)
    }

    /// The body after it was read to its end.
    fn finished(self, steps: &[Step], verification: Verification) -> VerifiedBody<ScriptedBody> {
        let mut body = self.with(ScriptedBody::new(steps.iter().cloned()), verification).into_body();
        let verdict = run(body.finish());
        assert_eq!(Some(&verdict), body.verdict());
        assert_eq!(body.findings().first(), body.verdict());
        body
    }

    /// All that was found.
    fn findings(self, steps: &[Step], verification: Verification) -> Vec<String> {
        self.finished(steps, verification).findings().iter().map(ToString::to_string).collect()
    }
}

fn run<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

fn notes(body: &VerifiedBody<ScriptedBody>) -> Vec<String> {
    body.notes().iter().map(ToString::to_string).collect()
}
