use super::{
    Fault,
    body::{Incoming, Outgoing},
    client::Client,
    http1::Reader,
    message::{Asked, Asking, add_via, remove_connection_fields},
    origin::{Answers, ask},
    proxy::Setup,
    request_faults::{self, Refusal},
    respond::respond,
    upload::{Uploaded, upload},
};
use http::{HeaderMap, StatusCode, Version, header::EXPECT, request::Parts};
use std::{future::pending, pin::pin};

/// Forwards a request and its response. Returns what is left of an HTTP/1.1 connection that can be used again.
pub(super) async fn exchange(setup: &Setup, request: Asking, mut client: Client) -> Option<Reader> {
    let (mut request, mut incoming) = request.into_parts();
    let asked = Asked::of(&request);
    match request_faults::refusal(setup, &request) {
        Some(Refusal::Status(status)) => {
            client.refuse(status).await;
            return None;
        }
        Some(Refusal::Never) => pending().await,
        None => {}
    }
    let upstream = setup.version(client.version());
    let has_content = !incoming.is_empty();
    let mut kept = None;
    if has_content {
        let keeps = request_faults::keeps_upload(setup, upstream);
        if keeps || upstream == Version::HTTP_2 {
            continue_itself(setup, &mut request, &mut client).await;
        }
        if keeps {
            let fields = &mut request.headers;
            kept = Some(request_faults::keep_upload(setup, fields, &mut incoming, upstream).await?);
        }
    }
    remove_connection_fields(&mut request.headers);
    add_via(&mut request.headers, client.version(), setup.name);
    request_faults::change(setup, &mut request, client.version(), upstream);
    let Ok((mut outgoing, mut answers)) = ask(setup, upstream, request, has_content).await else {
        client.refuse(StatusCode::BAD_GATEWAY).await;
        return None;
    };
    let sent = kept.as_mut().unwrap_or(&mut incoming);
    let is_good = pass(setup, &asked, sent, &mut outgoing, &mut answers, client).await;
    incoming.into_rest().filter(|_| is_good)
}

/// Sends `100 Continue` to a client that waits for it.
async fn continue_itself(setup: &Setup, request: &mut Parts, client: &mut Client) {
    if request.headers.remove(EXPECT).is_none() {
        return;
    }
    let times = match setup.fault {
        Some(Fault::LoseContinue) => 0,
        Some(Fault::DoubleContinue) => 2,
        _ => 1,
    };
    for _ in 0..times {
        // The client may be gone.
        let _sent = client.inform(StatusCode::CONTINUE, &HeaderMap::new()).await;
    }
}

/// Forwards the content of both messages at once. Returns whether the connection to the client can be used again.
async fn pass(
    setup: &Setup,
    asked: &Asked,
    incoming: &mut Incoming,
    outgoing: &mut Outgoing,
    answers: &mut Answers,
    client: Client,
) -> bool {
    // It is taken for the response.
    let mut client = Some(client);
    let uploaded = {
        let mut uploading = pin!(upload(setup, incoming, outgoing));
        let mut responding = pin!(respond(setup, asked, answers, &mut client));
        tokio::select! {
            biased;
            is_good = &mut responding => return is_good,
            uploaded = &mut uploading => match uploaded {
                Uploaded::Done => return responding.await,
                uploaded => uploaded,
            },
        }
    };
    match (uploaded, client) {
        (Uploaded::Refused(status), Some(client)) => client.refuse(status).await,
        (Uploaded::Closed, Some(client)) => client.close().await,
        _ => {}
    }
    false
}
