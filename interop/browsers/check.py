"""Checks the promises of `GET /ui` in Chromium and Firefox. `interop/browsers/run` starts it."""

import argparse
import contextlib
import datetime
import hashlib
import http.client
import json
import re
import signal
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
from base64 import b64encode
from pathlib import Path
from urllib.parse import quote

import driver

MEASURED = Path(__file__).resolve().parents[2] / "crates/workbench/src/ui/measured.json"
TITLES = {"chromium": "Chromium", "firefox": "Firefox"}

# Runs in the page before its own scripts.
RECORDER = """
    // Those of all pages of a run. The empty page before them has no storage.
    const isOurs = location.protocol === "https:";
    window.violations = JSON.parse((isOurs && sessionStorage.getItem("violations")) || "[]");
    document.addEventListener("securitypolicyviolation", (event) => {
        violations.push(`${event.violatedDirective}: ${event.blockedURI}`);
        sessionStorage.setItem("violations", JSON.stringify(violations));
    });
"""

# Text whose contrast with its background is too low (WCAG 2.2, 1.4.3).
PALE = """(() => {
    const channel = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    const parsed = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const light = ([red, green, blue]) => 0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue);
    const ground = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const colour = parsed(getComputedStyle(at).backgroundColor);
            if (colour.length === 3 || colour[3] === 1) return colour;
        }
        return [255, 255, 255];
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const pale = [];
    let seen = 0;
    while (texts.nextNode()) {
        const element = texts.currentNode.parentElement;
        if (texts.currentNode.data.trim() === "" || element.closest("noscript, [hidden]")) continue;
        const style = getComputedStyle(element);
        const colour = element instanceof SVGElement ? style.fill : style.color;
        const [a, b] = [light(parsed(colour)), light(ground(element))].sort((a, b) => b - a);
        const ratio = (a + 0.05) / (b + 0.05);
        seen += 1;
        if (ratio < 4.5) pale.push(`${ratio.toFixed(2)}: ${texts.currentNode.data.trim().slice(0, 40)}`);
    }
    return { seen, pale };
})()"""

# Lines of drawings whose contrast is too low (1.4.11).
FAINT = """(() => {
    const channel = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    const light = (colour) => {
        const [red, green, blue] = colour.match(/[\\d.]+/g).map(Number).map(channel);
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const ground = light(getComputedStyle(document.querySelector("#timeline svg")).backgroundColor);
    return Object.fromEntries(["axis", "chunk", "rise", "head", "end"].map((name) => {
        const line = light(getComputedStyle(document.querySelector(`#timeline .${name}`)).stroke);
        return [name, (Math.max(line, ground) + 0.05) / (Math.min(line, ground) + 0.05)];
    }));
})()"""

# All elements that the keyboard should reach, in page order.
REACHABLE = """[...document.querySelectorAll("a[href], button, input, select, textarea, summary, pre[tabindex='0']")]
    .filter((element) => element.checkVisibility())"""


class Failed(Exception):
    """A failed check."""


def expect(holds, promise, *seen):
    if not holds:
        raise Failed("\n  ".join([promise, *map(str, seen)]))


class Server:
    """A built axum-trailers on a free port of the loopback address."""

    def __init__(self, binary, *arguments):
        self.folder = tempfile.TemporaryDirectory()
        self.log = tempfile.TemporaryFile("w+")
        Path(self.folder.name, "hello.txt").write_text("hello\n")
        self.process = subprocess.Popen(
            [binary, "--listen", "127.0.0.1:0", "--redirect", "off", "--dir", self.folder.name, *arguments],
            stdout=subprocess.PIPE, stderr=self.log, text=True,
        )

    def find(self):
        # Kills a server that prints nothing, which also ends the wait for its first line.
        patience = threading.Timer(20, self.process.kill)
        patience.start()
        line = self.process.stdout.readline()
        patience.cancel()
        found = re.fullmatch(r"https://127\.0\.0\.1:(\d+)\n", line)
        expect(found, "the server prints its URL", repr(line))
        self.port = int(found[1])
        self.url = f"https://localhost:{self.port}"

    def get(self, target):
        """Sends a request without a browser."""
        context = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection("localhost", self.port, context=context, timeout=20)
        connection.request("GET", target)
        return connection.getresponse()

    def end(self):
        """Stops the server as an operator would."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            code = self.process.wait(20)
        except subprocess.TimeoutExpired:
            raise Failed("the server ends after SIGTERM") from None
        expect(code == 0, "the server ends successfully", f"its exit code is {code}")

    def said(self):
        self.log.seek(0)
        return "".join(self.log.readlines()[-20:])

    def warnings(self):
        self.log.seek(0)
        return [line for line in self.log if " WARN " in line or "ERROR " in line]

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()
        self.folder.cleanup()


@contextlib.contextmanager
def served(binary, *arguments):
    server = Server(binary, *arguments)
    try:
        server.find()
        yield server
        server.end()
        warnings = server.warnings()
        expect(not warnings, "the page leaves no warning in the log", *warnings)
    except Exception:
        print(f"The end of the server's log:\n{server.said()}", file=sys.stderr)
        raise
    finally:
        server.close()


class Page:
    """The page in a browser."""

    def __init__(self, browser, server, measures="complete"):
        self.browser, self.server = browser, server
        browser.before_each_page(RECORDER)
        browser.navigate(f"{server.url}/ui")
        self.state_after("browsers-status", {measures})

    def state_after(self, element, states):
        """Waits until an element has a final state, and returns it."""
        state = self.browser.wait_for(f"""(() => {{
            const {{ state }} = document.getElementById({json.dumps(element)}).dataset;
            return state !== undefined && state !== "running" && state !== "none" && state;
        }})()""")
        expect(state in states, f"#{element} ends as one of {states}", state, self.text(element))
        return state

    def text(self, element):
        return self.browser.evaluate(f"document.getElementById({json.dumps(element)}).textContent")

    def focused(self):
        return self.browser.evaluate("document.activeElement.id || document.activeElement.textContent")

    def tab_to(self, wanted):
        """Presses Tab until the element with this id or text has the focus."""
        for _ in range(200):
            self.browser.press("Tab")
            if self.focused() == wanted:
                return
        raise Failed(f"the tab key does not reach {wanted!r}")

    def start(self, label, states=("complete",)):
        """Runs one of the page's suggestions, and returns how it ended."""
        self.browser.evaluate(f"""[...document.querySelectorAll("#starts button")]
            .find((button) => button.textContent === {json.dumps(label)}).click()""")
        return self.state_after("result", states)

    def ask(self, route, **values):
        """Requests a route with the form."""
        self.browser.evaluate(f"""(() => {{
            const select = document.getElementById("route");
            select.value = [...select.options].find((option) => option.text === {json.dumps(route)}).value;
            select.dispatchEvent(new Event("change"));
            for (const [name, value] of Object.entries({json.dumps(values)})) {{
                document.getElementById(`control-${{name}}`).value = value;
            }}
            document.getElementById("attempt-form").dispatchEvent(new Event("input"));
            document.getElementById("run").click();
        }})()""")

    def facts(self, within):
        return self.browser.evaluate(f"""Object.fromEntries(
            [...document.querySelectorAll("{within} dd")].map((dd) => [dd.dataset.fact, dd.textContent]))""")

    def cards(self, section):
        return self.browser.evaluate(f"""Object.fromEntries(
            [...document.querySelectorAll("#{section} .card")].map((card) => [card.dataset.name, Object.fromEntries([
                ["state", card.dataset.state],
                ["word", card.querySelector(".status").textContent],
                ...[...card.querySelectorAll("dd")].map((dd) => [dd.dataset.fact, dd.textContent]),
            ])]))""")

    def run_section(self, section, states):
        self.browser.evaluate(f"document.querySelector('#{section}-form button').click()")
        self.state_after(f"{section}-status", states)

    def measured(self):
        return self.browser.evaluate("""Object.fromEntries([...document.querySelectorAll("[data-key]")].map((cell) =>
            [cell.dataset.key, cell.textContent]))""")

    def measured_anew(self):
        self.browser.evaluate("document.getElementById('measure').click()")
        self.state_after("browsers-status", {"complete"})
        return self.measured()


def something_of(cut):
    """How many bytes of a cut transfer arrived. Chromium sometimes loses data that it had not yet handed over."""
    tries = (cut() for _ in range(4))
    return next((received for received in tries if received > 0), 0)


def time_line_fills_while_the_stream_runs_by_keyboard_alone(page):
    browser = page.browser
    browser.press("Tab")
    expect(page.focused() == "To the first try", "the first stop of the tab key is the skip link", page.focused())
    browser.press("Enter")
    page.tab_to("A steady stream")
    browser.press("Enter")
    seen = []
    while True:
        now = browser.evaluate("""({
            state: document.getElementById("result").dataset.state,
            chunks: Number(document.querySelector("[data-fact=chunks]")?.textContent ?? 0),
            drawn: (document.querySelector("#timeline .chunk")?.getAttribute("d").match(/M/g) ?? []).length,
            isEnded: document.querySelector("#timeline .end") !== null,
        })""")
        if now["state"] != "running":
            break
        seen.append(now)
    running = [at for at in seen if not at["isEnded"]]
    expect(len({at["drawn"] for at in running}) >= 5, "the drawing has more and more chunks before the end", running)
    expect(len({at["chunks"] for at in running}) >= 5, "the page counts them before the end", running)
    expect(now["state"] == "complete", "the stream comes to its end", now, page.text("status"))
    browser.wait_for("document.querySelector('#timeline .end.complete') !== null")
    expect("65,536 bytes in " in page.text("status"), "all bytes are there", page.text("status"))
    told = browser.evaluate("document.querySelector('#timeline svg').getAttribute('aria-label')")
    expect(re.fullmatch(r"Time line: \d+ chunks, 65,536 bytes, the longest gap .*; complete after .* s", told),
           "the drawing is told in words", told)

    summary = "The chunks as a table"
    page.tab_to(summary)
    browser.press("Enter")
    rows = browser.evaluate("[...document.querySelectorAll('#chunks tbody tr')].map((row) => row.checkVisibility())")
    count = int(page.facts("#facts")["chunks"])
    expect(rows == [True] * count, "the chunks are there as a table", rows, count)


def enter_in_a_field_runs_and_a_second_time_stops(page):
    browser = page.browser
    page.ask("GET /bytes/{n}", n="65536", chunk="4096", delay="300")
    browser.wait_for("Number(document.querySelector('[data-fact=chunks]').textContent) >= 2")
    expect(page.text("run") == "Stop", "the button stops what runs", page.text("run"))
    browser.evaluate("document.getElementById('control-n').focus()")
    browser.press("Enter")
    page.state_after("result", {"stopped"})
    expect(page.text("run") == "Run" and page.text("status").startswith("Stopped after "), "it says that it stopped",
           page.text("status"))


def cut_transfer_is_reported_as_cut_with_what_was_received(page):
    whole = len(page.server.get("/export/orders?limit=1999").read())

    def cut():
        page.start("A cut export", {"cut"})
        status = page.text("status")
        found = re.fullmatch(r"Cut after .*: ([\d,]+) bytes in \d+ chunks? \(TypeError: .+\)", status)
        expect(found, "the status says so", status)
        return int(found[1].replace(",", ""))

    received = something_of(cut)
    expect(0 < received <= whole, f"it received up to {whole} bytes before", received)
    page.browser.wait_for("document.querySelector('#timeline .end.cut') !== null")
    expect("never came" in page.text("shown"), "its trailers never came", page.text("shown"))


def server_timing_of_a_trailer_is_shown_by_firefox_alone(page):
    page.start("An export")
    said = page.browser.evaluate("document.querySelector('[data-trailer=server-timing]').textContent")
    # From the browser itself, not from the page.
    entry = page.browser.evaluate(f"""performance.getEntriesByType("resource")
        .filter((entry) => entry.name === "{page.server.url}/export/orders").at(-1)
        .serverTiming.map(({{ name }}) => name)""")
    if page.browser.name == "firefox":
        expect(entry == ["db", "render", "total"], "Firefox shows a Server-Timing trailer", entry)
        expect("shown: db " in said and "total " in said, "the page shows it", said)
    else:
        expect(entry == [], "Chromium shows no Server-Timing trailer", entry)
        expect("sent, and not shown by this browser" in said and "db;dur=" in said, "the page says so", said)
    count = page.browser.evaluate("document.querySelector('[data-trailer=x-row-count]').textContent")
    expect("sent, and not shown by this browser" in count and "100000" in count, "what the server sent is said", count)


def alternatives_agree_with_each_other_and_with_what_was_sent(page, table="orders", is_http2=True):
    page.run_section("ways", {"complete"})
    cards = page.cards("ways")
    target = f"/export/{quote(table)}?limit=2000"
    lines = page.server.get(f"{target}&format=ndjson").read()
    document = page.server.get(f"{target}&format=json").read()

    def digest(content):
        return f"sha-256=:{b64encode(hashlib.sha256(content).digest()).decode()}: ✓ fits what arrived"

    for name, content in [("second", lines), ("events", lines), ("body", document)]:
        told = cards[name]
        expect(told["rows"] == told["received"] == "2,000 rows", f"{name} tells the count", told)
        expect(told["digest"] == digest(content), f"{name} tells the digest", told, digest(content))
        expect("total " in told["timing"], f"{name} tells the time", told)
    trailers = cards["trailers"]
    expect(trailers["received"] == "2,000 rows", "the export itself has the same rows", trailers)
    expect(trailers["rows"] == trailers["digest"] == "not shown by this browser", "its trailers are not shown", trailers)
    shows = "total " in trailers["timing"]
    expect(shows == (is_http2 and page.browser.name == "firefox"), "its Server-Timing is where the browser shows it",
           trailers)
    expect(page.text("ways-status").startswith("All agree: 2,000 rows"), "the page says so", page.text("ways-status"))


def browser_that_shows_all_trailers_would_be_noticed(page):
    """What the page shows about trailers depends on what it receives, not on what browsers are known to do."""
    browser = page.browser
    shown = {"x-row-count": "2000", "content-digest": "sha-256=:AA==:", "grpc-message": "lost%20it"}
    browser.evaluate(f"""void Object.defineProperty(Response.prototype, "trailer", {{
        configurable: true, get: () => Promise.resolve(new Headers({json.dumps(shown)})),
    }})""")
    try:
        page.start("An export")
        count = browser.evaluate("document.querySelector('[data-trailer=x-row-count]').textContent")
        expect(count == "x-row-count shown: 2000", "a try shows it", count)
        page.run_section("ways", {"complete"})
        told = page.cards("ways")["trailers"]
        expect((told["rows"], told["digest"]) == ("2,000 rows", "sha-256=:AA==:"), "so does the comparison", told)
        page.run_section("cuts", {"cut"})
        told = page.cards("cuts")["trailer"]
        expect(told["why"] == "lost it", "so does the failure", told)
        expect(page.measured_anew()["others"] == "yes", "so does the measurement", page.measured())
    finally:
        browser.evaluate("delete Response.prototype.trailer")


def what_no_entry_tells_is_not_taken_for_a_no(page):
    browser = page.browser
    browser.evaluate("""(() => {
        window.getEntries = PerformanceObserverEntryList.prototype.getEntries;
        PerformanceObserverEntryList.prototype.getEntries = () => [];
    })()""")
    try:
        page.start("An export")
        said = browser.evaluate("document.querySelector('[data-trailer=server-timing]').textContent")
        expect("sent; whether it is shown is unknown" in said, "a try says so", said)
        page.run_section("ways", {"complete"})
        told = page.cards("ways")["trailers"]["timing"]
        expect(told.startswith("unknown: "), "so does the comparison", told)
        measured = page.measured_anew()
        expect(measured["header"].startswith("unknown: ") and measured["trailer"].startswith("unknown: "),
               "so does the measurement", measured)
    finally:
        browser.evaluate("void (PerformanceObserverEntryList.prototype.getEntries = window.getEntries)")


def failure_in_the_middle_is_told_by_the_alternatives_with_its_reason(page):
    reason = "Database connection lost at row 1500"
    whole = len(page.server.get("/export/orders?limit=1499&format=ndjson").read())

    def cut():
        page.run_section("cuts", {"cut"})
        return int(page.cards("cuts")["reset"]["received"].split(" ")[0].replace(",", ""))

    received = something_of(cut)
    cards = page.cards("cuts")
    reset, trailer = cards["reset"], cards["trailer"]
    expect(reset["state"] == "cut" and "reading fails with TypeError: " in reset["fetch"], "fetch tells of the cut",
           reset)
    expect(0 < received <= whole, f"up to {whole} bytes came before", reset)
    words = {name: card["word"] for name, card in cards.items()}
    expect(words == {"reset": "Cut", "trailer": "Complete", "second": "Failed", "events": "Failed", "body": "Failed"},
           "each card says in a word how it ended", words)
    expect(trailer["state"] == "complete" and trailer["received"].endswith("1,499 rows"),
           "what trailers tell looks whole", trailer)
    expect(cards["second"]["state"] == "failed", "the second request tells the state", cards["second"])
    for name in ("second", "events", "body"):
        expect(cards[name]["why"] == reason, f"{name} tells the reason", cards[name])
    for name in ("events", "body"):
        expect(cards[name]["state"] == "failed" and cards[name]["received"].endswith("1,499 rows"),
               f"{name} has the rows before it", cards[name])


def failure_that_trailers_tell_is_no_success_on_the_page(page):
    page.start("A failure in trailers", {"failed"})
    expect(page.text("status").startswith("Failed, as its trailers say (Database connection lost at row "),
           "it is said with its reason", page.text("status"))


def each_route_of_the_help_can_be_asked(page):
    routes = page.browser.evaluate(
        "fetch('/help', { headers: { accept: 'application/json' } }).then((response) => response.json())")["routes"]
    listed = page.browser.evaluate("[...document.getElementById('route').options].map((option) => option.text)")
    expect(listed == [f"{route['method']} {route['path']}" for route in routes], "all are listed", listed)
    page.start("An export")  # provides the id for /exports/{id}
    for route in listed:
        values = {"path": "hello.txt"} if route == "GET /files/{path}" else {}
        page.ask(route, **values)
        page.state_after("result", {"complete"})
    page.ask("PUT /files/{name}", content="jello")
    page.state_after("result", {"refused"})
    expect(page.text("status") == "Refused with 400: the content does not match its `Content-Digest`",
           "what is typed is sent", page.text("status"))
    page.ask("GET /trailers", query="x-color=blue")
    page.state_after("result", {"complete"})
    expect("x-color announced, and not shown by this browser" in page.text("shown"), "its trailer is listed",
           page.text("shown"))


def try_that_throws_leaves_nothing_running(page):
    browser = page.browser
    browser.evaluate("""(() => {
        window.arrayBuffer = Blob.prototype.arrayBuffer;
        Blob.prototype.arrayBuffer = () => Promise.reject(new RangeError("no room"));
    })()""")
    try:
        page.ask("GET /te")
        page.state_after("result", {"failed"})
    finally:
        browser.evaluate("void (Blob.prototype.arrayBuffer = window.arrayBuffer)")
    expect((page.text("status"), page.text("run")) == ("It did not work: RangeError: no room", "Run"),
           "it says so, and the next one can run", page.text("status"), page.text("run"))
    # A URL can't contain a lone surrogate.
    for typed, target in [("..", "/"), ("a/../b c", "/files/b%20c"), ("\ud800", "/files/%EF%BF%BD"),
                          ("$&", "/files/%24%26")]:
        page.ask("GET /files/{path}", path=typed)
        page.state_after("result", {"complete", "refused"})
        asked = browser.evaluate("performance.getEntriesByType('resource').at(-1).name")
        expect(page.text("target") == f"GET {target}" and asked == page.server.url + target,
               f"of {typed!a} the target is said that is asked for", page.text("target"), asked)


def what_is_refused_is_said_in_the_words_of_the_server(page):
    page.ask("GET /files/{path}", path="nothing.txt")
    page.state_after("result", {"refused"})
    expect(page.text("status") == "Refused with 404: no such file", "404 has its detail",
           page.text("status"))
    # A stalled client at the same address holds the only permit.
    reader = page.server.get("/export/orders?format=json")
    page.ask("GET /export/{table}")
    page.state_after("result", {"refused"})
    status = page.text("status")
    expect(re.match(r"Refused with 429: as many exports .*\(try again in \d+ s\)", status), "429 has its detail",
           status)
    page.run_section("ways", {"failed"})
    expect("429" in page.text("ways-status"), "the alternatives say so too", page.text("ways-status"))
    word = page.cards("ways")["trailers"]["word"]
    expect(word == "Refused", "so does the card", word)
    events = page.browser.evaluate("""import("/ui/exports.js")
        .then(({ byEvents }) => byEvents("orders", {}, () => {}))
        .then(({ exchange }) => exchange.answered())
        .then(() => "answered", (error) => error.message)""")
    expect(events.startswith("/export/orders/events? was refused or has no response "),
           "an EventSource is not said to have had no response", events)
    page.browser.navigate(f"{page.server.url}/ui")
    page.state_after("browsers-status", {"failed"})
    alarm = page.text("alarm")
    expect(alarm.startswith("The tables are not known: /export is refused with 429: "), "so does the page at once", alarm)
    page.start("Two chunks")
    reader.close()


def server_that_is_gone_is_said(page):
    page.server.end()
    page.ask("GET /te")
    page.state_after("result", {"unreachable"})
    expect(page.text("status").startswith("No response after "), "a try says so", page.text("status"))
    page.browser.evaluate("document.getElementById('cuts-table').value = 'orders'")
    page.run_section("cuts", {"failed"})
    expect("no response" in page.text("cuts-status"), "the failures say so", page.text("cuts-status"))


def measurement_is_the_one_that_the_page_shows(page, protocol, committed):
    expect(protocol in page.text("browsers-status"), f"it speaks {protocol}", page.text("browsers-status"))
    # The page shows code as elements, the file in backquotes.
    wanted = {key: value.replace("`", "") for key, value in committed.items()}
    measured = page.measured()
    differing = {key: (wanted.get(key), measured.get(key)) for key in wanted.keys() | measured.keys()
                 if wanted.get(key) != measured.get(key)}
    expect(not differing, "this browser matches measured.json (if not, --update)", differing)


def pages_kept_to_their_policy_and_to_this_server(page):
    browser = page.browser
    violations = browser.evaluate("violations")
    expect(violations == [], "nothing violates the content security policy", violations)
    expect(browser.complaints == [], "the console has no warning and no error", browser.complaints)
    elsewhere = [url for url in browser.requests if not url.startswith((page.server.url, "data:"))]
    expect(elsewhere == [] and browser.requests, "no other server is asked", elsewhere)


def breach_of_the_policy_would_be_seen(page):
    page.browser.evaluate("""(() => {
        const [text, image] = ["p", "img"].map((name) => document.createElement(name));
        text.setAttribute("style", "color: red");
        image.src = "https://localhost:9/";
        document.body.append(text, image);
        try {
            document.body.insertAdjacentHTML("beforeend", "<p id=breach>breach</p>");
        } catch {
            // It is a violation too.
        }
    })()""")
    seen = page.browser.wait_for("violations.length >= 3 && violations")
    for directive in ("style-src", "img-src", "require-trusted-types-for"):
        expect(any(violation.startswith(directive) for violation in seen), f"a breach of {directive} is seen", seen)
    expect(page.browser.evaluate("document.getElementById('breach')") is None, "and it is stopped")


def keyboard_reaches_everything_in_order_and_shows_where_it_is(page):
    browser = page.browser
    browser.navigate(f"{page.server.url}/ui")
    page.state_after("browsers-status", {"complete"})
    browser.evaluate(f"{REACHABLE}.forEach((element, n) => {{ element.dataset.stop = n; }})")
    wanted = browser.evaluate(f"{REACHABLE}.length")
    reached = []
    for _ in range(wanted):
        browser.press("Tab")
        reached.append(browser.evaluate("""(() => {
            const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
            return [Number(document.activeElement.dataset.stop), outlineStyle !== "none" && outlineWidth !== "0px"];
        })()"""))
    expect(reached == [[n, True] for n in range(wanted)], "each stop is reached in order, with a visible focus",
           reached)
    unnamed = browser.evaluate(f"""{REACHABLE}
        .filter((element) => !(element.textContent.trim() || element.labels?.length || element.ariaLabel))
        .map((element) => element.outerHTML)""")
    expect(unnamed == [], "each has a name", unnamed)


def page_is_as_wide_as_the_screen(page):
    wide = page.browser.evaluate("""[document.documentElement.scrollWidth, document.documentElement.clientWidth,
        [...document.body.querySelectorAll("*")].filter((element) => !element.closest(".unseen, thead") &&
            element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
            .map((element) => element.outerHTML.slice(0, 80))]""")
    expect(wide[0] <= wide[1] and not wide[2], "nothing is wider than the screen", wide)


def text_stands_out_from_its_ground(page):
    found = page.browser.evaluate(PALE)
    expect(found["seen"] > 200 and not found["pale"], "text has 4.5:1 at least", found)


def lines_stand_out_from_their_ground(page):
    found = page.browser.evaluate(FAINT)
    expect(min(found.values()) >= 3, "lines of the drawing have 3:1 at least", found)


def motion_is(page, is_still):
    page.browser.evaluate("[...document.querySelectorAll('#starts button')][0].click()")
    page.browser.wait_for("document.querySelector('#timeline .chunk') !== null")
    places = page.browser.evaluate("""(async () => {
        const places = new Set();
        for (let n = 0; n < 10; n += 1) {
            await new Promise((resolve) => setTimeout(resolve, 80));
            places.add(document.querySelector("#timeline .now")?.getAttribute("x1") ?? "nowhere");
        }
        return [...places];
    })()""")
    expect("nowhere" not in places and (len(places) == 1) == is_still,
           "between chunks the drawing moves, unless motion is to be reduced", places)
    page.state_after("result", {"complete"})
    smooth = page.browser.evaluate("getComputedStyle(document.documentElement).scrollBehavior")
    expect(smooth == ("auto" if is_still else "smooth"), "so does scrolling", smooth)


def states(page, shoot):
    """Visits all states that look different."""
    shoot("start")
    page.browser.evaluate("[...document.querySelectorAll('#starts button')][1].click()")
    page.browser.wait_for("Number(document.querySelector('[data-fact=chunks]')?.textContent) >= 8")
    shoot("running", whole=False)
    page.state_after("result", {"complete"})
    page.browser.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    shoot("stream", whole=False)
    for label, state in [("An export", "complete"), ("A failure in trailers", "failed"), ("A cut export", "cut")]:
        page.start(label, {state})
        shoot(label.lower().replace(" ", "-"), whole=False)
    page.ask("GET /files/{path}", path="nothing.txt")
    page.state_after("result", {"refused"})
    shoot("refused", whole=False)
    page.start("Two chunks")
    page.run_section("ways", {"complete"})
    page.run_section("cuts", {"cut"})
    shoot("all")


def say(name, what):
    print(f"ok: {name}: {what.replace('_', ' ')}", flush=True)


def check_main(name, binary, committed):
    with served(binary, "--allow-upload") as server, driver.launch(name) as browser:
        page = Page(browser, server)
        checks = [
            time_line_fills_while_the_stream_runs_by_keyboard_alone,
            enter_in_a_field_runs_and_a_second_time_stops,
            cut_transfer_is_reported_as_cut_with_what_was_received,
            server_timing_of_a_trailer_is_shown_by_firefox_alone,
            alternatives_agree_with_each_other_and_with_what_was_sent,
            failure_in_the_middle_is_told_by_the_alternatives_with_its_reason,
            browser_that_shows_all_trailers_would_be_noticed,
            what_no_entry_tells_is_not_taken_for_a_no,
            failure_that_trailers_tell_is_no_success_on_the_page,
            each_route_of_the_help_can_be_asked,
            try_that_throws_leaves_nothing_running,
            keyboard_reaches_everything_in_order_and_shows_where_it_is,
        ]
        for check in checks:
            check(page)
            say(name, check.__name__)
        measurement_is_the_one_that_the_page_shows(page, "HTTP/2", committed["HTTP/2"])
        say(name, "measurement over HTTP/2 is the one that the page shows")
        motion_is(page, is_still=False)
        pages_kept_to_their_policy_and_to_this_server(page)
        say(name, pages_kept_to_their_policy_and_to_this_server.__name__)
        breach_of_the_policy_would_be_seen(page)
        say(name, breach_of_the_policy_would_be_seen.__name__)
    one_export = ("--max-exports-per-client", "1")
    with served(binary, *one_export) as server, driver.launch(name, http2=False, still=True) as browser:
        page = Page(browser, server)
        measurement_is_the_one_that_the_page_shows(page, "HTTP/1.1", committed["HTTP/1.1"])
        say(name, "measurement over HTTP/1.1 is the one that the page shows")
        alternatives_agree_with_each_other_and_with_what_was_sent(page, is_http2=False)
        say(name, "alternatives agree over HTTP/1.1 too")
        motion_is(page, is_still=True)
        say(name, "motion is reduced where that is asked for")
        what_is_refused_is_said_in_the_words_of_the_server(page)
        say(name, what_is_refused_is_said_in_the_words_of_the_server.__name__)
        server_that_is_gone_is_said(page)
        say(name, server_that_is_gone_is_said.__name__)
        pages_kept_to_their_policy_and_to_this_server(page)


def check_database(name, binary):
    """A database with another table, whose name needs encoding, and one without any."""
    table = "möbel & co?"
    with tempfile.TemporaryDirectory() as folder:
        for file, statements in [
            ("empty.db", []),
            ("one.db", [
                f'CREATE TABLE "{table}" (id INTEGER PRIMARY KEY, text TEXT)',
                "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 3000) "
                f"""INSERT INTO "{table}" SELECT n, 'a,\n"' || n || '",' || char(10, 13, 8232) FROM n""",
            ]),
        ]:
            with contextlib.closing(sqlite3.connect(Path(folder, file))) as database, database:
                for statement in statements or ["VACUUM"]:
                    database.execute(statement)
        with served(binary, "--database", f"{folder}/one.db") as server, driver.launch(name) as browser:
            page = Page(browser, server)
            alternatives_agree_with_each_other_and_with_what_was_sent(page, table)
            pages_kept_to_their_policy_and_to_this_server(page)
        with served(binary, "--database", f"{folder}/empty.db") as server, driver.launch(name) as browser:
            page = Page(browser, server, measures="failed")
            page.start("Two chunks")
            browser.evaluate("document.getElementById('ways-table').value = 'nothing'")
            page.run_section("ways", {"failed"})
            status = page.text("ways-status")
            expect("404: unknown table `nothing`" in status, "it says so", status)
            pages_kept_to_their_policy_and_to_this_server(page)
    say(name, "database of one's own can be tried, and an empty one harms nothing else")


def check_looks(name, binary, folder):
    for width, dark in [(1280, False), (1280, True), (360, False), (390, True), (390, False)]:
        look = f"{width} pixels wide and {'dark' if dark else 'light'}"
        with served(binary) as server, driver.launch(name, width=width, dark=dark) as browser:
            page = Page(browser, server)

            def shoot(state, whole=True):
                if folder:
                    shade = "dark" if dark else "light"
                    browser.screenshot(folder / f"{name}-{width}-{shade}-{state}.png", whole)

            states(page, shoot)
            page_is_as_wide_as_the_screen(page)
            text_stands_out_from_its_ground(page)
            lines_stand_out_from_their_ground(page)
            pages_kept_to_their_policy_and_to_this_server(page)
        say(name, f"{look}, the page fits and can be read")


def measure(name, binary):
    """What a browser does, in the form of measured.json."""
    results = {}
    for protocol, http2 in [("HTTP/2", True), ("HTTP/1.1", False)]:
        with served(binary) as server, driver.launch(name, http2=http2) as browser:
            Page(browser, server)
            now = browser.evaluate("import('/ui/browsers.js').then(({ measure }) => measure('orders'))")
            expect(now["protocol"] == protocol, f"it speaks {protocol}", now)
            unknown = [key for key, value in now["results"].items() if value.startswith("unknown")]
            expect(unknown == [], "all can be told", unknown)
            results[protocol] = now["results"]
            version = browser.version
    return {"name": TITLES[name], "version": version, "results": results}


def main():
    parser = argparse.ArgumentParser("interop/browsers/run", description=__doc__)
    parser.add_argument("binary", type=Path, help="a built axum-trailers")
    parser.add_argument("--update", action="store_true", help="write what was measured into measured.json")
    parser.add_argument("--screenshots", type=Path, metavar="FOLDER", help="write a picture of each state")
    arguments = parser.parse_args()
    binary = arguments.binary.resolve()
    if arguments.update:
        measured = {
            "date": datetime.date.today().isoformat(),
            "browsers": [measure(name, binary) for name in driver.NAMES],
        }
        MEASURED.write_text(json.dumps(measured, indent=2) + "\n")
        print(f"updated {MEASURED.name}: rebuild the binary")
        return
    if arguments.screenshots:
        arguments.screenshots.mkdir(parents=True, exist_ok=True)
    committed = {browser["name"]: browser["results"] for browser in json.loads(MEASURED.read_text())["browsers"]}
    for name in driver.NAMES:
        check_main(name, binary, committed[TITLES[name]])
        check_database(name, binary)
        check_looks(name, binary, arguments.screenshots)


if __name__ == "__main__":
    # If the script is terminated, it leaves no browser behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        main()
    except (Failed, driver.BrowserError) as error:
        sys.exit(f"FAILED: {error}")
