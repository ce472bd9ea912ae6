// is not a status of an enabled version of `http`
// `http` 1 always works; `http` 0.2 (axum 0.6) needs the feature `axum-06` of axum-trailers

use axum_06::http::StatusCode;
use axum_trailers::problem::Problem;

fn main() {
    let _ = Problem::new(StatusCode::BAD_REQUEST, "no");
}
