//! axum 0.6: its messages and bodies are of the older generation of `http`.

mod content;
mod head;
pub(super) mod response;

use self::head::LastAuthority;
use super::{
    application::{Application, Erased, Handler, RequestExtensions, RequestNotes},
    future::AppFuture,
};
use crate::{
    exchange::{RequestBody, ResponseExtensions, problems},
    metrics::RouteLayer,
};
use axum_06::{Router, extract::ConnectInfo};
use http::request::Parts;
use tower_service::Service;

/// An application of axum 0.6, for [`Server::serve`](crate::Server::serve).
///
/// ```no_run
/// # use axum_06 as axum;
/// use axum::{Router, routing::get};
/// use axum_trailers_server::{Axum06, Server, Tls};
///
/// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
/// let app = Router::new().route("/", get(|| async { "hello\n" }));
/// let tls = Tls::from_pem_files("cert.pem", "key.pem")?;
/// Server::new().tls(tls).bind("127.0.0.1:3000")?.run(Axum06(app)).await?;
/// # Ok(())
/// # }
/// ```
///
/// Turn axum 0.6's default features off ([why](crate#your-own-dependency-on-axum)):
///
/// ```toml
/// axum = { version = "0.6", default-features = false, features = ["tokio"] }
/// ```
#[derive(Clone, Debug)]
pub struct Axum06(pub Router);

impl Application for Axum06 {
    fn erase(self, is_counted: bool) -> Erased {
        let router = if is_counted { self.0.layer(RouteLayer) } else { self.0 };
        Erased(Box::new(Adapter::new(router.with_state(()))))
    }
}

/// Converts requests and responses.
struct Adapter {
    router: Router,
    last_authority: LastAuthority,
}

impl Adapter {
    fn new(router: Router) -> Self {
        Self { router, last_authority: LastAuthority::default() }
    }
}

impl Handler for Adapter {
    fn for_thread(&self) -> Box<dyn Handler> {
        Box::new(Self::new(self.router.clone()))
    }

    fn call(&mut self, head: Parts, body: RequestBody, notes: RequestNotes) -> AppFuture {
        let mut request = match head::request(&head, &mut self.last_authority) {
            Ok(request) => request,
            Err(error) => return AppFuture::ready(problems::bad_head(&error)),
        };
        head::reuse(head);
        request.extensions_mut().insert(ConnectInfo(notes.connection.client()));
        notes.add_to(request.extensions_mut());
        let request = request.map(|()| content::body_of(body));
        AppFuture::Axum06(self.router.call(request))
    }
}

impl RequestExtensions for http_02::Extensions {
    fn add<T: Clone + Send + Sync + 'static>(&mut self, note: T) {
        self.insert(note);
    }
}

impl ResponseExtensions for http_02::Extensions {
    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    fn note<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.get().cloned()
    }
}
