//! The table of all routes. The router and `GET /help` are generated from it; a test compares the table
//! in docs/routes.md with it.

use super::{
    answer, browsers, bytes, chunky, echo, export, faults, files, healthz, help, inspect, lines,
    origin::Origin, problem_page, seen, state::AppState, te, trailers, ui,
};
use axum::{
    Router,
    handler::Handler,
    middleware::{from_fn, map_response},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post, put},
};
use axum_trailers::{layers::ContentDigestLayer, problem::Problem};
use http_02::{HeaderValue, StatusCode, Uri, header};
use std::{collections::BTreeSet, fmt::Write, future::ready};

/// One route of the workbench.
#[derive(Debug)]
#[non_exhaustive]
pub struct Route {
    /// The method. `HEAD` works for every `GET`.
    pub method: &'static str,
    /// The path, with variable parts in braces.
    pub path: &'static str,
    /// What it shows.
    pub shows: &'static str,
    /// The trailer fields of the example's response.
    pub trailers: &'static [&'static str],
    /// The parameters of its query, with their values.
    pub parameters: &'static [&'static str],
    /// The limits on what a request can cost.
    pub bounds: &'static str,
    /// An example request.
    pub example: Example,
    /// The path in axum's syntax.
    pattern: &'static str,
    handler: fn() -> MethodRouter<AppState>,
}

/// An example request.
#[derive(Debug)]
#[non_exhaustive]
pub struct Example {
    /// Path and query.
    pub target: &'static str,
    /// Header fields.
    pub fields: &'static [(&'static str, &'static str)],
    /// Content.
    pub content: Option<&'static str>,
    /// The status of the response.
    pub status: u16,
    /// The command that curl's output is piped into. It must read all output: a second stream would appear before or in
    /// the middle of the first.
    pipe: &'static str,
    /// Where the `{id}` of the target comes from.
    id: Option<Id>,
}

/// An id that another response contains.
#[derive(Debug)]
struct Id {
    field: &'static str,
    of: &'static str,
}

const EXAMPLE: Example = Example { target: "", fields: &[], content: None, status: 200, pipe: "", id: None };

const ROUTE: Route = Route {
    method: "GET",
    path: "",
    shows: "",
    trailers: &[],
    parameters: &[],
    bounds: "",
    example: EXAMPLE,
    pattern: "",
    handler: MethodRouter::new,
};

/// The prefix of user content: files that others have put into the folder.
const FILES: &str = "/files/";

const EXPORT_TRAILERS: &[&str] = &["x-row-count", "content-digest", "server-timing"];

/// All routes.
pub const ROUTES: &[Route] = &[
    Route {
        path: "/",
        shows: "Two chunks with a pause of 2 s, then a trailer. Also sends the article's `Trailers` field, as no other route does. Browsers are redirected to `/ui`.",
        trailers: &["chunky-trailer"],
        example: Example { target: "/", ..EXAMPLE },
        pattern: "/",
        handler: || get(chunky::hello).layer(from_fn(browsers::redirect_to_page)),
        ..ROUTE
    },
    Route {
        path: "/bytes/{n}",
        shows: "n pseudo-random bytes, reproducible with `seed`, and their digest. `trailers`, `length` and `break` make the response misbehave.",
        trailers: &["content-digest"],
        parameters: &[
            "seed=N",
            "chunk=BYTES",
            "delay=MILLISECONDS",
            faults::TRAILERS,
            faults::LENGTH,
            faults::BREAK,
            faults::BREAK_AT,
        ],
        bounds: "n up to 1 GiB; at most 100,000 chunks of up to 64 KiB; delays of up to 10,000 ms each and 5 minutes in total",
        example: Example { target: "/bytes/64?chunk=16&delay=500", pipe: " 2>&1 | cat -v", ..EXAMPLE },
        pattern: "/bytes/:n",
        handler: || get(bytes::bytes.layer(from_fn(problem_page::present))).layer(ContentDigestLayer::new()),
        ..ROUTE
    },
    Route {
        path: "/files/{path}",
        shows: "A file below `--dir`, with a digest of the bytes sent. Supports conditional requests and ranges (RFC 9110 §13, §14). Serves no folders, no hidden files, and nothing outside `--dir` (`..`, encoded forms, links).",
        trailers: &["content-digest"],
        example: Example { target: "/files/Cargo.toml", ..EXAMPLE },
        pattern: "/files/*path",
        handler: || {
            get(files::download.layer(from_fn(problem_page::present)))
                .layer(ContentDigestLayer::new())
                .layer(map_response(files::remember))
        },
        ..ROUTE
    },
    Route {
        method: "PUT",
        path: "/files/{name}",
        shows: "Upload a file (needs `--allow-upload`). It is stored only if it matches its `Content-Digest`, sent as a header field or a trailer.",
        bounds: "size (`--max-upload-size`), concurrent uploads (`--max-uploads`), and those of one client (`--max-uploads-per-client`)",
        example: Example {
            target: "/files/hello.txt",
            fields: &[("content-digest", "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:")],
            content: Some("hello"),
            status: 201,
            ..EXAMPLE
        },
        pattern: "/files/*path",
        handler: || put(files::upload),
        ..ROUTE
    },
    Route {
        path: "/export",
        shows: "The tables of the database, with their columns.",
        example: Example { target: "/export", ..EXAMPLE },
        pattern: "/export",
        handler: || get(export::list),
        ..ROUTE
    },
    Route {
        path: "/export/{table}",
        shows: "Rows as CSV, NDJSON or JSON; row count, digest and timing are trailers, or part of the JSON document (`metadata=body`). `fail_at` simulates a failure, which cuts the transfer or is reported in trailers (`fail`). `trailers`, `length` and `break` make the response misbehave.",
        trailers: EXPORT_TRAILERS,
        parameters: &[
            "format=csv|ndjson|json",
            "limit=N",
            "columns=A,B",
            "metadata=body",
            "fail_at=ROW",
            "fail=reset|trailer",
            faults::TRAILERS,
            faults::LENGTH,
            faults::BREAK,
            faults::BREAK_AT,
        ],
        bounds: "rows (`--max-rows`) of up to 4 MiB each, time (`--max-export-time`), concurrent exports (`--max-exports`), and those of one client (`--max-exports-per-client`)",
        example: Example { target: "/export/orders?limit=10", ..EXAMPLE },
        pattern: "/export/:table",
        handler: || get(export::export),
        ..ROUTE
    },
    Route {
        path: "/export/{table}/events",
        shows: "The same rows as server-sent events, with progress events. The last event contains what would be in the trailers.",
        parameters: &["limit=N", "columns=A,B", "fail_at=ROW", "fail=reset|trailer"],
        bounds: "as for `/export/{table}`",
        example: Example { target: "/export/orders/events?limit=10", ..EXAMPLE },
        pattern: "/export/:table/events",
        handler: || get(export::events),
        ..ROUTE
    },
    Route {
        path: "/exports/{id}",
        shows: "The progress of the export with this `X-Export-Id`, and its trailers once it has ended.",
        bounds: "ended exports are kept for 10 minutes, at most 256 of them",
        example: Example {
            target: "/exports/{id}",
            id: Some(Id { field: "x-export-id", of: "/export/orders" }),
            ..EXAMPLE
        },
        pattern: "/exports/:id",
        handler: || get(export::progress),
        ..ROUTE
    },
    Route {
        path: "/trailers",
        shows: "The fields in the query, returned as trailers; names may be repeated. Forbidden or invalid fields get 400 with the reason.",
        trailers: &["x-color", "x-size"],
        parameters: &["NAME=VALUE"],
        bounds: "64 fields, 8 KiB",
        example: Example { target: "/trailers?x-color=blue&x-color=green&x-size=9", ..EXAMPLE },
        pattern: "/trailers",
        handler: || get(trailers::trailers),
        ..ROUTE
    },
    Route {
        path: "/answer",
        shows: "A streamed answer, like that of a language model, with its usage counts at the end.",
        trailers: &["x-usage-input-tokens", "x-usage-output-tokens"],
        parameters: &["prompt=TEXT", "words=N", "delay=MILLISECONDS"],
        bounds: "10,000 words, delays of up to 10,000 ms each and 5 minutes in total",
        example: Example { target: "/answer?prompt=What+is+a+trailer&words=12", ..EXAMPLE },
        pattern: "/answer",
        handler: || get(answer::answer),
        ..ROUTE
    },
    Route {
        path: "/lines/{n}",
        shows: "n numbered lines and their number. If one fails (`fail_at`), the trailer `x-stream-error` contains the reason.",
        trailers: &["x-stream-error"],
        parameters: &["fail_at=LINE"],
        bounds: "100,000 lines",
        example: Example { target: "/lines/5?fail_at=3", ..EXAMPLE },
        pattern: "/lines/:n",
        handler: || get(lines::lines),
        ..ROUTE
    },
    Route {
        path: "/te",
        shows: "What the request contains about trailers, whether the response has any, and the proxies that the request has passed.",
        trailers: &["x-protocol", "x-te", "x-trailers"],
        example: Example { target: "/te", ..EXAMPLE },
        pattern: "/te",
        handler: || get(te::te),
        ..ROUTE
    },
    Route {
        method: "POST",
        path: "/echo",
        shows: "The request body, streamed back as it arrives, then the request trailers as `X-Echo-…`.",
        bounds: "body size (`--max-body-size`)",
        example: Example { target: "/echo", content: Some("hello"), ..EXAMPLE },
        pattern: "/echo",
        handler: || post(echo::echo),
        ..ROUTE
    },
    Route {
        method: "POST",
        path: "/inspect",
        shows: "The request as received: protocol, header fields, trailers, length, digest, hops, and announced trailers that are missing or have become header fields.",
        bounds: "body size (`--max-body-size`)",
        example: Example { target: "/inspect", content: Some("hello"), ..EXAMPLE },
        pattern: "/inspect",
        handler: || post(inspect::inspect),
        ..ROUTE
    },
    Route {
        path: "/seen/{id}",
        shows: "What the server sent of the response with this `X-Request-Id`: header section, sizes, trailers, and the outcome. With the token of a probe (`X-Check-Id` or `probe=TOKEN`) also what arrived of the request.",
        bounds: "the last 256 responses, and the last 1,024 tokens for 10 minutes",
        example: Example {
            target: "/seen/{id}",
            id: Some(Id { field: "x-request-id", of: "/trailers?x-color=blue" }),
            ..EXAMPLE
        },
        pattern: "/seen/:id",
        handler: || get(seen::seen),
        ..ROUTE
    },
    Route {
        path: "/ui",
        shows: "A page that tries all routes in a browser, plots the chunks as they arrive, and shows which trailers that browser exposes to scripts.",
        example: Example { target: "/ui", ..EXAMPLE },
        pattern: "/ui",
        handler: || get(ui::page),
        ..ROUTE
    },
    Route {
        path: "/ui/",
        shows: "The same page.",
        example: Example { target: "/ui/", ..EXAMPLE },
        pattern: "/ui/",
        handler: || get(ui::page),
        ..ROUTE
    },
    Route {
        path: "/ui/{file}",
        shows: "The page's style sheet and scripts.",
        example: Example { target: "/ui/style.css", ..EXAMPLE },
        pattern: "/ui/:file",
        handler: || get(ui::file),
        ..ROUTE
    },
    Route {
        path: "/favicon.ico",
        shows: "The page's icon, at the default path of browsers.",
        example: Example { target: "/favicon.ico", ..EXAMPLE },
        pattern: "/favicon.ico",
        handler: || get(ui::favicon),
        ..ROUTE
    },
    Route {
        path: "/help",
        shows: "This table as text, or as HTML or JSON if `Accept` prefers it.",
        example: Example { target: "/help", ..EXAMPLE },
        pattern: "/help",
        handler: || get(help::help),
        ..ROUTE
    },
    Route {
        path: "/healthz",
        shows: "Health check: 200 while the server runs.",
        example: Example { target: "/healthz", ..EXAMPLE },
        pattern: "/healthz",
        handler: || get(healthz::healthz),
        ..ROUTE
    },
];

impl Route {
    /// The curl line that shows it on a server that listens on `localhost:3000`.
    #[must_use]
    pub fn curl(&self) -> String {
        self.curl_at(&Origin::default())
    }

    /// The curl line that shows it on this server.
    pub(super) fn curl_at(&self, server: &Origin) -> String {
        let Example { target, fields, content, pipe, id, .. } = &self.example;
        // In a pipe, curl also draws a progress meter.
        let silent = if pipe.is_empty() { "" } else { " -s" };
        let tls = server.curl_options();
        let mut line = format!("curl{silent} -v{tls} --no-buffer");
        if let Some(content) = content {
            if self.method != "POST" {
                write!(line, " -X {}", self.method).expect("memory");
            }
            write!(line, " -d '{content}'").expect("memory");
        }
        for (name, value) in *fields {
            write!(line, " -H '{name}: {value}'").expect("memory");
        }
        match id {
            Some(Id { field, of }) => {
                let path = target.trim_end_matches("{id}");
                let id = format!("curl -s{tls} -o /dev/null -w '%header{{{field}}}' '{server}{of}'");
                write!(line, " '{server}{path}'$({id})").expect("memory");
            }
            None => write!(line, " '{server}{target}'{pipe}").expect("memory"),
        }
        line
    }
}

/// Routes for all of them, and a problem document for every other path.
pub(super) fn router() -> Router<AppState> {
    let patterns: BTreeSet<&str> = ROUTES.iter().map(|route| route.pattern).collect();
    let router = patterns.into_iter().fold(Router::new(), |router, pattern| {
        let here = || ROUTES.iter().filter(|route| route.pattern == pattern);
        let methods = here().fold(MethodRouter::new(), |all, route| all.merge((route.handler)()));
        let methods_here: Vec<_> = here().map(|route| route.method).collect();
        let allowed = methods_here.join(", ").replace("GET", "GET, HEAD");
        let methods = methods.fallback(move || ready(not_allowed(&allowed)));
        let is_of_files = pattern.starts_with(FILES);
        router
            .route(pattern, if is_of_files { methods.layer(map_response(files::isolated)) } else { methods })
    });
    router.fallback(no_route).layer(from_fn(problem_page::present))
}

fn not_allowed(allowed: &str) -> Problem {
    let detail = format!("this path allows {allowed}");
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail);
    let allowed = HeaderValue::try_from(allowed).expect("methods and commas make a field value");
    problem.field(header::ALLOW, allowed)
}

async fn no_route(uri: Uri) -> Response {
    let detail = format!("no route matches {}: see /help", uri.path());
    let response = Problem::new(StatusCode::NOT_FOUND, detail).into_response();
    if uri.path().starts_with(FILES) { files::isolated(response).await } else { response }
}
