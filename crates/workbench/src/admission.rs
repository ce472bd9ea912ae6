use super::{client::Client, retry_later::retry_later};
use axum_trailers::problem::Problem;
use http_02::StatusCode;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Limits how many exports or uploads run at once, in total and per client. Clones share the limit.
#[derive(Clone, Debug)]
pub(super) struct Admission(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// What is limited, for messages: "exports", "uploads".
    what: &'static str,
    total: usize,
    per_client: usize,
    /// How many permits each client holds. Clients without one are not in the map.
    held: Mutex<HashMap<Client, usize>>,
}

impl Admission {
    pub(super) fn new(what: &'static str, total: usize, per_client: usize) -> Self {
        Self(Arc::new(Shared { what, total, per_client, held: Mutex::default() }))
    }

    /// Issues a permit to a client.
    ///
    /// # Errors
    ///
    /// 503 if the total limit is reached, 429 if the limit of this client is.
    pub(super) fn admit(&self, client: Client) -> Result<AdmissionPermit, Problem> {
        let mut held = self.0.lock();
        let (mine, all) = (held.get(&client).copied().unwrap_or(0), held.values().sum::<usize>());
        if all >= self.0.total {
            return Err(self.0.total_reached());
        }
        if mine >= self.0.per_client {
            return Err(self.0.per_client_reached());
        }
        held.insert(client, mine + 1);
        Ok(AdmissionPermit { shared: self.0.clone(), client })
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, HashMap<Client, usize>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn total_reached(&self) -> Problem {
        let Self { what, total, .. } = self;
        let detail = format!("too many {what}: the limit is {total} at once");
        retry_later(StatusCode::SERVICE_UNAVAILABLE, detail).with("maximum", *total)
    }

    fn per_client_reached(&self) -> Problem {
        let Self { what, per_client, .. } = self;
        let detail = format!("too many {what} from this client: the limit is {per_client} at once");
        retry_later(StatusCode::TOO_MANY_REQUESTS, detail).with("maximum", *per_client)
    }
}

/// Permission to run one export or upload. Dropping it releases it.
#[derive(Debug)]
pub(super) struct AdmissionPermit {
    shared: Arc<Shared>,
    client: Client,
}

impl Drop for AdmissionPermit {
    fn drop(&mut self) {
        let mut held = self.shared.lock();
        if let Some(places) = held.get_mut(&self.client) {
            *places -= 1;
            if *places == 0 {
                held.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;
    use http_02::header;
    use std::net::IpAddr;

    fn client(last: u8) -> Client {
        Client::at(IpAddr::from([127, 0, 0, last]))
    }

    fn status(admitted: Result<AdmissionPermit, Problem>) -> u16 {
        let problem = admitted.expect_err("no place");
        assert!(problem.member("maximum").is_some());
        let response = problem.into_response();
        assert!(response.headers().contains_key(header::RETRY_AFTER));
        response.status().as_u16()
    }

    #[test]
    fn places_are_bounded_per_client_and_in_total_until_they_are_given_back() {
        let admission = Admission::new("exports", 3, 2);
        let admit = |last| admission.admit(client(last));
        let (first, second) = (admit(1).expect("a place"), admit(1).expect("a place"));
        assert_eq!(status(admit(1)), 429);
        let third = admit(2).expect("a place for another client");
        for last in [1, 2, 3] {
            assert_eq!(status(admit(last)), 503, "the total comes first");
        }
        drop(third);
        assert!(admit(2).is_ok());
        assert_eq!(status(admit(1)), 429, "another client's place is not this one's");
        drop((first, second));
        assert!(admit(1).is_ok());
        assert!(admission.0.lock().is_empty());
    }
}
