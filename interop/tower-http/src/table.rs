//! The table of docs/library.md.

use crate::{
    axum_06::{self, Axum06},
    axum_08::{self, Axum08},
    handlers::{CONTENT, GZIPPED, VALUE, complete, gzipped},
    measured::{Generation, Passes, measure},
};
use std::{collections::BTreeMap, fmt::Write};

type Measured = BTreeMap<&'static str, Passes>;

/// The layers of each row, which have the same result.
const ROWS: &[&[&str]] = &[
    &["`CompressionLayer`"],
    &["`DecompressionLayer`", "`RequestDecompressionLayer`"],
    &["`TimeoutLayer`", "`RequestBodyTimeoutLayer`", "`ResponseBodyTimeoutLayer`"],
    &["`RequestBodyDeadlineLayer`", "`ResponseBodyDeadlineLayer`"],
    &["`RequestBodyLimitLayer`", "axum's `DefaultBodyLimit`"],
    &["`TraceLayer`", "`InFlightRequestsLayer`"],
    &["`OnEarlyDropLayer`"],
    &["`CatchPanicLayer`"],
    &["`SetRequestIdLayer`", "`PropagateRequestIdLayer`", "`PropagateHeaderLayer`"],
    &[
        "`SetRequestHeaderLayer`",
        "`SetResponseHeaderLayer`",
        "`SetSensitiveHeadersLayer`",
        "`SetStatusLayer`",
    ],
    &["`CorsLayer`", "`NormalizePathLayer`", "`AddExtensionLayer`", "`ValidateRequestHeaderLayer`"],
    &["axum's `from_fn`", "`map_request`", "`map_response`"],
    &["`MapRequestBodyLayer`", "`MapResponseBodyLayer` with `map_frame` or `map_data`"],
    &["`MapRequestBodyLayer` with `into_data_stream`"],
    &["`MapResponseBodyLayer` with `into_data_stream`"],
    &["`from_fn` that collects the response"],
];

async fn measure_all<G: Generation>(layered: Vec<(&'static str, G::Router)>) -> Measured {
    let mut measured = Measured::new();
    for (name, router) in layered {
        let earlier = measured.insert(name, measure::<G>(name, &router).await);
        assert!(earlier.is_none(), "{name} is measured twice");
    }
    for name in measured.keys() {
        assert_eq!(ROWS.concat().iter().filter(|row| row == &name).count(), 1, "rows with {name}");
    }
    measured
}

/// The result of all layers of a row that this generation has.
fn result(layers: &[&str], measured: &Measured) -> Option<Passes> {
    let mut results = layers.iter().filter_map(|name| measured.get(name)).copied();
    let first = results.next();
    assert!(results.all(|result| Some(result) == first), "they differ: {layers:?}");
    first
}

fn cells(result: Option<Passes>) -> [&'static str; 2] {
    let cell = |passes| if passes { "pass" } else { "**lost**" };
    result.map_or(["–"; 2], |result| [cell(result.of_responses), cell(result.of_requests)])
}

#[tokio::test]
async fn library_page_has_the_table_as_it_is() {
    let newer = measure_all::<Axum08>(axum_08::layered()).await;
    let older = measure_all::<Axum06>(axum_06::layered()).await;
    let mut table = "| Layer | tower-http 0.7 (axum 0.8): responses | requests | tower-http 0.4 (axum 0.6): responses | requests |\n|---|---|---|---|---|\n"
        .to_owned();
    for row in ROWS {
        let [newer, older] = [&newer, &older].map(|measured| cells(result(row, measured)));
        writeln!(table, "| {} | {} | {} |", row.join(", "), newer.join(" | "), older.join(" | "))
            .expect("memory");
    }
    let page = include_str!("../../../docs/library.md");
    assert!(page.contains(&table), "put this into docs/library.md:\n{table}");
}

/// Otherwise these rows say nothing.
#[tokio::test]
async fn layers_that_code_content_have_done_so() {
    async fn assert_coded<G: Generation>(layered: Vec<(&'static str, G::Router)>) {
        let routers: BTreeMap<_, _> = layered.into_iter().collect();
        let router = |name| routers.get(name).expect("it is measured").clone();

        let compressed = G::send(router("`CompressionLayer`"), "/rows", &[], None).await;
        assert_eq!(compressed.encoding.as_deref(), Some("gzip"));
        let decompressed = G::send(router("`DecompressionLayer`"), "/gzipped", &[], None).await;
        assert_eq!((decompressed.encoding, decompressed.content), (None, CONTENT.into()));
        let upload = Some(complete(&gzipped()));
        let received = G::send(router("`RequestDecompressionLayer`"), "/upload", &[GZIPPED], upload).await;
        assert!(received.is_receipt(CONTENT.len(), Some(VALUE)), "{received:?}");
    }
    assert_coded::<Axum08>(axum_08::layered()).await;
    assert_coded::<Axum06>(axum_06::layered()).await;
}
