"""The clients: how to run each, and the names in its interface."""

import importlib.metadata
import json
import os
import platform
import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import driver
from console import named
from tools import ROOT, Failure, package_version, run, version

HERE = Path(__file__).resolve().parent.parent

HTTP1 = "HTTP/1.1"
HTTP2 = "HTTP/2"
HTTP3 = "HTTP/3"
BOTH = (HTTP2, HTTP1)
ALL = (HTTP3, *BOTH)

# In seconds.
EXCHANGE = 60
BUILD = 600


@dataclass
class Client:
    """A client in the table."""

    # The heading of its section.
    name: str
    folder: str
    protocols: tuple
    version: str
    # The file of the shortest code in the folder.
    code: str
    # How a user reads the trailers of a response, if possible.
    reads: str | None = None
    # How a user sends trailers with a request, if possible.
    sends: str | None = None
    # Whether a user can set fields of a request at all.
    sets_fields: bool = True

    def source(self):
        return (HERE / self.folder / self.code).read_text()


@dataclass
class Program(Client):
    """A client that runs a program for each exchange."""

    probe: list = field(default_factory=list)
    shortest: list = field(default_factory=list)
    # A folder that both may write to.
    work: Path | None = None
    # Selects the protocol of the shortest code. Code that reads no trailers may use any protocol.
    options: dict = field(default_factory=dict)
    http1_environment: dict = field(default_factory=dict)
    environment: dict = field(default_factory=dict)

    @contextmanager
    def speaking(self, protocol, _origin):
        yield Speaking(self, protocol)


@dataclass
class Speaking:
    """A client with one protocol."""

    client: Program
    protocol: str

    def exchange(self, url, te=False, trailer=False):
        return self.told(url, self.protocol, *["--te"] * te, *["--trailer"] * trailer)

    def told(self, *arguments):
        command = [*self.client.probe, *arguments]
        told = run(command, EXCHANGE, cwd=self.client.work, env=self.client.environment)
        try:
            return json.loads(told)
        except ValueError:
            raise Failure(f"not JSON from {' '.join(map(str, command))}: {told}") from None

    def shortest(self, url):
        environment = self.client.environment
        if self.protocol == HTTP1:
            environment = environment | self.client.http1_environment
        command = [*self.client.shortest, url, *self.client.options.get(self.protocol, [])]
        return run(command, EXCHANGE, cwd=self.client.work, env=environment)


class Caller(Program):
    """A client of gRPC services, which makes calls."""


@dataclass
class Browser(Client):
    """A browser. It stays open for all exchanges over a protocol."""

    @contextmanager
    def speaking(self, protocol, origin):
        try:
            with driver.launch(self.name.lower(), protocol=protocol, origin=origin) as browser:
                browser.navigate(f"{origin}/healthz")
                yield Page(self, protocol, browser)
        except driver.BrowserError as error:
            raise Failure(str(error)) from error


@dataclass
class Page:
    """An open page of the server."""

    client: Browser
    protocol: str
    browser: object

    def exchange(self, url, te=False, trailer=False):
        probe = (HERE / self.client.folder / "probe.js").read_text().partition("\n")[2]
        arguments = ", ".join(map(json.dumps, (url, te, trailer)))
        return self.browser.evaluate(f"({probe})({arguments})", EXCHANGE)

    def shortest(self, url):
        # Captures what the code prints, and passes its URL.
        return self.browser.evaluate(
            "(async (url, lines) => { const console = { log: (...words) => lines.push(words.join(' ')) };\n"
            f"{self.client.source()}\nreturn lines.join('\\n'); }})({json.dumps(url)}, [])",
            EXCHANGE,
        )


def build(work):
    """Builds the programs that need it, and returns the path of reqwest's."""
    for name in ("probe", "shortest"):
        run(["go", "build", "-o", work / f"go_{name}", HERE / f"go/{name}/main.go"], BUILD)
        run(["javac", "-d", work, HERE / f"java/{name.title()}.java"], BUILD)
    told = run(
        ["cargo", "build", "--locked", "--package", "axum-trailers-client-reqwest", "--message-format=json"], BUILD, cwd=HERE
    )
    artifacts = [json.loads(line) for line in told.splitlines()]
    [program] = [
        artifact["executable"] for artifact in artifacts if artifact.get("target", {}).get("name") == "client_reqwest"
    ]
    return program


def variables(work, certificate, programs):
    """The clients' environment: they trust the demo certificate and ignore the user's settings. `programs` is a folder with
    `axum-trailers`."""
    wgetrc = work / "wgetrc"
    wgetrc.write_text(f"ca_certificate = {certificate}\n")
    store, password = work / "trusted.p12", "trusted"
    run(
        ["keytool", "-importcert", "-noprompt", "-alias", "demo", "-file", certificate, "-keystore", store,
         "-storetype", "PKCS12", "-storepass", password],
        EXCHANGE,
    )
    # With a proxy, the server would see another client.
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith(("_proxy", "_config_home"))}
    java = f"-Djavax.net.ssl.trustStore={store} -Djavax.net.ssl.trustStorePassword={password}"
    return kept | {
        "CURL_CA_BUNDLE": str(certificate),
        "HOME": str(work),
        "JAVA_TOOL_OPTIONS": java,
        "NODE_EXTRA_CA_CERTS": str(certificate),
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": f"{HERE / 'table'}:{HERE.parent / 'common'}",
        "SSL_CERT_FILE": str(certificate),
        "WGETRC": str(wgetrc),
    }


def clients(work, certificate, binary):
    """All clients, in table order. Programs are built in a temporary folder. `binary` is a built axum-trailers."""
    axum_trailers = named(binary, work)
    environment = variables(work, certificate, axum_trailers.parent)
    reqwest = build(work)
    locked = (ROOT / "Cargo.lock").read_text()
    node = version(["node", "--version"], r"v(\S+)")
    python = platform.python_version()
    libcurl = version([sys.executable, "-c", "import pycurl; print(pycurl.version)"], r"libcurl/(\S+)")

    def program(**more):
        return Program(work=work, environment=environment, **more)

    def script(name, folder, protocols, of, **more):
        """A client with a probe in Python."""
        return program(
            name=name, folder=folder, protocols=protocols, version=of,
            probe=[sys.executable, HERE / folder / "probe.py"], **more,
        )

    def shell(name, of, protocols, folder=None, **more):
        folder = folder or name
        return script(
            name, folder, protocols, of, code="shortest.sh", shortest=["sh", HERE / folder / "shortest.sh"], **more
        )

    def nodejs(name, folder, protocols, **more):
        return program(
            name=name, folder=folder, protocols=protocols, version=node, code="shortest.mjs",
            probe=["node", HERE / folder / "probe.mjs"], shortest=["node", HERE / folder / "shortest.mjs"], **more,
        )

    def library(name, folder, protocols, of, **more):
        return script(
            name, folder, protocols, of, code="shortest.py", shortest=[sys.executable, HERE / folder / "shortest.py"],
            **more,
        )

    return [
        shell(
            "curl", version(["curl", "--version"], r"curl (\S+)"), BOTH,
            reads="`-D -` or `-i`, after the content", options={HTTP1: ["--http1.1"]},
        ),
        shell(
            "nghttp", version(["nghttp", "--version"], r"nghttp2/(\S+)"), (HTTP2,),
            reads="`-v`, among the frames", sends="`--trailer`",
        ),
        shell(
            "gtlsclient", package_version("ngtcp2-client"), (HTTP3,), reads="on standard error, between other lines",
            sets_fields=False,
        ),
        shell("wget", version(["wget", "--version"], r"Wget (\S+)"), (HTTP1,), reads="`--warc-file`"),
        nodejs(
            "Node `http2`", "node_http2", (HTTP2,),
            reads="`stream.on('trailers')`", sends="`stream.sendTrailers`",
        ),
        nodejs(
            "Node `https`", "node_https", (HTTP1,),
            reads="`response.trailers`", sends="`request.addTrailers`",
        ),
        nodejs(
            "Node `fetch`", "node_fetch", (HTTP1,),
            reads="diagnostics channel `undici:request:trailers`, not `fetch` itself",
        ),
        program(
            name="Go `net/http`", folder="go", protocols=BOTH, version=version(["go", "version"], r"go(\d\S+)"),
            code="shortest/main.go", probe=[work / "go_probe"], shortest=[work / "go_shortest"],
            reads="`Response.Trailer`", sends="`Request.Trailer`", http1_environment={"GODEBUG": "http2client=0"},
        ),
        library(
            "Python `http.client`", "python_http_client", (HTTP1,), python, sends="chunks written by hand with `send`",
        ),
        library("Python httpx", "python_httpx", BOTH, importlib.metadata.version("httpx")),
        library(
            "Python h2", "python_h2", (HTTP2,), importlib.metadata.version("h2"),
            reads="`TrailersReceived`", sends="`send_headers` with `end_stream`",
        ),
        library(
            "Python pycurl", "python_pycurl", ALL,
            f"{importlib.metadata.version('pycurl')} with libcurl {libcurl}",
            reads="`HEADERFUNCTION`, after the content", sends="`TRAILERFUNCTION`", options={HTTP1: ["1_1"], HTTP2: ["2_0"]},
        ),
        library(
            "Python aioquic", "python_aioquic", (HTTP3,), importlib.metadata.version("aioquic"),
            reads="a second `HeadersReceived`", sends="`send_headers` after `send_data`",
        ),
        Caller(
            name="Python grpcio", folder="grpcio", protocols=(HTTP2,), version=importlib.metadata.version("grpcio"),
            code="shortest.py", probe=[sys.executable, HERE / "grpcio/probe.py"],
            shortest=[sys.executable, HERE / "grpcio/shortest.py"], work=work, environment=environment,
            reads="`call.trailing_metadata()`",
        ),
        program(
            name="Java `HttpClient`", folder="java", protocols=BOTH,
            version=version(["java", "-version"], r'version "(\S+)"'), code="Shortest.java",
            probe=["java", "-cp", work, "Probe"], shortest=["java", "-cp", work, "Shortest"],
        ),
        program(
            name="reqwest", folder="reqwest", protocols=BOTH,
            version=re.search(r'name = "reqwest"\nversion = "(.*)"', locked)[1],
            code="shortest.rs", probe=[reqwest], shortest=[reqwest, "--shortest"],
            reads="frames of the body", sends="`Body::wrap`", options={HTTP1: [HTTP1], HTTP2: [HTTP2]},
        ),
        shell(
            "axum-trailers", version([axum_trailers, "--version"]), ALL, "axum_trailers",
            reads="`-v`, or `-D` into a file", sends="`send --trailer`",
            options={HTTP3: ["--http3"], HTTP2: ["--http2"], HTTP1: ["--http1.1"]},
        ),
        Browser(
            name="Chromium", folder="browser", protocols=ALL, code="shortest.js",
            version=version(["chromium", "--version"], r"Chromium (\S+)"),
        ),
        Browser(
            name="Firefox", folder="browser", protocols=ALL, code="server_timing.js",
            version=version(["firefox-esr", "--version"], r"Firefox (\S+)"),
            reads="`PerformanceResourceTiming.serverTiming`",
        ),
    ]
