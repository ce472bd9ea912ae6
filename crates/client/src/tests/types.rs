use crate::{Client, Connector, Error, OnInformational, OnSend, Proxy, ResponseBody, Tls, UncheckedTrailers};
use bytes::Bytes;
use http::Request;
use http_body_util::Empty;

fn is_send<T: Send>(_: &T) {}

fn is_send_and_unpin<T: Send + Unpin>() {}

fn is_send_and_sync<T: Send + Sync>() {}

#[test]
fn clients_and_settings_pass_between_threads() {
    is_send_and_sync::<Client>();
    is_send_and_sync::<Connector>();
    is_send_and_sync::<Tls>();
    is_send_and_sync::<Proxy>();
    is_send_and_sync::<Error>();
    is_send_and_sync::<OnInformational>();
    is_send_and_sync::<OnSend>();
    is_send_and_sync::<UncheckedTrailers>();
}

#[test]
fn exchanges_pass_between_threads() {
    let client = Client::new();
    is_send(&client.send(Request::new(Empty::<Bytes>::new())));
    is_send(&client.exchange(Request::new(Empty::<Bytes>::new())));
    is_send_and_unpin::<ResponseBody>();
}
