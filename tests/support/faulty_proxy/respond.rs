use super::{
    Fault,
    body::{Incoming, Outgoing, Piece},
    client::Client,
    message::{Asked, Broken, add_via, remove_connection_fields},
    origin::Answers,
    proxy::Setup,
    response_faults::Changes,
};
use http::{
    Response, StatusCode, Version,
    header::{CONTENT_LENGTH, TRAILER},
    response::Parts,
};
use std::{future::pending, io};

/// Forwards a response, and takes the client for it. Returns whether the connection to the client can be used again.
pub(super) async fn respond(
    setup: &Setup,
    asked: &Asked,
    answers: &mut Answers,
    client: &mut Option<Client>,
) -> bool {
    let answer = final_answer(setup, answers, client).await;
    let client = client.take().expect("the only response");
    match answer {
        Ok(answer) => forward(setup, asked, answer, client).await.unwrap_or(false),
        Err(broken) => {
            client.break_off(broken).await;
            false
        }
    }
}

/// Forwards informational responses, and returns the final one.
async fn final_answer(
    setup: &Setup,
    answers: &mut Answers,
    client: &mut Option<Client>,
) -> Result<Response<Incoming>, Broken> {
    loop {
        let answer = answers.next().await?;
        if !answer.status().is_informational() {
            return Ok(answer);
        }
        let times = match setup.fault {
            Some(Fault::LoseContinue) if answer.status() == StatusCode::CONTINUE => 0,
            Some(Fault::DoubleContinue) if answer.status() == StatusCode::CONTINUE => 2,
            _ => 1,
        };
        for _ in 0..times {
            let client = client.as_mut().expect("no response was sent");
            // The client may be gone.
            let _sent = client.inform(answer.status(), answer.headers()).await;
        }
    }
}

async fn forward(
    setup: &Setup,
    asked: &Asked,
    answer: Response<Incoming>,
    client: Client,
) -> io::Result<bool> {
    let (mut head, mut body) = answer.into_parts();
    let has_content = asked.has_content(head.status);
    remove_connection_fields(&mut head.headers);
    add_via(&mut head.headers, head.version, setup.name);
    if has_content && client.version() != Version::HTTP_2 {
        make_room_for_trailers(&mut head);
    }
    let mut changes = Changes::new(setup, asked, &head);
    let has_content = changes.begin(&mut head, &mut body).await || has_content;
    let mut outgoing = client.respond(head, has_content).await?;
    loop {
        match body.next().await {
            Ok(Some(Piece::Data(data))) => outgoing.send(Piece::Data(changes.data(data))).await?,
            Ok(Some(Piece::Trailers(trailers))) => {
                let trailers = changes.trailers(trailers);
                return end(&mut outgoing, &mut changes, trailers).await;
            }
            Ok(None) => return end(&mut outgoing, &mut changes, None).await,
            Err(broken) if setup.ends_at(broken) => return end(&mut outgoing, &mut changes, None).await,
            Err(_) if setup.has(Fault::HangAfterCut) => pending().await,
            Err(broken) => {
                outgoing.break_off(broken).await;
                return Ok(false);
            }
        }
    }
}

/// Over HTTP/1.1 no trailers follow content with a length.
fn make_room_for_trailers(head: &mut Parts) {
    if head.headers.contains_key(TRAILER) {
        head.headers.remove(CONTENT_LENGTH);
    }
}

async fn end(
    outgoing: &mut Outgoing,
    changes: &mut Changes<'_>,
    trailers: Option<http::HeaderMap>,
) -> io::Result<bool> {
    let rest = changes.rest();
    if !rest.is_empty() {
        outgoing.send(Piece::Data(rest)).await?;
    }
    match trailers {
        Some(trailers) => outgoing.send(Piece::Trailers(trailers)).await?,
        None => outgoing.end().await?,
    }
    Ok(true)
}
