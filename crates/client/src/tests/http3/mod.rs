//! Exchanges over HTTP/3 with a server on quinn, over UDP of this machine.

mod alternatives;
mod bounds;
mod connect;
mod cuts;
mod exchanges;
mod request_bodies;
mod reuse;
mod server;
