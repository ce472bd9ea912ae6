//! `GET /answer` streams its words and then sends what it has used.

use crate::support::{
    TestServer,
    protocols::{Protocol, json, over_each_protocol, read},
    upload::fields,
    workbench,
};

over_each_protocol! {
    usage_counts_the_words_of_the_prompt_and_of_the_answer;
}

async fn usage_counts_the_words_of_the_prompt_and_of_the_answer(protocol: Protocol) {
    let server = TestServer::start(workbench(".").router());
    let client = protocol.client(server.address).await;
    for (query, input, output) in [
        ("", "0", 30),
        ("?words=1&prompt=Why", "1", 1),
        ("?words=100&delay=0&prompt=+What++is+a%0Atrailer%3F+", "4", 100),
    ] {
        let response = client.get(&format!("/answer{query}")).await;
        let ending = read(response).await.expect("no error");
        let text = String::from_utf8(ending.content).expect("UTF-8");
        assert_eq!(text.split_whitespace().count(), output, "{query} over {protocol}: {text}");
        assert!(text.starts_with('A') && text.ends_with('\n'), "{query} over {protocol}: {text}");
        let usage = [("x-usage-input-tokens", input), ("x-usage-output-tokens", &output.to_string())];
        assert_eq!(ending.trailers.expect("trailers"), fields(&usage), "{query} over {protocol}");
    }
}

#[tokio::test]
async fn answer_past_its_bounds_is_refused() {
    let server = TestServer::start(workbench(".").router());
    // Between 301 words there are 300 pauses, which is the bound.
    let longest = Protocol::Http2
        .client(server.address)
        .await
        .request("HEAD", "/answer?words=301&delay=1000")
        .send()
        .await;
    assert_eq!(longest.expect("a response").status(), 200);
    for (query, detail) in [
        ("words=0", "`words` must be a number from 1 to 10000, not `0`"),
        ("words=10001", "`words` must be a number from 1 to 10000, not `10001`"),
        ("delay=10001", "`delay` must be a number from 0 to 10000, not `10001`"),
        ("words=302&delay=1000", "the pauses may take 300 s in all: fewer words or a shorter delay"),
        ("words=10000&delay=40", "the pauses may take 300 s in all: fewer words or a shorter delay"),
    ] {
        let response = Protocol::Http2.client(server.address).await.get(&format!("/answer?{query}")).await;
        assert_eq!(response.status(), 400, "{query}");
        let problem = json(response).await;
        assert_eq!(problem["detail"], detail, "{query}");
    }
}
