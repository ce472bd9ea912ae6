"""A server that records a gRPC client's requests: such a client can't show the response of `POST /inspect`, because it
only shows gRPC responses.
"""

import socket
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.errors
import h2.events

# In seconds.
PATIENCE = 60

# An empty message: the compression flag and the length.
MESSAGE = bytes(5)


@dataclass
class Recording:
    origin: str = ""
    headers: dict = field(default_factory=dict)
    trailers: dict = field(default_factory=dict)


@contextmanager
def record(certificate, key):
    """Answers each call of one connection with a message, then resets `…/Reset` and ends other calls."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["h2"])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        recording = Recording(f"https://localhost:{listener.getsockname()[1]}")
        thread = threading.Thread(target=_serve, args=(listener, context, recording), daemon=True)
        thread.start()
        yield recording
        thread.join(PATIENCE)


def _serve(listener, context, recording):
    try:
        _converse(listener, context, recording)
    except OSError:
        pass  # The client failed, or left without `close_notify`.


def _converse(listener, context, recording):
    plain, _ = listener.accept()
    plain.settimeout(PATIENCE)
    with context.wrap_socket(plain, server_side=True) as tls:
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        connection.initiate_connection()
        tls.sendall(connection.data_to_send())
        while data := tls.recv(65536):
            for event in connection.receive_data(data):
                match event:
                    case h2.events.RequestReceived():
                        recording.headers = dict(event.headers)
                    case h2.events.TrailersReceived():
                        recording.trailers = dict(event.headers)
                    case h2.events.StreamEnded():
                        _answer(connection, event.stream_id, recording.headers[":path"])
            tls.sendall(connection.data_to_send())


def _answer(connection, stream, path):
    connection.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc")])
    connection.send_data(stream, MESSAGE)
    if path.endswith("/Reset"):
        connection.reset_stream(stream, h2.errors.ErrorCodes.INTERNAL_ERROR)
    else:
        connection.send_headers(stream, [("grpc-status", "0"), ("x-sum", "1")], end_stream=True)
