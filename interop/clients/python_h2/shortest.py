import socket
import ssl
import sys
from urllib.parse import urlsplit

from h2.connection import H2Connection
from h2.events import DataReceived, StreamEnded, StreamReset, TrailersReceived

url = urlsplit(sys.argv[1])
context = ssl.create_default_context()
context.set_alpn_protocols(["h2"])
tls = context.wrap_socket(socket.create_connection((url.hostname, url.port)), server_hostname=url.hostname)
connection = H2Connection()
connection.initiate_connection()
target = f"{url.path}?{url.query}"
head = {":method": "GET", ":scheme": "https", ":authority": url.netloc, ":path": target}
connection.send_headers(1, head.items(), end_stream=True)
events = []
while not any(isinstance(event, StreamEnded) for event in events):
    tls.sendall(connection.data_to_send())
    data = tls.recv(65536)
    if not data:
        sys.exit("the connection was closed")
    events = connection.receive_data(data)
    for event in events:
        if isinstance(event, DataReceived):
            connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, TrailersReceived):
            print(dict(event.headers)[b"x-row-count"].decode())
        elif isinstance(event, StreamReset):
            sys.exit("the stream was reset")
