use super::{download::Download, name};
use crate::{
    cli::{FileOrDash, GetArgs},
    client::{
        exit_code::SUCCESS,
        report::Report,
        session::{Session, Setup},
    },
};
use http::header;
use std::collections::VecDeque;
use tokio::task::{JoinHandle, spawn_blocking};

/// Downloads each URL. Returns the exit code of the first failure.
pub(in crate::client) async fn get(args: &GetArgs, session: &Session<'_>) -> Result<u8, Setup> {
    if args.resume.resumes() && session.sends(&header::RANGE) {
        return Err(Setup::usage("--continue requests a range: leave out the header field Range"));
    }
    if matches!(args.output, Some(FileOrDash::File(_))) && args.output == args.client.report.dump_header {
        return Err(Setup::usage("--output and --dump-header name the same file"));
    }
    let most_completing = most_completing(args, session);
    let mut downloads = Downloads { session, completing: VecDeque::new(), first_failure: SUCCESS };
    for url in &args.urls {
        let downloaded = Download::new(args, session, url).run().await;
        let is_unread = downloaded.report.is_silent;
        downloads.completing.push_back(spawn_blocking(|| downloaded.complete()));
        downloads.show_until(most_completing).await;
        if is_unread {
            break;
        }
    }
    downloads.show_until(0).await;
    Ok(downloads.first_failure)
}

/// Downloads whose files are put into their places, in their order. To sync a small file takes longer than to download it.
struct Downloads<'a> {
    session: &'a Session<'a>,
    completing: VecDeque<JoinHandle<Report>>,
    first_failure: u8,
}

/// How many files are synced meanwhile: none if lines of the next download would be between theirs, or if it could need the
/// same file.
fn most_completing(args: &GetArgs, session: &Session<'_>) -> usize {
    const MOST: usize = 32;
    // Some file systems ignore case.
    let mut names: Vec<_> =
        args.urls.iter().filter_map(|url| name::of(url).ok()).map(|name| name.to_lowercase()).collect();
    let number = names.len();
    names.sort_unstable();
    names.dedup();
    let has_suffix = |name: &String| name.contains(".part") || name.contains(".bad");
    let may_meet = names.len() < number || names.iter().any(has_suffix);
    let is_watched = session.options.report.verbose || session.shows_progress();
    if may_meet || is_watched { 0 } else { MOST }
}

impl Downloads<'_> {
    /// Reports all but the last `rest`.
    async fn show_until(&mut self, rest: usize) {
        while self.completing.len() > rest
            && let Some(completing) = self.completing.pop_front()
        {
            let report = completing.await.expect("it does not panic, and nothing aborts it");
            let code = self.session.show(report);
            if self.first_failure == SUCCESS {
                self.first_failure = code;
            }
        }
    }
}
