use super::{probe::Probe, token::Token};
use axum::body::HttpBody;
use http_02::Request;
use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

/// How long a probe is kept: 10 minutes.
const KEPT_FOR: Duration = Duration::from_secs(10 * 60);

/// How many probes are kept: the last 1,024. A check of a path sends about 150.
const KEPT: usize = 1024;

/// The last requests with a token, oldest first, one for each token.
#[derive(Default)]
pub(super) struct Probes(VecDeque<Arc<Probe>>);

impl Probes {
    /// Adds a request. It replaces an earlier one with the same token.
    pub(super) fn add<B: HttpBody>(&mut self, token: Token, request: &Request<B>) -> Arc<Probe> {
        self.forget(Instant::now());
        let same = self.0.iter().position(|probe| *probe.token() == token);
        let earlier = same.and_then(|at| self.0.remove(at)).map_or(0, |probe| probe.requests());
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        let probe = Arc::new(Probe::new(token, request, earlier));
        self.0.push_back(probe.clone());
        probe
    }

    pub(super) fn find(&mut self, token: &Token) -> Option<Arc<Probe>> {
        self.forget(Instant::now());
        self.0.iter().find(|probe| probe.token() == token).cloned()
    }

    fn forget(&mut self, now: Instant) {
        while self.0.front().is_some_and(|oldest| now.saturating_duration_since(oldest.began) >= KEPT_FOR) {
            self.0.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn token(n: usize) -> Token {
        Token::new(&format!("token-{n:016}")).expect("a token")
    }

    #[test]
    fn probes_are_forgotten_by_number_and_age() {
        let mut probes = Probes::default();
        for n in 0..=KEPT {
            probes.add(token(n), &Request::new(Body::empty()));
        }
        assert_eq!(probes.0.len(), KEPT);
        assert!(probes.find(&token(0)).is_none() && probes.find(&token(1)).is_some());
        probes.forget(Instant::now() + KEPT_FOR);
        assert!(probes.0.is_empty());
    }

    #[test]
    fn repeated_token_counts_its_requests_and_replaces_the_first() {
        let mut probes = Probes::default();
        for path in ["/a", "/b", "/c"] {
            probes.add(token(1), &Request::get(path).body(Body::empty()).expect("a request"));
            probes.add(token(2), &Request::new(Body::empty()));
        }
        assert_eq!(probes.0.len(), 2);
        let json = probes.find(&token(1)).expect("a probe").to_json();
        assert_eq!((&json["requests"], &json["request"]["target"]), (&3.into(), &"/c".into()));
    }
}
