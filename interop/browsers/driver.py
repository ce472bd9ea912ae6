"""Chromium and Firefox, headless, driven by their own protocols: CDP and WebDriver BiDi. No driver binary.

    with driver.launch("firefox", width=390, dark=True) as browser:
        browser.navigate("https://localhost:3000/ui")
        print(browser.version, browser.evaluate("document.title"))

Certificates are not checked. Each browser has a new, empty profile, which is removed at the end. Every wait has a
timeout, and every failure is a `BrowserError`.
"""

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

NAMES = ("chromium", "firefox")

HTTP3 = "HTTP/3"
HTTP2 = "HTTP/2"
HTTP1 = "HTTP/1.1"

CERTIFICATE = Path(__file__).resolve().parents[2] / "self_signed_certs/cert.pem"

# In seconds.
START = 60
ANSWER = 30
END = 10

# Below this width a browser acts as a phone: `<meta name=viewport>` applies, and scroll bars take no space.
PHONE = 600


class BrowserError(Exception):
    """The browser failed to do what was requested."""


@contextmanager
def launch(name, *, width=1280, height=900, dark=False, still=False, protocol=HTTP2, origin=None):
    """A browser with one empty page. `still` requests reduced motion. It uses HTTP/3 only for the server of `origin`, which must
    have the demo certificate."""
    kinds = {"chromium": Chromium, "firefox": Firefox}
    authority = urlsplit(origin).netloc if protocol == HTTP3 else None
    browser = kinds[name](width=width, height=height, dark=dark, still=still, protocol=protocol, authority=authority)
    try:
        browser.open()
        yield browser
    finally:
        browser.close()


def _key_digest(certificate):
    """The digest of a certificate's public key, in the form of Chromium's option."""
    command = "openssl x509 -in \"$1\" -noout -pubkey | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary"
    done = subprocess.run(["sh", "-ec", command, "sh", certificate], capture_output=True, timeout=ANSWER)
    if done.returncode or len(done.stdout) != 32:
        raise BrowserError(f"no public key in {certificate}: {done.stderr.decode()}")
    return base64.b64encode(done.stdout).decode()


class Browser:
    """The common part of both: a process, a profile, and a connection with numbered commands."""

    name = None
    program = None
    # The line on standard error with its address.
    listening = None

    def __init__(self, *, width, height, dark, still, protocol, authority):
        self.width, self.height = width, height
        self.dark, self.still = dark, still
        self.protocol, self.authority = protocol, authority
        self.version = None
        # URLs of all requests of the page, in order.
        self.requests = []
        # Warnings and errors that the page logged, and uncaught exceptions.
        self.complaints = []
        self._process = self._socket = None
        self._profile = Path(tempfile.mkdtemp(prefix=f"{self.name}-"))
        self._last_id = 0

    def open(self):
        program = shutil.which(self.program)
        if program is None:
            raise BrowserError(f"{self.program} is not installed")
        log = self._profile / "stderr"
        with log.open("wb") as stderr:
            # In a new session, so all of its processes can be killed together.
            self._process = subprocess.Popen(
                [program, *self._arguments()],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr,
                env={**os.environ, "HOME": str(self._profile)},
                start_new_session=True,
            )
        url = self._url(log)
        try:
            self._socket = connect(url, max_size=None, open_timeout=ANSWER, close_timeout=1, proxy=None)
        except (OSError, TimeoutError) as error:
            raise BrowserError(f"{self.name} accepts no connection at {url}: {error}") from error
        self._begin()

    def _url(self, log):
        deadline = time.monotonic() + START
        while time.monotonic() < deadline:
            text = log.read_text(errors="replace")
            found = re.search(self.listening, text)
            if found:
                return self._endpoint(found[1])
            if self._process.poll() is not None:
                raise BrowserError(f"{self.name} ended with {self._process.returncode}:\n{text}")
            time.sleep(0.05)
        raise BrowserError(f"{self.name} did not print its address within {START} s:\n{text}")

    def _call(self, method, params=None, seconds=ANSWER, **more):
        """Sends a command and waits for its answer. Processes events that arrive earlier."""
        self._last_id += 1
        deadline = time.monotonic() + seconds
        try:
            self._socket.send(json.dumps({"id": self._last_id, "method": method, "params": params or {}, **more}))
            while True:
                message = json.loads(self._socket.recv(timeout=max(0, deadline - time.monotonic())))
                if message.get("id") == self._last_id:
                    return self._answer(method, message)
                if "method" in message:
                    self._event(message["method"], message["params"])
        except TimeoutError as error:
            raise BrowserError(f"{self.name} did not respond to {method} within {seconds} s") from error
        except ConnectionClosed as error:
            raise BrowserError(f"{self.name} closed the connection at {method}: {error}") from error

    def evaluate(self, expression, seconds=ANSWER):
        """The value of a JavaScript expression, which may be a promise, as far as JSON can represent it."""
        # As a value: the two browsers report exceptions differently, and Firefox not all of them.
        text = self._evaluate(
            f"(async () => {{ try {{ return JSON.stringify({{ value: (await ({expression})) ?? null }}) }}"
            " catch (error) { return JSON.stringify({ error: String(error) }) } })()",
            seconds,
        )
        answer = json.loads(text)
        if "error" in answer:
            raise BrowserError(f"{self.name}: {answer['error']} from {expression}")
        return answer["value"]

    def wait_for(self, expression, seconds=ANSWER):
        """Waits until an expression is true, and returns its value."""
        deadline = time.monotonic() + seconds
        while True:
            value = self.evaluate(expression, seconds)
            if value:
                return value
            if time.monotonic() > deadline:
                raise BrowserError(f"{self.name}: still false after {seconds} s: {expression}")
            time.sleep(0.05)

    def clipboard(self):
        """The text on the clipboard."""
        return self.evaluate("navigator.clipboard.readText()")

    def close(self):
        """Stops the browser with all of its processes, waits for that, and removes the profile."""
        if self._socket is not None:
            try:
                Browser._call(self, self._end_command, seconds=END)
            except BrowserError:
                pass  # It is killed below.
            self._socket.close()
        if self._process is not None:
            deadline = time.monotonic() + (END if self._socket is not None else 0)
            # It is not reaped yet, so its process id is not reused when the rest of its group is killed.
            unreaped = os.WEXITED | os.WNOHANG | os.WNOWAIT
            while os.waitid(os.P_PID, self._process.pid, unreaped) is None and time.monotonic() < deadline:
                time.sleep(0.02)
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(END)
        # Killed processes may still use it for a moment.
        for _ in range(20):
            shutil.rmtree(self._profile, ignore_errors=True)
            if not self._profile.exists():
                break
            time.sleep(0.1)


class Chromium(Browser):
    """Chromium by the Chrome DevTools Protocol."""

    name = program = "chromium"
    listening = r"DevTools listening on (ws://\S+)"
    _end_command = "Browser.close"

    # Name: (virtual key code, text).
    KEYS = {
        "Tab": (9, ""), "Enter": (13, "\r"), "Space": (32, " "), "Escape": (27, ""),
        "ArrowLeft": (37, ""), "ArrowUp": (38, ""), "ArrowRight": (39, ""), "ArrowDown": (40, ""),
        "Home": (36, ""), "End": (35, ""),
    }

    def _arguments(self):
        arguments = [
            "--headless", "--remote-debugging-port=0", f"--user-data-dir={self._profile / 'data'}",
            "--ignore-certificate-errors", "--disable-gpu", "--disable-dev-shm-usage",
            "--no-first-run", "--no-default-browser-check", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-domain-reliability",
            "--hide-scrollbars", f"--window-size={self.width},{self.height}", "about:blank",
        ]
        if os.geteuid() == 0:
            arguments.insert(0, "--no-sandbox")  # root can't use the sandbox
        return [*self._of_protocol(), *arguments]

    def _of_protocol(self):
        if self.protocol != HTTP3:
            return ["--disable-quic", *["--disable-http2"] * (self.protocol == HTTP1)]
        return [
            "--enable-quic", f"--origin-to-force-quic-on={self.authority}",
            # Over HTTP/3, it ignores the errors of these certificates only.
            f"--ignore-certificate-errors-spki-list={_key_digest(CERTIFICATE)}",
            # Over HTTP/3, it tries only the first address of a name, and that of `localhost` would be [::1].
            "--host-resolver-rules=MAP localhost 127.0.0.1",
        ]

    def _endpoint(self, url):
        return url

    def _begin(self):
        self.version = super()._call("Browser.getVersion")["product"].partition("/")[2]
        pages = [target for target in super()._call("Target.getTargets")["targetInfos"] if target["type"] == "page"]
        target = pages[0]["targetId"]
        self._session = super()._call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._call(f"{domain}.enable")
        self._call("Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]})
        is_phone = self.width < PHONE
        self._call("Emulation.setDeviceMetricsOverride", {
            "width": self.width, "height": self.height, "deviceScaleFactor": 1, "mobile": is_phone,
        })
        self._call("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme", "value": "dark" if self.dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce" if self.still else "no-preference"},
        ]})

    def _call(self, method, params=None, seconds=ANSWER):
        return super()._call(method, params, seconds, sessionId=self._session)

    def _answer(self, method, message):
        if "error" in message:
            raise BrowserError(f"chromium refuses {method}: {message['error']['message']}")
        return message["result"]

    def _event(self, method, params):
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("warning", "error", "assert"):
            self.complaints.append(" ".join(str(value.get("value")) for value in params["args"]))
        # The browser logs error responses and cut ones, even if the page handles them.
        elif method == "Log.entryAdded" and params["entry"]["source"] != "network":
            if params["entry"]["level"] in ("warning", "error"):
                self.complaints.append(params["entry"]["text"])

    def before_each_page(self, script):
        self._call("Page.addScriptToEvaluateOnNewDocument", {"source": script})

    def navigate(self, url):
        failed = self._call("Page.navigate", {"url": url}).get("errorText")
        if failed:
            raise BrowserError(f"chromium can't load {url}: {failed}")
        self.wait_for(f"document.readyState == 'complete' && location.href != 'about:blank'")

    def _evaluate(self, expression, seconds):
        params = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        result = self._call("Runtime.evaluate", params, seconds)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise BrowserError(details.get("exception", {}).get("description", details["text"]))
        return result["result"]["value"]

    def press(self, key, shift=False):
        """Presses and releases a key: one of `KEYS`, or a character."""
        code, text = self.KEYS.get(key, (ord(key[0].upper()), key))
        event = {
            "key": text if key == "Space" else key, "code": key, "windowsVirtualKeyCode": code,
            "modifiers": 8 if shift else 0,
        }
        kind = "keyDown" if text else "rawKeyDown"
        self._call("Input.dispatchKeyEvent", {**event, "type": kind, "text": text})
        self._call("Input.dispatchKeyEvent", {**event, "type": "keyUp"})

    def screenshot(self, path, whole=True):
        """Writes a PNG of the page, or of its visible part."""
        result = self._call("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": whole, **(
            {"clip": self._page()} if whole else {}
        )})
        Path(path).write_bytes(base64.b64decode(result["data"]))

    def _page(self):
        size = self._call("Page.getLayoutMetrics")["cssContentSize"]
        return {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}


class Firefox(Browser):
    """Firefox by WebDriver BiDi."""

    name = "firefox"
    program = "firefox-esr"
    listening = r"WebDriver BiDi listening on (ws://\S+)"
    _end_command = "browser.close"

    # WebDriver's code points for keys.
    KEYS = {
        "Tab": "\ue004", "Enter": "\ue006", "Space": " ", "Escape": "\ue00c", "Shift": "\ue008",
        "ArrowLeft": "\ue012", "ArrowUp": "\ue013", "ArrowRight": "\ue014", "ArrowDown": "\ue015",
        "Home": "\ue011", "End": "\ue010",
    }

    def _arguments(self):
        preferences = {
            "layout.css.prefers-color-scheme.content-override": 0 if self.dark else 1,
            "ui.prefersReducedMotion": 1 if self.still else 0,
            "network.http.http2.enabled": self.protocol != HTTP1,
            "network.http.http3.enable": self.protocol == HTTP3,
            # `clipboard` may read it.
            "dom.events.testing.asyncClipboard": True,
            # No requests except those of the page.
            "network.captive-portal-service.enabled": False,
            "network.connectivity-service.enabled": False,
            "network.dns.disablePrefetch": True,
            "network.prefetch-next": False,
            "browser.safebrowsing.update.enabled": False,
            "app.normandy.enabled": False,
            "datareporting.policy.dataSubmissionEnabled": False,
            "toolkit.telemetry.unified": False,
        }
        if self.protocol == HTTP3:
            host, _, port = self.authority.rpartition(":")
            preferences |= {
                "network.http.http3.alt-svc-mapping-for-testing": f"{host};h3=:{port}",
                "network.http.http3.disable_when_third_party_roots_found": False,
            }
        profile = self._profile / "data"
        profile.mkdir()
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in preferences.items()]
        (profile / "user.js").write_text("".join(lines))
        return [
            "--headless", "--remote-debugging-port", "0", "--no-remote", "--new-instance",
            "--profile", str(profile), "--window-size", f"{self.width},{self.height}", "about:blank",
        ]

    def _endpoint(self, url):
        return f"{url}/session"

    def _begin(self):
        capabilities = {"alwaysMatch": {"acceptInsecureCerts": True}}
        session = self._call("session.new", {"capabilities": capabilities})
        self.version = session["capabilities"]["browserVersion"]
        # The first window never gets the focus, and without focus keys don't press buttons.
        self._context = self._call("browsingContext.create", {"type": "window"})["context"]
        self._call("session.subscribe", {"events": ["log.entryAdded", "network.beforeRequestSent"]})
        # A window can't be as narrow as a phone; its viewport can.
        viewport = {"width": self.width, "height": self.height}
        self._call("browsingContext.setViewport", {"context": self._context, "viewport": viewport})

    def _answer(self, method, message):
        if message.get("type") == "error":
            raise BrowserError(f"firefox refuses {method}: {message['error']}: {message['message']}")
        return message["result"]

    def _event(self, method, params):
        if method == "network.beforeRequestSent" and params["context"] == self._context:
            self.requests.append(params["request"]["url"])
        elif method == "log.entryAdded" and params["level"] in ("warn", "error"):
            # The browser logs a refused EventSource, even if the page handles it.
            if not params["text"].startswith("Firefox can’t establish a connection to the server at "):
                self.complaints.append(params["text"])

    def before_each_page(self, script):
        self._call("script.addPreloadScript", {"functionDeclaration": f"() => {{ {script} }}"})

    def navigate(self, url):
        self._call("browsingContext.navigate", {"context": self._context, "url": url, "wait": "complete"})

    def _evaluate(self, expression, seconds):
        params = {"expression": expression, "awaitPromise": True, "target": {"context": self._context}}
        result = self._call("script.evaluate", params, seconds)
        if result["type"] != "success":
            raise BrowserError(result["exceptionDetails"]["text"])
        return result["result"]["value"]

    def press(self, key, shift=False):
        """Presses and releases a key: one of `KEYS`, or a character."""
        value = self.KEYS.get(key, key)
        actions = [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        if shift:
            held = self.KEYS["Shift"]
            actions = [{"type": "keyDown", "value": held}, *actions, {"type": "keyUp", "value": held}]
        source = {"type": "key", "id": "keyboard", "actions": actions}
        self._call("input.performActions", {"context": self._context, "actions": [source]})

    def screenshot(self, path, whole=True):
        """Writes a PNG of the page, or of its visible part."""
        origin = "document" if whole else "viewport"
        result = self._call("browsingContext.captureScreenshot", {"context": self._context, "origin": origin})
        Path(path).write_bytes(base64.b64decode(result["data"]))
