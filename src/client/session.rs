//! What the transfers of one command share: the client, requests and their redirects, and what is shown.

use super::{
    console,
    dump::Dump,
    exit_code::{LOCAL_TROUBLE, SUCCESS, USAGE},
    json,
    outgoing::{Outgoing, RequestBody},
    progress::Bar,
    redirect::{self, Redirect},
    report::Report,
    settings, verbose,
};
use crate::cli::ClientOptions;
use axum_trailers_client::{Client, ConnectError, Cut, Error, ResponseBody, Verdict, VerifiedBody};
use http::{HeaderMap, Request, Response, Uri};
use http_body_util::BodyExt;
use std::{
    fmt::Display,
    io::{self, IsTerminal},
    time::{Duration, Instant},
};
use tokio::time::timeout_at;

pub(super) struct Session<'a> {
    client: Client,
    pub(super) options: &'a ClientOptions,
    dump: Dump,
}

/// A response, and how it came.
pub(super) struct Arrived {
    pub(super) response: Response<ResponseBody>,
    /// The URL of the last request.
    pub(super) uri: Uri,
    /// From the first request until the last response.
    pub(super) first_byte: Duration,
    /// Why a redirect was not followed.
    pub(super) not_followed: Option<String>,
}

/// Why a command ends before its first request.
pub(crate) struct Setup {
    pub(crate) code: u8,
    pub(crate) message: String,
}

impl Setup {
    pub(crate) fn usage(message: impl Display) -> Self {
        Self { code: USAGE, message: message.to_string() }
    }

    pub(crate) fn local(message: impl Display) -> Self {
        Self { code: LOCAL_TROUBLE, message: message.to_string() }
    }
}

impl<'a> Session<'a> {
    pub(super) fn new(options: &'a ClientOptions) -> Result<Self, Setup> {
        let client = settings::client(options)?;
        let dump = Dump::open(options.report.dump_header.as_ref())?;
        Ok(Self { client, options, dump })
    }

    /// Ends the connections, so that the servers need not wait for more.
    pub(super) async fn close(&self) {
        self.client.close().await;
    }

    /// Until when a transfer that begins now must be complete.
    pub(super) fn deadline(&self) -> Option<tokio::time::Instant> {
        let max_time = self.options.connection.max_time?;
        tokio::time::Instant::now().checked_add(max_time.0)
    }

    /// How long a transfer may take, if that is limited.
    pub(super) fn max_time(&self) -> Duration {
        self.options.connection.max_time.map_or(Duration::ZERO, |time| time.0)
    }

    /// Sends a request and follows redirects until a response that is none.
    pub(super) async fn exchange(
        &self,
        outgoing: &mut Outgoing,
        deadline: Option<tokio::time::Instant>,
    ) -> Result<Arrived, Error> {
        let exchange = self.exchange_in_any_time(outgoing);
        let Some(deadline) = deadline else { return exchange.await };
        match timeout_at(deadline, exchange).await {
            Ok(result) => result,
            Err(_) => Err(Error::Connect(ConnectError::NoResponse(self.max_time()))),
        }
    }

    async fn exchange_in_any_time(&self, outgoing: &mut Outgoing) -> Result<Arrived, Error> {
        let began = Instant::now();
        let mut redirects = 0;
        let mut cause = None;
        loop {
            let request = self.request(outgoing).map_err(|reason| match &cause {
                None => Error::Request(reason),
                Some(cause) => Error::Request(format!("{cause}: {reason}")),
            })?;
            // It is large: it contains the connection's handshakes.
            let response = Box::pin(self.client.exchange(request)).await?;
            if self.options.report.verbose {
                verbose::response(&response);
            }
            self.dump.response(&response);
            if outgoing.expects_too_much(&response) {
                cause = Some("can't repeat the request without Expect after 417".to_owned());
                redirect::discard(response).await;
                continue;
            }
            let mut arrived = Arrived {
                response,
                uri: outgoing.uri.clone(),
                first_byte: began.elapsed(),
                not_followed: None,
            };
            if !self.options.location {
                return Ok(arrived);
            }
            match redirect::of(&arrived.response, outgoing) {
                Redirect::None => return Ok(arrived),
                Redirect::Refused(reason) => {
                    arrived.not_followed = Some(reason);
                    return Ok(arrived);
                }
                Redirect::To(_) if redirects >= self.options.max_redirs => {
                    arrived.not_followed = Some(format!("more than {redirects} redirects"));
                    return Ok(arrived);
                }
                Redirect::To(next) => {
                    redirects += 1;
                    redirect::discard(arrived.response).await;
                    cause = Some(format!("can't follow the redirect to {}", next.uri));
                    outgoing.redirect(next);
                }
            }
        }
    }

    fn request(&self, outgoing: &mut Outgoing) -> Result<Request<RequestBody>, String> {
        let body = outgoing.body()?;
        let mut request = Request::new(body);
        *request.method_mut() = outgoing.method.clone();
        *request.uri_mut() = outgoing.uri.clone();
        *request.headers_mut() = outgoing.fields.clone();
        if let Some(trailers) = &outgoing.unchecked_trailers {
            request.extensions_mut().insert(trailers.clone());
        }
        if self.options.report.verbose {
            verbose::show_requests(&mut request);
        }
        Ok(request)
    }

    /// Receives the content of a response, until its end or the deadline. A failure of `take` ends it.
    pub(super) async fn receive<E>(
        &self,
        body: &mut VerifiedBody<ResponseBody>,
        deadline: Option<tokio::time::Instant>,
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        loop {
            let frame = match deadline {
                None => body.frame().await,
                Some(deadline) => {
                    let Ok(frame) = timeout_at(deadline, body.frame()).await else {
                        body.cut(Cut::TimedOut(self.max_time()));
                        return Ok(());
                    };
                    frame
                }
            };
            match frame {
                None | Some(Err(_)) => return Ok(()),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        take(&data)?;
                    }
                }
            }
        }
    }

    /// A progress bar, where one is wanted. `position` and `total` are in bytes.
    pub(super) fn bar(&self, position: u64, total: Option<u64>) -> Bar {
        if self.shows_progress() { Bar::shown(position, total) } else { Bar::hidden() }
    }

    pub(super) fn shows_progress(&self) -> bool {
        !self.options.report.quiet && io::stderr().is_terminal()
    }

    /// Shows a trailer section, where the options say so.
    pub(super) fn trailers(&self, section: &HeaderMap) {
        if self.options.report.verbose {
            verbose::trailers(section);
        }
        self.dump.trailers(section);
    }

    /// Shows what happens between two requests.
    pub(super) fn note(&self, line: impl Display) {
        if !self.options.report.quiet {
            console::error(line);
        }
    }

    /// Reports a transfer. Returns its exit code.
    pub(super) fn show(&self, mut report: Report) -> u8 {
        if let Some(failure) = self.dump.failure() {
            report.prefer(Verdict::LocalTrouble(failure));
        }
        if self.options.report.json
            && let Err(error) = console::print(json::line(&report))
        {
            report.is_silent |= error.kind() == io::ErrorKind::BrokenPipe;
            report.prefer(Verdict::LocalTrouble(format!("can't write to standard output: {error}")));
        }
        report.advise();
        let code = report.exit_code();
        if !report.is_silent && (code != SUCCESS || !self.options.report.quiet) {
            console::error(report.text());
        }
        code
    }
}
