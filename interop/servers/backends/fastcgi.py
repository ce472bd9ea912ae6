"""A FastCGI application on port 9000. It responds with the fields of the request to `/inspect`, with a pause in the middle to
`/slow`, and dies in the middle of other responses: it closes the connection without FCGI_END_REQUEST, as the kernel does for
an application that is killed.
"""

import socketserver
import struct
import time

HEADER = struct.Struct("!BBHHBx")
END_REQUEST, PARAMS, STDIN, STDOUT = 3, 4, 5, 6
HEAD = b"Content-Type: text/plain\r\n\r\n"


class Application(socketserver.StreamRequestHandler):
    def handle(self):
        streams = {PARAMS: b"", STDIN: b""}
        while header := self.rfile.read(HEADER.size):
            _version, kind, self.request_id, length, padding = HEADER.unpack(header)
            content = self.rfile.read(length)
            self.rfile.read(padding)
            if kind in streams:
                streams[kind] += content
            if kind == STDIN and not length:
                self._respond(dict(_pairs(streams[PARAMS])))
                return

    def _respond(self, parameters):
        match parameters[b"REQUEST_URI"]:
            case b"/inspect":
                fields = [(name[5:], value) for name, value in parameters.items() if name.startswith(b"HTTP_")]
                lines = [name.lower().replace(b"_", b"-") + b": " + value + b"\n" for name, value in fields]
                self._send(STDOUT, HEAD + b"".join(lines))
            case b"/slow":
                self._send(STDOUT, HEAD + b"hel")
                time.sleep(1)
                self._send(STDOUT, b"lo\n")
            case _:
                self._send(STDOUT, HEAD + b"hello, hello, hello, hello, he\n\n" * 64)
                return
        self._send(STDOUT, b"")
        self._send(END_REQUEST, bytes(8))

    def _send(self, kind, content):
        self.wfile.write(HEADER.pack(1, kind, self.request_id, len(content), 0) + content)


def _pairs(parameters):
    """The names and values of a stream of parameters."""
    at = 0

    def length():
        nonlocal at
        size = 1 if parameters[at] < 128 else 4
        at += size
        return int.from_bytes(parameters[at - size:at], "big") & 0x7FFFFFFF

    while at < len(parameters):
        name, value = length(), length()
        yield parameters[at:at + name], parameters[at + name:at + name + value]
        at += name + value


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


Server(("127.0.0.1", 9000), Application).serve_forever()
