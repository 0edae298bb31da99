# SPDX-License-Identifier: Apache-2.0
"""A small HTTP/1.1 server for http_test.cpp: prints its address, then serves until it is ended.

    http_server.py tcp | unix PATH | tls CERT KEY
"""

import http.server
import socketserver
import ssl
import sys
import time


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body, *headers):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def chunks(self):
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def do_GET(self):
        path, _, query = self.path.partition("?")
        if path == "/hello":
            self.answer(200, b"hello", ("X-Stat", "one: two"))
        elif path == "/redirect":
            self.answer(302, b"", ("Location", "/hello"))
        elif path == "/error":
            self.answer(500, b"no space left on device")
        elif path == "/host":
            self.answer(200, self.headers["Host"].encode())
        elif path == "/login":
            self.answer(200, self.headers.get("Authorization", "").encode())
        elif path == "/client":
            peer = self.connection.getpeercert()
            self.answer(200, str(dict(x[0] for x in peer["subject"])["commonName"]).encode()
                        if peer else b"nobody")
        elif path == "/big":
            self.send_response(200)
            self.send_header("Content-Length", query)
            self.end_headers()
            block = bytes(range(256)) * 4096
            left = int(query)
            while left > 0:
                self.wfile.write(block[:left])
                left -= len(block)
        elif path == "/broken":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"half")
            self.close_connection = True
        else:  # /never
            time.sleep(3600)

    do_HEAD = do_GET

    def do_PUT(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            size = sum(len(chunk) for chunk in self.chunks())
            self.answer(200, f"{size} in chunks".encode())
        else:
            self.answer(200, self.rfile.read(int(self.headers["Content-Length"])))

    do_POST = do_PUT


class TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True


class UnixServer(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


class UnixHandler(Handler):
    client_address = ("", 0)

    def setup(self):
        super().setup()
        self.client_address = ("", 0)


def main(kind, *files):
    if kind == "unix":
        server = UnixServer(files[0], UnixHandler)
        print("ready", flush=True)
    else:
        server = TcpServer(("127.0.0.1", 0), Handler)
        if kind == "tls":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*files)
            context.load_verify_locations(files[0])
            context.verify_mode = ssl.CERT_OPTIONAL
            server.socket = context.wrap_socket(server.socket, server_side=True)
        print(server.server_address[1], flush=True)
    server.serve_forever()


main(*sys.argv[1:])
