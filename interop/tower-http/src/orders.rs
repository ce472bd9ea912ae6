//! The orders of layers that docs/library.md recommends, and the ones that fail.

use crate::{
    axum_06::{self, Axum06},
    axum_08::{self, Axum08},
    handlers::{CONTENT, GZIPPED, VALUE, complete, gzipped},
    layers::Orders,
    measured::{Answer, Generation},
};
use axum_trailers::digest::{Algorithm, Hashers};

fn digest(content: &[u8]) -> String {
    let mut hashers = Hashers::new([Algorithm::Sha256]);
    hashers.update(content);
    hashers.finish()[0].to_string()
}

async fn rows<G: Generation>(router: G::Router) -> Answer {
    G::send(router, "/rows", &[], None).await
}

#[tokio::test]
async fn digest_around_compression_is_right_and_inside_it_is_outdated() {
    async fn check<G: Generation>(orders: Orders<G::Router>) {
        let around = rows::<G>(orders.digest_around_compression).await;
        assert_eq!(around.encoding.as_deref(), Some("gzip"));
        assert_eq!(around.digest, Some(digest(&around.content)));
        assert_eq!(around.trailer.as_deref(), Some(VALUE));

        let inside = rows::<G>(orders.digest_inside_compression).await;
        assert_eq!(inside.encoding.as_deref(), Some("gzip"));
        assert_eq!(inside.digest, Some(digest(CONTENT.as_bytes())));
        assert_ne!(inside.digest, Some(digest(&inside.content)));
    }
    check::<Axum08>(axum_08::orders()).await;
    check::<Axum06>(axum_06::orders()).await;
}

#[tokio::test]
async fn layer_around_one_that_loses_trailers_still_adds_its_own() {
    async fn check<G: Generation>(orders: Orders<G::Router>) {
        let answer = rows::<G>(orders.digest_around_collecting).await;
        assert_eq!((answer.trailer, answer.digest), (None, Some(digest(CONTENT.as_bytes()))));
    }
    check::<Axum08>(axum_08::orders()).await;
    check::<Axum06>(axum_06::orders()).await;
}

#[tokio::test]
async fn digest_of_a_request_is_checked_around_decompression_and_not_inside() {
    async fn check<G: Generation>(orders: Orders<G::Router>) {
        let digest = digest(&gzipped());
        let put = async |router| {
            let fields = [GZIPPED, ("content-digest", digest.as_str())];
            G::send(router, "/upload", &fields, Some(complete(&gzipped()))).await
        };
        let around = put(orders.check_around_decompression).await;
        assert!(around.is_receipt(CONTENT.len(), Some(VALUE)), "{around:?}");
        let inside = put(orders.check_inside_decompression).await;
        assert_eq!(inside.status, 400);
    }
    check::<Axum08>(axum_08::orders()).await;
    check::<Axum06>(axum_06::orders()).await;
}
