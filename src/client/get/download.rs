use super::{
    answer::UsersFields,
    attempt::Outcome,
    destination::Destination,
    part::{Part, Remains},
    sink::{Continues, Sink},
};
use crate::{
    cli::GetArgs,
    client::{
        output::Trouble,
        report::Report,
        retry::{Next, Retries},
        session::Session,
        target,
    },
};
use axum_trailers::digest::{Algorithm, Digest};
use axum_trailers_client::Verdict;
use http::{Uri, header};
use std::time::{Instant, SystemTime};

/// The download of one URL.
pub(super) struct Download<'a> {
    pub(super) args: &'a GetArgs,
    pub(super) session: &'a Session<'a>,
    /// With the user's credentials.
    pub(super) users_url: &'a Uri,
    /// Without credentials.
    pub(super) url: Uri,
    pub(super) began: Instant,
    pub(super) deadline: Option<tokio::time::Instant>,
    /// The digests that the user has.
    pub(super) expected: Vec<Digest>,
    pub(super) users_fields: UsersFields,
}

/// A download that is complete, except that its file may have to be put into its place.
pub(super) struct Downloaded {
    pub(super) report: Report,
    pub(super) file: Option<Part>,
}

impl<'a> Download<'a> {
    pub(super) fn new(args: &'a GetArgs, session: &'a Session<'a>, url: &'a Uri) -> Self {
        let given = [
            args.sha256.map(|digest| (Algorithm::Sha256, digest.to_vec())),
            args.sha512.map(|digest| (Algorithm::Sha512, digest.to_vec())),
        ];
        let given = given.into_iter().flatten();
        Self {
            args,
            session,
            users_url: url,
            url: target::without_credentials(url),
            began: Instant::now(),
            deadline: session.deadline(),
            expected: given.filter_map(|(algorithm, bytes)| Digest::new(algorithm, bytes).ok()).collect(),
            users_fields: UsersFields {
                has_range: session.sends(&header::RANGE),
                has_condition: [header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE]
                    .iter()
                    .any(|name| session.sends(name)),
            },
        }
    }

    pub(super) async fn run(&self) -> Downloaded {
        let retries = self.args.resume.retry;
        let continues = Continues { earlier: self.args.resume.resumes(), later: retries > 0 };
        let destination = Destination::of(self.args, &self.url).map_err(Trouble::Local);
        match destination.and_then(|destination| Sink::open(destination, continues)) {
            Ok(sink) => self.attempts(sink, Retries::new(retries)).await,
            Err(trouble) => {
                let mut report = Report::new(self.url.clone());
                report.trouble(trouble);
                Downloaded { report, file: None }
            }
        }
    }

    async fn attempts(&self, mut sink: Sink, mut retries: Retries) -> Downloaded {
        let mut earlier = Vec::new();
        loop {
            let mut report = Report::new(self.url.clone());
            let outcome = self.attempt(&mut sink, &mut report).await.unwrap_or_else(|trouble| {
                report.trouble(trouble);
                Outcome::Content
            });
            report.total = self.began.elapsed();
            report.earlier.clone_from(&earlier);
            let may_go_on = outcome != Outcome::Hopeless && sink.can_go_on();
            let next = if may_go_on { retries.after(&report, SystemTime::now()) } else { Next::GiveUp(None) };
            let pause = match next {
                Next::Pause(pause)
                    if self.deadline.is_none_or(|end| tokio::time::Instant::now() + pause < end) =>
                {
                    pause
                }
                Next::Pause(_) => {
                    report.notes.push("--max-time leaves no time for another attempt".to_owned());
                    return Self::finish(sink, outcome, report);
                }
                Next::GiveUp(reason) => {
                    report.notes.extend(reason);
                    return Self::finish(sink, outcome, report);
                }
            };
            if let (Sink::Part(part), Outcome::Content) = (&mut sink, outcome) {
                // Without it, a process that is killed during the pause would have to start over.
                part.write_kept();
            }
            let message = report.message();
            let seconds = pause.as_secs_f64();
            self.session.note(format_args!("{}: {message}; next attempt in {seconds} s", self.url));
            earlier.push(message);
            tokio::time::sleep(pause).await;
        }
    }

    /// Decides what becomes of the content.
    fn finish(sink: Sink, outcome: Outcome, mut report: Report) -> Downloaded {
        let part = match sink {
            Sink::Part(part) => part,
            Sink::Stream(mut stream) => {
                stream.end_line();
                report.file = stream.path().cloned();
                return Downloaded { report, file: None };
            }
        };
        let has_content = outcome == Outcome::Content;
        if has_content && report.verdict().is_success() {
            return Downloaded { report, file: Some(part) };
        }
        if has_content && report.is_wrong() {
            match part.set_aside() {
                Ok(bad) => {
                    report.advice = Some(format!("the content is kept as {}", bad.display()));
                    report.file = Some(bad);
                }
                Err(trouble) => report.notes.push(trouble),
            }
        } else if let Some(remains) = Self::leave(part, report.verdict()) {
            let advice = match report.verdict() {
                Verdict::Cut(_) | Verdict::LocalTrouble(_) => remains.advice(),
                _ => format!("the content is kept as {}", remains.path.display()),
            };
            report.advice.get_or_insert(advice);
            report.file = Some(remains.path);
        }
        Downloaded { report, file: None }
    }

    /// A failure that came with the whole content would not come again with its rest.
    fn leave(part: Part, verdict: &Verdict) -> Option<Remains> {
        match verdict {
            Verdict::SenderFailed(_) | Verdict::TrailerMissing(_) => part.leave_for_good(),
            _ => part.leave(),
        }
    }
}

impl Downloaded {
    /// Puts the file into its place.
    pub(super) fn complete(self) -> Report {
        let Self { mut report, file } = self;
        match file.map(Part::commit) {
            None => {}
            Some(Ok(path)) => report.file = Some(path),
            Some(Err(trouble)) => report.prefer(Verdict::LocalTrouble(trouble)),
        }
        report
    }
}
