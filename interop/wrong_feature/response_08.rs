use axum_08::{Router, routing::get};
use axum_trailers::{body, trailers::Declared};

async fn rows() -> body::StreamBody<body::Chunks> {
    let (sender, body) = body::channel(1000, Declared::new(["x-rows"]).expect("a permitted field"));
    drop(sender);
    body
}

fn main() {
    let _: Router = Router::new().route("/", get(rows));
}
