//! `GET /answer`: an answer that is streamed word by word, and behind it what it has used. APIs of language models
//! report such counts, and know them only at the end.
//!
//! ```text
//! curl -v -k --no-buffer 'https://localhost:3000/answer?prompt=What+is+a+trailer&words=12'
//! ```
//!
//! | Parameter | |
//! |---|---|
//! | `prompt` | the question. No model reads it; only its words are counted |
//! | `words` | the length of the answer, from 1 to 10,000, default 30 |
//! | `delay` | the pause before each word except the first, in milliseconds, up to 10,000, default 40 |
//!
//! `X-Usage-Input-Tokens` is the number of words of the prompt, `X-Usage-Output-Tokens` that of the answer. The pauses
//! take up to 5 minutes in total.

use super::query::{self, Query};
use axum::response::IntoResponse;
use axum_trailers::{
    body::{self, SendError, Sender},
    problem::Problem,
    trailers::{Declared, Trailers},
};
use http_02::{HeaderName, Uri, header};
use std::time::Duration;
use tokio::time::sleep;

const MAX_WORDS: u64 = 10_000;
const MAX_DELAY: u64 = 10_000;
const MAX_PAUSES: Duration = Duration::from_secs(5 * 60);

const DEFAULT_WORDS: u64 = 30;
const DEFAULT_DELAY: u64 = 40;

const INPUT_TOKENS: HeaderName = HeaderName::from_static("x-usage-input-tokens");
const OUTPUT_TOKENS: HeaderName = HeaderName::from_static("x-usage-output-tokens");

/// Repeated if the answer is longer.
const ANSWER: &str = "A trailer is a field that follows the content of a message. The sender writes it last, so it \
                      can contain what nobody knew at the beginning: a checksum, a count, a duration, or an error.";

#[derive(Clone, Copy)]
struct Plan {
    input: usize,
    words: u64,
    delay: Duration,
}

pub(super) async fn answer(uri: Uri) -> Result<impl IntoResponse, Problem> {
    let plan = Plan::read(&uri)?;
    let declared = Declared::new([INPUT_TOKENS, OUTPUT_TOKENS]).expect("permitted fields");
    let (sender, body) = body::channel(1024, declared);
    super::spawn::task(produce(plan, sender));
    let fields = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    Ok((fields, body))
}

impl Plan {
    fn read(uri: &Uri) -> Result<Self, Problem> {
        let mut query = Query::from_uri(uri);
        let prompt = query.take("prompt")?.unwrap_or_default();
        let words = query.number("words", 1..=MAX_WORDS)?.unwrap_or(DEFAULT_WORDS);
        let delay = query.number("delay", 0..=MAX_DELAY)?.unwrap_or(DEFAULT_DELAY);
        query.finish()?;
        let delay = Duration::from_millis(delay);
        if delay * u32::try_from(words - 1).expect("in range") > MAX_PAUSES {
            let detail = format!(
                "the pauses may take {} s in all: fewer words or a shorter delay",
                MAX_PAUSES.as_secs()
            );
            return Err(query::bad_request(detail));
        }
        Ok(Self { input: prompt.split_whitespace().count(), words, delay })
    }
}

async fn produce(plan: Plan, mut sender: Sender) -> Result<(), SendError> {
    let mut words = ANSWER.split(' ').cycle();
    for n in 1..=plan.words {
        let word = words.next().expect("they repeat");
        let end = if n == plan.words { "\n" } else { " " };
        sender.send(format!("{word}{end}")).await?;
        if n < plan.words {
            tokio::select! {
                () = sleep(plan.delay) => {}
                () = sender.closed() => return Ok(()),
            }
        }
    }
    let mut trailers = Trailers::new();
    trailers.insert(INPUT_TOKENS, plan.input).expect("a permitted field");
    trailers.insert(OUTPUT_TOKENS, plan.words).expect("a permitted field");
    if let Err(error) = sender.finish(trailers) {
        tracing::debug!(%error, "the end of the body reached nobody");
    }
    Ok(())
}
