use axum_08::{Router, routing::put};
use axum_trailers::request::RequestBody;

async fn upload(_body: RequestBody) {}

fn main() {
    let _: Router = Router::new().route("/", put(upload));
}
