use super::sink::Sink;
use crate::{
    cli::GetArgs,
    client::{
        defaults,
        exit_code::SUCCESS,
        outgoing::Outgoing,
        report::{Head, Report},
        session::{Arrived, Session, Setup},
        verbose,
    },
};
use axum_trailers::digest::{Algorithm, Digest};
use axum_trailers_client::{Cut, ResponseBody, Verdict, Verification, VerifiedBody};
use http::{Method, Uri};
use http_body_util::BodyExt;
use std::time::Instant;

/// Downloads each URL. Returns the exit code of the first failure.
pub(in crate::client) async fn get(args: &GetArgs, session: &Session<'_>) -> Result<u8, Setup> {
    let mut first_failure = SUCCESS;
    for url in &args.urls {
        let report = Download { args, session, url }.run().await;
        session.show(&report);
        if first_failure == SUCCESS {
            first_failure = report.exit_code;
        }
    }
    Ok(first_failure)
}

struct Download<'a> {
    args: &'a GetArgs,
    session: &'a Session<'a>,
    url: &'a Uri,
}

impl Download<'_> {
    async fn run(&self) -> Report {
        let began = Instant::now();
        let deadline = self.session.deadline();
        let fields = self.session.fields(self.url, defaults::accepting_trailers());
        let mut outgoing = Outgoing::empty(Method::GET, self.url.clone(), fields);
        let arrived = match self.session.exchange(&mut outgoing, deadline).await {
            Ok(arrived) => arrived,
            Err(error) => {
                return Report::without_response(self.url.clone(), error.into(), began.elapsed());
            }
        };
        let Arrived { response, uri, first_byte, not_followed } = arrived;
        let (head, mut body) = self.verification().verify(response).into_parts();
        let mut report = Report::without_response(self.url.clone(), Verdict::Unverified, began.elapsed());
        report.first_byte = Some(first_byte);
        report.detail = not_followed;
        report.head = Some(Head::of(uri, &head));
        let received = self.receive(&mut body, deadline).await;
        report.add_body(&body);
        report.total = began.elapsed();
        if let Err(trouble) = received {
            report.fail(Verdict::LocalTrouble(trouble));
        }
        if self.session.options.report.verbose
            && let Some(section) = &report.trailers
        {
            verbose::trailers(section);
        }
        report
    }

    fn verification(&self) -> Verification {
        let given = [
            self.args.sha256.map(|digest| (Algorithm::Sha256, digest.to_vec())),
            self.args.sha512.map(|digest| (Algorithm::Sha512, digest.to_vec())),
        ];
        let given =
            given.into_iter().flatten().filter_map(|(algorithm, bytes)| Digest::new(algorithm, bytes).ok());
        let verification = given.fold(Verification::new(), Verification::expect);
        let verification =
            if self.args.require_trailers { verification.require_trailers() } else { verification };
        if self.args.require_digest { verification.require_digest() } else { verification }
    }

    async fn receive(
        &self,
        body: &mut VerifiedBody<ResponseBody>,
        deadline: Option<tokio::time::Instant>,
    ) -> Result<(), String> {
        let mut sink = Sink::standard_output();
        loop {
            let frame = match deadline {
                None => body.frame().await,
                Some(deadline) => match tokio::time::timeout_at(deadline, body.frame()).await {
                    Ok(frame) => frame,
                    Err(_) => {
                        body.cut(Cut::TimedOut(
                            self.session
                                .options
                                .connection
                                .max_time
                                .map_or(std::time::Duration::ZERO, |time| time.0),
                        ));
                        return Ok(());
                    }
                },
            };
            match frame {
                None | Some(Err(_)) => return sink.end(),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        sink.write(&data)?;
                    }
                }
            }
        }
    }
}
