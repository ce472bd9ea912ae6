"""One exchange with h2, which handles frames but no sockets."""

import socket
import ssl
from urllib.parse import urlsplit

import h2.connection
import h2.errors
import h2.events
import h2.exceptions

from exchange import Exchange, arguments, names, request

url, _protocol, te, trailer = arguments()
parts = urlsplit(url)
told = Exchange(names=names(h2.connection.H2Connection, h2.events))
method, target, fields = request(url, te, trailer)
head = [(":method", method), (":scheme", "https"), (":authority", parts.netloc), (":path", target), *fields]

context = ssl.create_default_context()
context.set_alpn_protocols(["h2"])
plain = socket.create_connection((parts.hostname, parts.port), timeout=60)
with context.wrap_socket(plain, server_hostname=parts.hostname) as tls:
    connection = h2.connection.H2Connection()
    connection.initiate_connection()
    connection.send_headers(1, head, end_stream=not trailer)
    if trailer:
        connection.send_data(1, b"hello")
        connection.send_headers(1, [("x-sum", "1")], end_stream=True)
    tls.sendall(connection.data_to_send())
    ended = False
    while not ended:
        data = tls.recv(65536)
        if not data:
            told.error = "the connection was closed"
            break
        for event in connection.receive_data(data):
            match event:
                case h2.events.ResponseReceived():
                    told.status = int(dict(event.headers)[b":status"])
                case h2.events.DataReceived():
                    told.content += event.data
                    connection.acknowledge_received_data(event.flow_controlled_length, 1)
                case h2.events.TrailersReceived():
                    told.trailers = [(name.decode(), value.decode()) for name, value in event.headers]
                case h2.events.StreamReset():
                    told.error = f"StreamReset: {h2.errors.ErrorCodes(event.error_code).name}"
                    ended = True
                case h2.events.StreamEnded():
                    ended = True
        tls.sendall(connection.data_to_send())
told.tell()
