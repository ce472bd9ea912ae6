use super::{
    Mode, Question, Report,
    blame::{blame, passing},
    hop::{self, Plan},
};
use crate::connector::Connector;
use http::Uri;
use std::time::Duration;
use tokio::time::Instant;

/// A check of a path.
#[derive(Debug)]
pub struct Check {
    urls: Vec<Uri>,
    connector: Connector,
    modes: Vec<Mode>,
    questions: Vec<Question>,
    allows_upload: bool,
    timeout: Duration,
}

/// Longer than any check takes.
const FAR: Duration = Duration::from_secs(24 * 60 * 60);

fn sorted<T: Ord>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort();
    values.dedup();
    values
}

impl Check {
    /// The default [`timeout`](Self::timeout): 20 s.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(20);

    /// Checks the path to this URL. Its path is that of the workbench's root: `/` unless a proxy adds a prefix.
    #[must_use]
    pub fn new(url: Uri) -> Self {
        Self {
            urls: vec![url],
            connector: Connector::new(),
            modes: Mode::TCP.to_vec(),
            questions: Question::ALL.to_vec(),
            allows_upload: false,
            timeout: Self::DEFAULT_TIMEOUT,
        }
    }

    /// Adds the next hop on the way to the origin. The last one should be the origin itself: it is asked in the protocol that
    /// arrives there.
    #[must_use]
    pub fn hop(mut self, url: Uri) -> Self {
        self.urls.push(url);
        self
    }

    /// How to connect. Its protocol is that of each mode.
    #[must_use]
    pub fn connector(mut self, connector: Connector) -> Self {
        self.connector = connector;
        self
    }

    /// Checks only these modes. Default: [`Mode::TCP`].
    #[must_use]
    pub fn modes(mut self, modes: impl IntoIterator<Item = Mode>) -> Self {
        self.modes = sorted(modes);
        self
    }

    /// Asks only these questions. Default: [`Question::ALL`].
    #[must_use]
    pub fn only(mut self, questions: impl IntoIterator<Item = Question>) -> Self {
        self.questions = sorted(questions);
        self
    }

    /// Sends request bodies also to an origin that is not the workbench. Default: false.
    #[must_use]
    pub fn allow_upload(mut self, allow: bool) -> Self {
        self.allows_upload = allow;
        self
    }

    /// Limits the time of the whole check. Default: [`DEFAULT_TIMEOUT`](Self::DEFAULT_TIMEOUT). Questions without an answer
    /// by then are unknown.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Runs the check.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub async fn run(self) -> Report {
        let count = self.urls.len();
        let deadline = Instant::now() + self.timeout.min(FAR);
        let mut plan = Plan {
            connector: self.connector,
            questions: self.questions,
            allows_upload: self.allows_upload,
            deadline,
        };
        let (mut hops, mut passings) = (Vec::new(), Vec::new());
        let mut modes = self.modes;
        for (index, url) in self.urls.into_iter().enumerate() {
            // Each hop gets its share of what is left.
            let left = u32::try_from(count - index).unwrap_or(u32::MAX);
            plan.deadline = Instant::now() + deadline.saturating_duration_since(Instant::now()) / left;
            let (hop, openings) = hop::run(url, &modes, &plan).await;
            hops.push(hop);
            if index + 1 < count {
                let passing = passing(&openings, index + 1, count);
                modes = passing.iter().map(|(_, to)| *to).collect();
                modes.sort();
                modes.dedup();
                passings.push(passing);
            }
        }
        blame(&mut hops, &passings);
        for index in 1..hops.len() {
            let [.., hop, next] = &mut hops[..=index] else { continue };
            if hop.server == next.server {
                hop.server = None;
            }
            if hop.via == next.via {
                hop.via.clear();
            }
        }
        Report::new(hops)
    }
}
