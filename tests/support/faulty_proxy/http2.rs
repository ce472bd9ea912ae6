use super::{
    body::Incoming, client::Client, exchange::exchange, message::remove_connection_fields, proxy::Setup,
    stream::Stream,
};
use h2::{Reason, server};
use std::{future::poll_fn, sync::Arc};
use tokio::sync::Notify;

const WINDOW: u32 = 1024 * 1024;

/// Serves a connection until one side ends it.
pub(super) async fn serve(setup: &Arc<Setup>, stream: Stream) -> Result<(), h2::Error> {
    let mut builder = server::Builder::new();
    builder.initial_window_size(WINDOW).initial_connection_window_size(WINDOW);
    let mut connection = builder.handshake(stream).await?;
    let end = Arc::new(Notify::new());
    loop {
        tokio::select! {
            accepted = connection.accept() => {
                let Some(accepted) = accepted else { return Ok(()) };
                let (mut request, response) = accepted?;
                remove_connection_fields(request.headers_mut());
                let request = request.map(Incoming::from);
                let client = Client::Http2 { response, end: end.clone() };
                let setup = setup.clone();
                // It also sees the end of the connection.
                tokio::spawn(async move { exchange(&setup, request, client).await });
            }
            () = end.notified() => {
                connection.abrupt_shutdown(Reason::PROTOCOL_ERROR);
                return poll_fn(|cx| connection.poll_closed(cx)).await;
            }
        }
    }
}
