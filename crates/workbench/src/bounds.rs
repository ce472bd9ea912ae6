use std::time::Duration;

/// Limits on what requests can cost. A request over a limit gets a problem document that names the limit.
///
/// Fixed limits are documented at their routes. Later versions may add fields.
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
    /// How many exports may run at once. Default: 32. More get 503.
    ///
    /// Each takes a thread and about 3 MiB: SQLite's cache and the data that waits for the client. Large rows need
    /// more, up to about 50 MiB for rows of 4 MiB, the largest allowed size.
    pub exports: usize,
    /// How many exports one client may run at once. Default: 8. More get 429.
    ///
    /// A client is the address that the server reports, of its connection or from a trusted proxy: an IPv4 address, or the /64 prefix of an IPv6 address, because one
    /// client usually has a whole /64. IPv4-mapped IPv6 addresses count as IPv4. Without
    /// [`ConnectInfo<SocketAddr>`](axum::extract::ConnectInfo) in the requests' extensions (a gRPC call:
    /// [`ConnectionInfo`](axum_trailers::trailers::server::ConnectionInfo)), all requests count as one client's.
    pub exports_per_client: usize,
    /// How many rows an export may have. Default: 10,000,000. Larger ones get 400 before the first row.
    pub rows: u64,
    /// How long an export may take. Default: one hour. After that, it fails with its next chunk.
    pub export_time: Duration,
    /// How large the body of a request to `POST /echo` and `POST /inspect` may be, in bytes. Default: 1 GiB. Larger
    /// ones get 413. An echo that has already begun is cut.
    pub body_size: u64,
    /// How many uploads may run at once. Default: 16. More get 503.
    pub uploads: usize,
    /// How many uploads one client may run at once, with clients as in
    /// [`exports_per_client`](Self::exports_per_client). Default: 8. More get 429.
    pub uploads_per_client: usize,
    /// How large an upload may be, in bytes. Default: 1 GiB. Larger ones get 413.
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
