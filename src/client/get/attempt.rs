use super::{
    answer::Answer,
    download::Download,
    judge,
    kept::Kept,
    sink::{Beginning, Rest, Sink},
};
use crate::client::{
    defaults,
    outgoing::Outgoing,
    output::Trouble,
    progress::Bar,
    redirect, refusal,
    report::{Head, Report},
    session::Arrived,
};
use axum_trailers_client::{Cut, Error, Prefix, ResponseBody, Verdict, Verification, VerifiedBody};
use http::{HeaderValue, Method, header};
use http_body::Body;

/// What an attempt has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Content of the response has been written.
    Content,
    Nothing,
    /// Nothing, and another attempt would do the same.
    Hopeless,
}

impl Download<'_> {
    /// Requests the content, or the rest of it, and writes it.
    pub(super) async fn attempt(&self, sink: &mut Sink, report: &mut Report) -> Result<Outcome, Trouble> {
        let mut asked = noted(sink.beginning(&self.url.to_string())?, report);
        let mut may_ask_for_last_byte = true;
        loop {
            let arrived = match self.request(asked.as_ref()).await {
                Ok(arrived) => arrived,
                Err(error) => {
                    report.prefer(error.into());
                    return Ok(Outcome::Nothing);
                }
            };
            report.first_byte = Some(arrived.first_byte);
            let (status, fields) = (arrived.response.status(), arrived.response.headers());
            let answer = Answer::of(status, fields, asked.as_ref(), self.users_fields);
            // The next request is one for the whole, so it ends.
            match (answer, sink.is_begun_stream()) {
                (Answer::Unfit(reason), false) => {
                    report.notes.push(format!("starting over: {reason}"));
                    asked = None;
                }
                (Answer::PastEnd { complete_length }, false) => {
                    let is_whole = complete_length == asked.as_ref().map(|rest| rest.from);
                    asked = match sink {
                        Sink::Part(part) if is_whole && may_ask_for_last_byte => {
                            noted(part.last_byte()?, report)
                        }
                        _ => None,
                    };
                    may_ask_for_last_byte = false;
                    if asked.is_none() {
                        report.notes.push("starting over: the server has no such range".to_owned());
                    }
                }
                (answer, _) => return self.take(arrived, answer, asked, sink, report).await,
            }
            redirect::discard(arrived.response).await;
        }
    }

    async fn request(&self, asked: Option<&Rest>) -> Result<Arrived, Error> {
        let mut fields = self.session.fields(self.users_url, defaults::accepting_trailers());
        if let Some(rest) = asked {
            let range = HeaderValue::try_from(format!("bytes={}-", rest.from));
            let validator = HeaderValue::try_from(&rest.kept.etag);
            fields.insert(header::RANGE, range.expect("digits are permitted"));
            fields.insert(header::IF_RANGE, validator.expect("a strong tag is visible ASCII"));
        }
        let mut outgoing = Outgoing::empty(Method::GET, self.url.clone(), fields);
        self.session.exchange(&mut outgoing, self.deadline).await
    }

    async fn take(
        &self,
        arrived: Arrived,
        answer: Answer,
        asked: Option<Rest>,
        sink: &mut Sink,
        report: &mut Report,
    ) -> Result<Outcome, Trouble> {
        let rest = asked.filter(|_| answer == Answer::Rest);
        let mut verification = self.verification();
        if let Some(rest) = &rest {
            verification = verification.after(Prefix::new(rest.hashers.clone(), rest.from));
        }
        let Arrived { response, uri, not_followed, .. } = arrived;
        let (head, mut body) = verification.verify(response).into_parts();
        report.head = Some(Head::of(uri, &head));
        report.detail = not_followed;
        let outcome = match answer {
            Answer::Whole => {
                let length = body.size_hint().exact();
                let kept = Kept::of(&self.url.to_string(), &head.headers, length)
                    .filter(|_| !self.users_fields.has_range);
                if sink.begin(kept)? {
                    self.receive(&mut body, 0, sink, report).await?;
                    report.detail = judge::users_part(&head);
                    Outcome::Content
                } else {
                    report.prefer(judge::not_continued());
                    Outcome::Hopeless
                }
            }
            Answer::Rest => {
                let rest = rest.expect("only a requested rest is one");
                sink.resume(&rest)?;
                report.resumed_from = Some(rest.from);
                self.receive(&mut body, rest.from, sink, report).await?;
                judge::rest(&head, self.args.require_digest, report);
                Outcome::Content
            }
            Answer::Nothing => {
                body.finish().await;
                self.end(&body, report);
                report.detail = Some(format!("{}, so nothing was written", head.status));
                Outcome::Nothing
            }
            Answer::Refusal => {
                report.refusal = refusal::read(&head.headers, &mut body, self.deadline).await;
                self.end(&body, report);
                judge::refusal(&head, report);
                Outcome::Nothing
            }
            Answer::Unrequested => {
                let reason = "the response is a part (206), but the whole was requested";
                report.prefer(Verdict::Cut(Cut::Malformed(reason.to_owned())));
                Outcome::Nothing
            }
            Answer::Unfit(_) | Answer::PastEnd { .. } => {
                report.prefer(judge::not_continued());
                Outcome::Hopeless
            }
        };
        Ok(outcome)
    }

    fn verification(&self) -> Verification {
        let mut verification = self.expected.iter().cloned().fold(Verification::new(), Verification::expect);
        if self.args.require_trailers {
            verification = verification.require_trailers();
        }
        if self.args.require_digest { verification.require_digest() } else { verification }
    }

    /// Writes all content, which begins at this position in bytes.
    async fn receive(
        &self,
        body: &mut VerifiedBody<ResponseBody>,
        from: u64,
        sink: &mut Sink,
        report: &mut Report,
    ) -> Result<(), Trouble> {
        let total = body.size_hint().exact().map(|length| from.saturating_add(length));
        let bar = if sink.is_terminal() { Bar::hidden() } else { self.session.bar(from, total) };
        let mut position = from;
        let receiving = self.session.receive(body, self.deadline, |data| {
            position = position.saturating_add(data.len() as u64);
            bar.set(position);
            sink.write(data)
        });
        let written = receiving.await;
        drop(bar);
        self.end(body, report);
        written
    }

    /// Reports what is known at the end of a body.
    fn end(&self, body: &VerifiedBody<ResponseBody>, report: &mut Report) {
        report.add_body(body);
        if let Some(section) = &report.trailers {
            self.session.trailers(section);
        }
    }
}

/// The rest to request, or a note why there is none.
fn noted(beginning: Beginning, report: &mut Report) -> Option<Rest> {
    match beginning {
        Beginning::Nothing => None,
        Beginning::Useless(reason) => {
            report.notes.push(reason);
            None
        }
        Beginning::Usable(rest) => Some(rest),
    }
}
