use super::socket::Socket;
use crate::connection::LINGER;
use std::io;
use tokio::{io::AsyncWriteExt, time::timeout};

/// Responds with 400 over plain HTTP to a client that has used the wrong protocol, and briefly reads what it still sends,
/// so that a reset does not lose the response.
pub(super) async fn answer(socket: &mut Socket, advice: &str) {
    // If it does not arrive, there is nothing else to do.
    let _answered = timeout(LINGER, try_answer(socket, advice)).await;
}

async fn try_answer(socket: &mut Socket, advice: &str) -> io::Result<()> {
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\n\
         x-content-type-options: nosniff\r\ncache-control: no-store\r\nconnection: close\r\n\r\n{advice}",
        advice.len()
    );
    socket.write_all(answer.as_bytes()).await?;
    socket.shutdown().await?;
    socket.drain().await
}
