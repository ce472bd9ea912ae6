use http_body_util::BodyExt;

pub(super) async fn show(client: reqwest::Client, url: &str) -> Result<(), Box<dyn std::error::Error>> {
    let response = client.get(url).header("te", "trailers").send().await?;
    let mut body = http::Response::from(response).into_body();
    while let Some(frame) = body.frame().await {
        if let Ok(trailers) = frame?.into_trailers() {
            println!("{}", trailers["x-row-count"].to_str()?);
        }
    }
    Ok(())
}
