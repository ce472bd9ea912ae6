//! What the help says after the options.

pub(in crate::cli) const MORE: &str = "\
Each option has an environment variable: --dir is AXUM_TRAILERS_DIR.
Proxies, timeouts, limits, details and examples: see --help.";

pub(in crate::cli) const EXAMPLES: &str = "\
A TIME is a number of seconds, or has a unit: 500ms, 30s, 2m, 1h. A SIZE is a number of bytes, or
has a unit: 64KiB, 10MB, 1GiB. An N is a number such as 512, 10_000, 10k or 10M.

Each option has an environment variable: --max-rows is AXUM_TRAILERS_MAX_ROWS. The command line
overrides variables: --listen also overrides AXUM_TRAILERS_PORT, and --port AXUM_TRAILERS_LISTEN.
An empty variable is ignored.

A switch accepts on, true, yes, 1, off, none, false, no and 0. Other options that can be off also
accept none, false and no.

Examples:
  axum-trailers
      Serve https://localhost:3000, and redirect http://localhost:7878 to it.
  curl -v -k --no-buffer https://localhost:3000/
      Receive two chunks and then a trailer.
  axum-trailers --port 0 --redirect off --dir /srv/files
      Listen on a free port, print it, and serve the files of /srv/files at /files/.
  axum-trailers --database shop.db --dir /srv/files --allow-upload
      Export the rows of a database, and accept uploads.
  axum-trailers --metrics 9090
      Serve Prometheus metrics at http://localhost:9090/metrics.
  axum-trailers --listen :443 --cert chain.pem --key key.pem
      Listen on all addresses of this machine, with your own certificate.
  axum-trailers --http3 off
      Serve HTTP/2 and HTTP/1.1 alone, and listen on no UDP port.
  axum-trailers --trust-proxy 10.0.0.0/8 --proxy-protocol
      Take the client's address from the PROXY headers of proxies in this network.

Exit codes:
  0  after a shutdown
  1  the server can't start or run
  2  wrong command line";
