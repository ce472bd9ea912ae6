use super::{
    body::{Incoming, Outgoing, Piece},
    message::Broken,
    proxy::Setup,
    request_faults::{Fate, fate},
};
use http::StatusCode;
use std::io;

/// How an upload ended.
pub(super) enum Uploaded {
    /// All of it was sent, or the origin takes no more of it.
    Done,
    /// The client broke it off.
    Broken,
    /// The proxy answers by itself.
    Refused(StatusCode),
    /// The proxy ends the connection.
    Closed,
}

pub(super) async fn upload(setup: &Setup, from: &mut Incoming, to: &mut Outgoing) -> Uploaded {
    loop {
        let sent = match from.next().await {
            Ok(Some(Piece::Data(data))) => to.send(Piece::Data(data)).await,
            Ok(Some(Piece::Trailers(trailers))) => {
                let sent = match fate(setup, trailers) {
                    Fate::Sent(trailers) => to.send(Piece::Trailers(trailers)).await,
                    Fate::Stripped => to.end().await,
                    Fate::Refused(status) => return Uploaded::Refused(status),
                    Fate::Closed => return Uploaded::Closed,
                };
                return done(sent);
            }
            Ok(None) => return done(to.end().await),
            Err(broken) => return break_off(to, broken).await,
        };
        if sent.is_err() {
            return Uploaded::Done;
        }
    }
}

/// The origin's response says why it takes no more.
fn done(_sent: io::Result<()>) -> Uploaded {
    Uploaded::Done
}

async fn break_off(to: &mut Outgoing, broken: Broken) -> Uploaded {
    to.break_off(broken).await;
    Uploaded::Broken
}
