"""A server of HTTP/1.0 and HTTP/1.1 on port 9001 that dies in the middle of each response: it closes the connection, as the
kernel does for a program that is killed.
"""

import socketserver

CONTENT = b"hello, hello, hello, hello, he\n\n" * 64


class Dies(socketserver.StreamRequestHandler):
    def handle(self):
        request = self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        if request.strip().endswith(b"1.0"):
            self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n" + CONTENT)
        else:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(CONTENT), CONTENT))


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


Server(("127.0.0.1", 9001), Dies).serve_forever()
