use super::{Step, requests, stream::Stream};
use crate::support::{CERTIFICATE, KEY, PATIENCE, raw};
use rustls::ServerConfig;
use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

/// A server on a free loopback port. It ends with the test.
pub(crate) struct Scripted {
    pub(crate) address: SocketAddr,
    is_tls: bool,
    received: Record,
    _accepting: JoinSet<()>,
}

/// What each connection has received.
type Record = Arc<Mutex<Vec<Vec<u8>>>>;

/// Whether connections are encrypted.
#[derive(Clone)]
pub(crate) enum Security {
    Plain,
    Tls(Arc<ServerConfig>),
}

impl Security {
    /// TLS with the repository's certificate, and these protocols.
    pub(crate) fn tls(alpn: &[&str]) -> Self {
        Self::certified(CERTIFICATE, KEY, alpn)
    }

    pub(crate) fn certified(certificate: &[u8], key: &[u8], alpn: &[&str]) -> Self {
        Self::Tls(Arc::new(raw::server_config(certificate, key, rustls::DEFAULT_VERSIONS, alpn)))
    }

    async fn accept(self, tcp: TcpStream) -> io::Result<Stream> {
        tcp.set_nodelay(true)?;
        Ok(match self {
            Self::Plain => Stream::Plain(tcp),
            Self::Tls(config) => Stream::Tls(Box::new(TlsAcceptor::from(config).accept(tcp).await?)),
        })
    }
}

impl Scripted {
    /// Follows this script on each connection over plain TCP.
    pub(crate) async fn plain(script: Vec<Step>) -> Self {
        Self::start(Security::Plain, move |_| script.clone()).await
    }

    /// Follows a script on each connection. The function takes the number of connections before it.
    pub(crate) async fn start(
        security: Security,
        script: impl FnMut(usize) -> Vec<Step> + Send + 'static,
    ) -> Self {
        Listening::new().await.start(security, script)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        let (scheme, host) = if self.is_tls { ("https", "localhost") } else { ("http", "127.0.0.1") };
        format!("{scheme}://{host}:{}{path}", self.address.port())
    }

    /// What each connection has received, as text.
    pub(crate) fn received(&self) -> Vec<String> {
        let received = self.received.lock().expect("no panic");
        received.iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect()
    }
}

/// A server whose address is known before its script.
pub(crate) struct Listening {
    listener: TcpListener,
    pub(crate) address: SocketAddr,
}

impl Listening {
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        Self { listener, address }
    }

    pub(crate) fn start(
        self,
        security: Security,
        mut script: impl FnMut(usize) -> Vec<Step> + Send + 'static,
    ) -> Scripted {
        let Self { listener, address } = self;
        let is_tls = matches!(security, Security::Tls(_));
        let received = Record::default();
        let mut accepting = JoinSet::new();
        let record = received.clone();
        accepting.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                let number = {
                    let mut received = record.lock().expect("no panic");
                    received.push(Vec::new());
                    received.len() - 1
                };
                let (steps, security, record) = (script(number), security.clone(), record.clone());
                connections.spawn(async move {
                    // A client may close at any time.
                    let _end = tokio::time::timeout(PATIENCE * 2, async {
                        let stream = security.accept(tcp).await?;
                        Connection { stream, number, record, requests: 0 }.follow(steps).await
                    })
                    .await;
                });
            }
        });
        Scripted { address, is_tls, received, _accepting: accepting }
    }
}

struct Connection {
    stream: Stream,
    number: usize,
    record: Record,
    /// The number of whole requests that the script has waited for.
    requests: usize,
}

impl Connection {
    async fn follow(mut self, steps: Vec<Step>) -> io::Result<()> {
        for step in steps {
            match step {
                Step::Request => {
                    let before = self.requests;
                    self.read_until(|received| requests::whole_requests(received) > before).await?;
                    self.requests += 1;
                }
                Step::Head => {
                    let before = self.requests;
                    self.read_until(|received| requests::heads(received) > before).await?;
                }
                Step::Send(bytes) => self.stream.send(&bytes).await?,
                Step::Pace { bytes, size, pause } => {
                    for piece in bytes.chunks(size) {
                        self.stream.send(piece).await?;
                        tokio::time::sleep(pause).await;
                    }
                }
                Step::Flood { bytes, times } => {
                    for _ in 0..times {
                        self.stream.send(&bytes).await?;
                    }
                }
                Step::Wait(event) => event.notified().await,
                Step::Silence => std::future::pending().await,
                Step::Close => self.stream.close().await?,
                Step::Abort => self.stream.abort().await?,
                Step::Reset => return self.stream.reset(),
            }
        }
        while self.read().await? {}
        Ok(())
    }

    async fn read_until(&mut self, has_come: impl Fn(&[u8]) -> bool) -> io::Result<()> {
        while !has_come(&self.record.lock().expect("no panic")[self.number]) {
            if !self.read().await? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(())
    }

    /// Returns whether something was received.
    async fn read(&mut self) -> io::Result<bool> {
        let mut received = Vec::with_capacity(64 * 1024);
        self.stream.read(&mut received).await?;
        self.record.lock().expect("no panic")[self.number].extend_from_slice(&received);
        Ok(!received.is_empty())
    }
}
