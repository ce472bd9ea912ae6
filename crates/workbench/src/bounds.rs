use std::time::Duration;

/// What the requests to a workbench can cost. Whatever is past a bound is answered with a problem document that names
/// it.
///
/// Bounds that need no setting are at the routes that keep them. Later versions may have more.
///
/// ```
/// use axum_trailers_workbench::Bounds;
///
/// let mut bounds = Bounds::default();
/// bounds.exports = 4;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bounds {
    /// How many exports may run at once. Default: 32. 503 past it.
    ///
    /// Each has a thread, and some 3 MiB: SQLite's cache and what waits for the client. Where rows are large
    /// it takes more: up to some 50 MiB for rows of 4 MiB, than which none may be larger.
    pub exports: usize,
    /// How many of them one client may have. Default: 8. 429 past it.
    ///
    /// A client is the address of its connection: an IPv4 address, or the /64 prefix of an IPv6 address, because one
    /// client usually has a whole /64. IPv4-mapped IPv6 addresses count as IPv4. Without
    /// [`ConnectInfo<SocketAddr>`](axum::extract::ConnectInfo) in the request's extensions, all requests count as one
    /// client's.
    pub exports_per_client: usize,
    /// How many rows an export may have. Default: 10,000,000. 400 past it, before the first row.
    pub rows: u64,
    /// How long an export may take. Default: one hour. Past it, it fails with its next chunk.
    pub export_time: Duration,
    /// How large the body of a request to `POST /echo` and `POST /inspect` may be, in bytes. Default: 1 GiB. 413 past it,
    /// or a broken echo where it has begun.
    pub body_size: u64,
    /// How many uploads may run at once. Default: 16. 503 past it.
    pub uploads: usize,
    /// How many of them one client may have, counted as for [`exports_per_client`](Self::exports_per_client). Default: 8.
    /// 429 past it.
    pub uploads_per_client: usize,
    /// How large an upload may be, in bytes. Default: 1 GiB. 413 past it.
    pub upload_size: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            exports: 32,
            exports_per_client: 8,
            rows: 10_000_000,
            export_time: Duration::from_secs(60 * 60),
            body_size: 1024 * 1024 * 1024,
            uploads: 16,
            uploads_per_client: 8,
            upload_size: 1024 * 1024 * 1024,
        }
    }
}
