use super::alt_svc::AltSvc;
use crate::client::Origin;
use http::HeaderMap;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync, time::Instant};

/// Where origins offer HTTP/3, as they have said. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Alternatives(Arc<Mutex<VecDeque<Known>>>);

#[derive(Debug)]
struct Known {
    origin: Origin,
    host: String,
    port: u16,
    until: Instant,
    /// After it has failed.
    not_before: Option<Instant>,
    turn: Turn,
}

/// Held by the request that opens a connection to an alternative.
type Turn = Arc<sync::Mutex<()>>;

/// How many origins are remembered.
const MOST: usize = 256;

/// The longest time for which an alternative is remembered.
const MOST_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long an alternative that has failed is not used.
const BROKEN: Duration = Duration::from_secs(5 * 60);

impl Alternatives {
    /// Remembers what a response of an origin says.
    pub(super) fn learn(&self, origin: &Origin, fields: &HeaderMap) {
        let said = AltSvc::of(fields);
        if said == AltSvc::None {
            return;
        }
        let mut all = self.lock();
        let position = all.iter().position(|known| known.origin == *origin);
        let before = position.and_then(|position| all.remove(position));
        let AltSvc::Http3(alternative) = said else { return };
        let host = alternative.host.unwrap_or_else(|| origin.host.clone());
        let is_same = |before: &Known| before.host == host && before.port == alternative.port;
        let (not_before, turn) =
            before.filter(is_same).map(|before| (before.not_before, before.turn)).unwrap_or_default();
        let until = Instant::now() + alternative.max_age.min(MOST_AGE);
        if all.len() == MOST {
            all.pop_front();
        }
        let port = alternative.port;
        all.push_back(Known { origin: origin.clone(), host, port, until, not_before, turn });
    }

    /// Host and port at which an origin offers HTTP/3.
    pub(super) fn of(&self, origin: &Origin) -> Option<(String, u16)> {
        self.usable(origin, |known| (known.host.clone(), known.port))
    }

    /// Waits until no other request opens a connection to the alternative of an origin, which keeps others waiting until the
    /// guard is dropped. Returns `None` if there is no alternative. When the wait is over, it may have failed.
    pub(super) async fn turn(&self, origin: &Origin) -> Option<sync::OwnedMutexGuard<()>> {
        let turn = self.usable(origin, |known| known.turn.clone())?;
        Some(turn.lock_owned().await)
    }

    fn usable<T>(&self, origin: &Origin, take: impl FnOnce(&Known) -> T) -> Option<T> {
        let now = Instant::now();
        let all = self.lock();
        let known = all.iter().find(|known| known.origin == *origin)?;
        let is_usable = known.until > now && known.not_before.is_none_or(|until| until <= now);
        is_usable.then(|| take(known))
    }

    /// The alternative of an origin has failed. Returns its host and port, unless it is avoided already.
    pub(super) fn avoid(&self, origin: &Origin) -> Option<(String, u16)> {
        let now = Instant::now();
        let mut all = self.lock();
        let known = all.iter_mut().find(|known| known.origin == *origin)?;
        let before = known.not_before.replace(now + BROKEN);
        before.is_none_or(|until| until <= now).then(|| (known.host.clone(), known.port))
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum_trailers_testing::fields;
    use tokio::time::advance;

    fn origin(port: u16) -> Origin {
        Origin { is_tls: true, host: "a.example".to_owned(), port }
    }

    fn learn(all: &Alternatives, line: &'static str) {
        all.learn(&origin(443), &fields(&[("alt-svc", line)]));
    }

    fn here(port: u16) -> (String, u16) {
        ("a.example".to_owned(), port)
    }

    #[tokio::test(start_paused = true)]
    async fn alternative_holds_for_its_time_and_its_origin() {
        let all = Alternatives::default();
        learn(&all, r#"h3=":8443"; ma=60"#);
        advance(Duration::from_secs(59)).await;
        assert_eq!(all.of(&origin(443)), Some(here(8443)));
        assert_eq!(all.of(&origin(444)), None);
        advance(Duration::from_secs(1)).await;
        assert_eq!(all.of(&origin(443)), None);
    }

    #[tokio::test(start_paused = true)]
    async fn last_field_counts_and_a_response_without_one_changes_nothing() {
        let all = Alternatives::default();
        learn(&all, r#"h3=":1""#);
        learn(&all, r#"h3="b.example:2""#);
        all.learn(&origin(443), &HeaderMap::new());
        assert_eq!(all.of(&origin(443)), Some(("b.example".to_owned(), 2)));
        learn(&all, "clear");
        assert_eq!(all.of(&origin(443)), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_failed_is_avoided_for_a_while() {
        let all = Alternatives::default();
        learn(&all, r#"h3=":1""#);
        assert_eq!(all.avoid(&origin(443)), Some(here(1)));
        learn(&all, r#"h3=":1""#);
        assert_eq!(all.of(&origin(443)), None, "the same again");
        assert_eq!(all.avoid(&origin(443)), None, "it is no news");
        advance(BROKEN).await;
        assert_eq!(all.of(&origin(443)), Some(here(1)));
        assert_eq!(all.avoid(&origin(443)), Some(here(1)));
        learn(&all, r#"h3=":2""#);
        assert_eq!(all.of(&origin(443)), Some(here(2)), "another one");
    }

    #[tokio::test(start_paused = true)]
    async fn number_and_time_are_bounded() {
        let all = Alternatives::default();
        let section = fields(&[("alt-svc", r#"h3=":1"; ma=99999999999999999999"#)]);
        for port in 0..=u16::try_from(MOST).expect("small") {
            all.learn(&origin(port), &section);
        }
        assert_eq!((all.of(&origin(0)), all.of(&origin(1))), (None, Some(here(1))));
        advance(MOST_AGE).await;
        assert_eq!(all.of(&origin(1)), None);
    }
}
