"""Checks the promises of `GET /ui` in Chromium and Firefox. `interop/browsers/run` starts it."""

import argparse
import contextlib
import datetime
import hashlib
import http.client
import http.server
import json
import re
import signal
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from base64 import b64encode
from pathlib import Path
from urllib.parse import quote

import driver

ROOT = Path(__file__).resolve().parents[2]
MEASURED = ROOT / "crates/workbench/src/ui/measured.json"
PICTURES = ROOT / "docs/images"
# Up to the end of the legend.
PICTURE_HEIGHT = 1034
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

# The contrast of two colours (WCAG 2.2).
CONTRAST = """
    const parsed = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const channel = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    const light = ([red, green, blue]) => 0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue);
    const contrast = (...colours) => {
        const [most, least] = colours.map(light).sort((a, b) => b - a);
        return (most + 0.05) / (least + 0.05);
    };
"""

# Text whose contrast with its background is too low (1.4.3).
PALE = "(() => {" + CONTRAST + """
    const ground = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const colour = parsed(getComputedStyle(at).backgroundColor);
            if (colour.length === 3 || colour[3] === 1) return colour;
        }
        return [255, 255, 255];
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const pale = [];
    let checked = 0;
    while (texts.nextNode()) {
        const element = texts.currentNode.parentElement;
        if (texts.currentNode.data.trim() === "" || element.closest("noscript, [hidden]")) continue;
        const style = getComputedStyle(element);
        const ratio = contrast(parsed(element instanceof SVGElement ? style.fill : style.color), ground(element));
        checked += 1;
        if (ratio < 4.5) pale.push(`${ratio.toFixed(2)}: ${texts.currentNode.data.trim().slice(0, 40)}`);
    }
    return { checked, pale };
})()"""

# The contrast of lines of drawings (1.4.11).
LINES = "(() => {" + CONTRAST + """
    const ground = parsed(getComputedStyle(document.querySelector("#timeline svg")).backgroundColor);
    return Object.fromEntries(["axis", "chunk", "rise", "head", "end"].map((name) =>
        [name, contrast(parsed(getComputedStyle(document.querySelector(`#timeline .${name}`)).stroke), ground)]));
})()"""

# Labels of drawings that overlap or are not inside of their drawing.
COLLIDING = """[...document.querySelectorAll("svg")].filter((svg) => svg.checkVisibility()).flatMap((svg) => {
    const frame = svg.getBoundingClientRect();
    const labels = [...svg.querySelectorAll("text")].map((text) => [text.textContent, text.getBoundingClientRect()]);
    const outside = labels.filter(([, box]) => box.left < frame.left - 1 || box.right > frame.right + 1 ||
        box.top < frame.top - 1 || box.bottom > frame.bottom + 1);
    const pairs = labels.flatMap((label, n) => labels.slice(n + 1).map((other) => [label, other]));
    // Boxes have the height of a line, which is more than that of its digits.
    const overlapping = pairs.filter(([[, a], [, b]]) => a.left < b.right && b.left < a.right &&
        a.top + 2 < b.bottom - 2 && b.top + 2 < a.bottom - 2);
    const sides = ({ left, top, right, bottom }) => [left, top, right, bottom].map(Math.round);
    return [...outside.map(([text, box]) => `outside: ${text} ${sides(box)} of ${sides(frame)}`),
        ...overlapping.map(([[a], [b]]) => `${a} / ${b}`)];
})"""

# How many chunks the page counts.
CHUNKS = """Number(
    document.getElementById("status").textContent.match(/in ([\\d,]+) chunk/)?.[1].replaceAll(",", "") ?? 0)"""

# Everything visible that is red, by the card or the part of the page that it is in.
RED = """(() => {
    const probe = document.body.appendChild(document.createElement("i"));
    probe.style.color = "var(--bad)";
    const red = getComputedStyle(probe).color;
    probe.remove();
    const properties = ["color", "backgroundColor", "borderTopColor", "fill", "stroke"];
    const isRed = (style) => properties.some((property) => style[property] === red);
    const all = [...document.body.querySelectorAll("*")].filter((element) => element.checkVisibility() &&
        (isRed(getComputedStyle(element)) ||
            element.matches(".status") && isRed(getComputedStyle(element, "::before"))));
    return [...new Set(all.map((element) => element.closest(".card")?.dataset.name ?? element.closest("section").id))];
})()"""

# All elements that the keyboard should reach, in page order.
REACHABLE = """[...document.querySelectorAll("a[href], button, input, select, textarea, summary, pre[tabindex='0']")]
    .filter((element) => element.checkVisibility())"""


class Failed(Exception):
    """A failed check."""


def expect(holds, promise, *found):
    if not holds:
        raise Failed("\n  ".join([promise, *map(str, found)]))


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

    def log_tail(self):
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
        print(f"The end of the server's log:\n{server.log_tail()}", file=sys.stderr)
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

    def request(self, route, **values):
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

    def listing(self, panel):
        """The fields of a panel's header and trailer section, in order, and whether each is grey."""
        return self.browser.evaluate(f"""(() => {{
            const colour = (element) => getComputedStyle(element).color;
            const grey = colour(document.querySelector(".quiet"));
            return Object.fromEntries(["head", "trailers"].map((part) => [part,
                [...document.querySelectorAll(`#{panel} [data-part=${{part}}] [data-field]`)].map((line) => [
                    line.dataset.field, line.querySelector("code").textContent.replace(/^[^ ]+: /, ""),
                    [...line.querySelectorAll("code, .name")].every((part) => colour(part) === grey)])]));
        }})()""")

    def chunks(self):
        return self.browser.evaluate(CHUNKS)

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

    def measured_again(self):
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
    expect(page.focused() == "Skip to the request", "the first stop of the tab key is the skip link", page.focused())
    browser.press("Enter")
    page.tab_to("Steady stream")
    browser.press("Enter")
    samples = []
    while True:
        now = browser.evaluate(f"""({{
            state: document.getElementById("result").dataset.state,
            chunks: {CHUNKS},
            drawn: (document.querySelector("#timeline .chunk")?.getAttribute("d").match(/M/g) ?? []).length,
            wire: document.querySelector("#wire [data-part=data] h4").textContent,
            isEnded: document.querySelector("#timeline .end") !== null,
        }})""")
        if now["state"] != "running":
            break
        samples.append(now)
    running = [at for at in samples if not at["isEnded"]]
    expect(len({at["drawn"] for at in running}) >= 5, "the drawing has more and more chunks before the end", running)
    expect(len({at["chunks"] for at in running}) >= 5, "the page counts them before the end", running)
    expect(len({at["wire"] for at in running}) >= 3, "the wire grows before the end", running)
    expect(now["state"] == "complete", "the stream comes to its end", now, page.text("status"))
    browser.wait_for("document.querySelector('#timeline .end.complete') !== null")
    expect("65,536 bytes in " in page.text("status"), "all bytes are there", page.text("status"))
    description = browser.evaluate("document.querySelector('#timeline svg').getAttribute('aria-label')")
    expect(re.fullmatch(r"Time line: \d+ chunks, 65,536 bytes, the longest gap .*; complete after .* s; "
                        r"trailer content-digest: .*", description),
           "the drawing has a description", description)

    summary = "The chunks as a table"
    page.tab_to(summary)
    browser.press("Enter")
    rows = browser.evaluate("[...document.querySelectorAll('#chunks tbody tr')].map((row) => row.checkVisibility())")
    count = page.chunks()
    expect(rows == [True] * count, "the chunks are there as a table", rows, count)


def enter_in_a_field_runs_and_a_second_time_stops(page):
    browser = page.browser
    page.request("GET /bytes/{n}", n="65536", chunk="4096", delay="300")
    browser.wait_for(f"{CHUNKS} >= 2")
    expect(page.text("run") == "Stop", "the button stops what runs", page.text("run"))
    browser.evaluate("document.getElementById('control-n').focus()")
    browser.press("Enter")
    page.state_after("result", {"stopped"})
    expect(page.text("run") == "Run" and page.text("status").startswith("Stopped after "),
           "the status is that it stopped", page.text("status"))
    expect(page.text("verdict").startswith("You stopped the transfer after "), "the sentence reports it",
           page.text("verdict"))
    wire = browser.evaluate("document.querySelector('#wire [data-part=trailers] .lines').textContent")
    expect(wire == "none: the client left", "the wire has the reason for the missing trailers", wire)
    red = browser.evaluate(RED)
    expect("attempt" not in red, "a transfer that the user stopped is not red", red)


def cut_transfer_is_reported_as_cut_with_what_was_received(page):
    whole = len(page.server.get("/export/orders?limit=14999").read())

    def cut():
        page.start("Cut transfer", {"cut"})
        status = page.text("status")
        protocol = re.escape(page.browser.protocol)
        found = re.fullmatch(rf"Cut after .*: ([\d,]+) bytes in \d+ chunks?, {protocol} \(TypeError: .+\)", status)
        expect(found, "the status reports the cut", status)
        return int(found[1].replace(",", ""))

    received = something_of(cut)
    expect(0 < received <= whole, f"it received up to {whole} bytes before", received)
    page.browser.wait_for("document.querySelector('#timeline .end.cut') !== null")
    expect(re.fullmatch(r"The transfer was cut after [\d,]+ bytes\. \w+ \d+ reports that to this page\.",
                        page.text("verdict")), "the sentence reports the cut", page.text("verdict"))
    for panel in ("wire", "script"):
        trailers = page.browser.evaluate(f"document.querySelector('#{panel} [data-part=trailers] .lines').textContent")
        expect(trailers == "none: the transfer was cut", "no trailers came", panel, trailers)


def agent(browser):
    return f"{TITLES[browser.name]} {browser.version.partition('.')[0]}"


def page_has_the_protocol_over_which_it_came(page):
    expect(page.text("came") == f"This page came over {page.browser.protocol}.", "the page has its protocol",
           page.text("came"))


def trailers_are_on_the_page_within_ten_seconds_without_a_click(page):
    browser = page.browser
    protocol, is_framed = browser.protocol, browser.protocol != driver.HTTP1
    began = time.monotonic()
    browser.navigate(f"{page.server.url}/ui")
    page.state_after("result", {"complete"})
    took = time.monotonic() - began
    expect(took < 10, "the first result is there within ten seconds", f"{took:.1f} s")
    # What follows are exports as well, and there may be a limit.
    page.state_after("browsers-status", {"complete"})
    # From the browser itself, not from the page.
    entry = browser.evaluate(f"""performance.getEntriesByType("resource")
        .find((entry) => entry.name === "{page.server.url}/export/orders?limit=20000")
        .serverTiming.map(({{ name }}) => name)""")
    wire, script = page.listing("wire"), page.listing("script")
    title = page.browser.evaluate("document.querySelector('#wire h3').textContent")
    request_id = dict((name, value) for name, value, _ in wire["head"])["x-request-id"]
    record = json.loads(page.server.get(f"/seen/{request_id}").read())
    status = [":status", "200", False] if is_framed else None
    expected = [line for line in [status] if line] + [[name, value, False] for name, value in record["fields"]]
    expect(wire["head"] == expected, "the wire has the header section that was sent", wire, record)
    readable = browser.evaluate("""fetch("/export/orders?limit=20000").then(async (response) => {
        await response.arrayBuffer();
        return [...response.headers.keys()];
    })""")
    listed = [name for name, _, is_grey in script["head"] if not is_grey]
    expect(listed == readable, "the other panel lists response.headers in their order", script, readable)
    hidden = [name for name, _, is_grey in script["head"] if is_grey]
    expect(hidden == [name for name, _ in record["fields"] if name not in readable],
           "what was sent and cannot be read follows in grey", script, record)
    note = browser.evaluate("document.querySelector('#script [data-part=head] h4 code').textContent")
    expect(note == "response.status 200, response.headers", "the status is beside them", note)
    data = browser.evaluate("document.querySelector('#wire [data-part=data] h4').textContent")
    content = page.server.get("/export/orders?limit=20000").read()
    size = f"{len(content):,} bytes in {record['data']['pieces']} {'writes' if is_framed else 'chunks'}"
    expect(size in data, "it has the sizes", data, record["data"])
    name = agent(browser)
    expect(title == f"The wire {protocol}", "the title has the protocol", title)
    if protocol != driver.HTTP2:
        lines = browser.evaluate("""["head", "trailers"].map((part) =>
            document.querySelector(`#wire [data-part=${part}] li`).textContent)""")
        first = ":status: 200" if is_framed else "HTTP/1.1 200"
        expect(lines == [first, "withheld (no TE: trailers)"], "the wire has the reason for the missing trailers", lines)
        expect(wire["trailers"] == script["trailers"] == [], "no trailers came", wire, script)
        why = f"because it does not send TE: trailers over {protocol}."
        expect(page.text("verdict") == f"{name} received no trailers, {why}", "the sentence has the reason",
               page.text("verdict"))
        return
    digest = f"sha-256=:{b64encode(hashlib.sha256(content).digest()).decode()}:"
    timing = record["trailers"][2][1]
    expect(wire["trailers"] == [["x-row-count", "20000", False], ["content-digest", digest, False],
                                ["server-timing", timing, False]], "it has the trailers with their values", wire)
    is_shown = browser.name == "firefox"
    hidden = script["trailers"][:2] if is_shown else script["trailers"]
    expect(hidden == [[*line[:2], True] for line in wire["trailers"][:len(hidden)]], "what is not shown is grey",
           script)
    tags = browser.evaluate("""[...document.querySelectorAll("#script [data-trailer]")].map((line) =>
        line.querySelector(".tag")?.textContent ?? null)""")
    expect(tags == ["not shown"] * len(hidden) + [None] * (3 - len(hidden)), "and named so", tags)
    reason = browser.evaluate("document.querySelector('#script [data-part=trailers] .note').textContent")
    expect(reason.startswith("The Fetch API has no trailers. "), "the reason is there", reason)
    if is_shown:
        expect(entry == ["db", "render", "total"], "Firefox shows a Server-Timing trailer", entry)
        shown = script["trailers"][2]
        expect(not shown[2] and re.fullmatch(r"db .*, render .*, total .*s", shown[1]), "the page shows it", shown)
        expect(reason.endswith("Server-Timing is in PerformanceResourceTiming."), "and where it is", reason)
    else:
        expect(entry == [], f"{name} shows no Server-Timing trailer", entry)
        expect(reason.endswith(f"{name} shows Server-Timing only from the header section."), "and why not", reason)
    count = "1" if is_shown else "none"
    expect(page.text("verdict") == f"{name} received 3 trailers and shows this page {count} of them.",
           "a sentence sums it up", page.text("verdict"))


def trailers_are_in_the_time_line(page):
    page.start("Export")
    trailers = page.listing("wire")["trailers"]
    flags = page.browser.evaluate("""[...document.querySelectorAll("#timeline text.flag")].map((text) =>
        [text.textContent, text.classList.contains("shown")])""")
    is_firefox = page.browser.name == "firefox"
    expect(flags == [[f"{name}: {value}", is_firefox and name == "server-timing"] for name, value, _ in trailers],
           "each trailer is a flag with its name and value", flags, trailers)
    places = page.browser.evaluate("""[...document.querySelectorAll("#timeline rect.flag")].map((flag) =>
        Number(flag.getAttribute("x")) + Number(flag.getAttribute("width")))""")
    end = page.browser.evaluate("Number(document.querySelector('#timeline .end line').getAttribute('x1'))")
    expect(all(abs(end - place) < 3 for place in places), "they are at the end", places, end)
    legend = page.browser.evaluate("document.querySelector('#timeline .legend').textContent")
    expect("trailer, shown to this page" in legend and "trailer, not shown" in legend, "the legend explains them",
           legend)
    described = page.browser.evaluate("document.querySelector('#timeline svg').getAttribute('aria-label')")
    expect("; trailer x-row-count: 20000; " in described, "the description has them", described)


def time_lines_of_a_section_have_one_scale_that_starts_with_the_header_section(page):
    page.run_section("ways", {"complete"})
    page.run_section("cuts", {"done"})
    for section in ("ways", "cuts"):
        drawn = page.browser.evaluate(f"""[...document.querySelectorAll("#{section} .card svg")].map((svg) => [
            [...svg.querySelectorAll(".tick")].map((tick) => Number(tick.getAttribute("x1"))),
            svg.querySelector(".head").getAttribute("x1")])""")
        ticks, heads = zip(*drawn)
        # The first tick is the header section, the others are at round times.
        steps = {round(after - before, 3) for marks in ticks for before, after in zip(marks[1:], marks[2:])}
        expect(len(drawn) >= 3 and len(steps) == 1, "all have one time scale", drawn)
        expect(set(heads) == {"12"}, "the wait for the header section takes no width", drawn)


def axis_and_labels_of_the_time_line_have_one_clock(page):
    page.start("Steady stream")
    texts = page.browser.wait_for("""document.querySelector("#timeline .end") !== null &&
        [...document.querySelectorAll("#timeline text")].map((text) => [text.textContent, text.getAttribute("x"),
            text.getAttribute("text-anchor")])""")
    labels = {text: float(x) for text, x, _ in texts}
    end = next(text for text in labels if text.startswith("end after "))
    scale = sorted((float(found[1]), labels[text]) for text in labels
                   if (found := re.fullmatch(r"([\d.]+) s", text)) and float(found[1]) > 0)
    expect(len(scale) >= 2, "the axis has labels", texts)
    (first, left), (last, right) = scale[0], scale[-1]
    ended = float(re.fullmatch(r"end after ([\d.]+) s", end)[1])
    place = page.browser.evaluate("Number(document.querySelector('#timeline .end line').getAttribute('x1'))")
    expected = left + (ended - first) / (last - first) * (right - left)
    expect(abs(place - expected) < 8, "the end is on the axis where its label is", place, expected, texts)


def cleared_time_line_is_not_described_as_the_last_run(page):
    labels = page.browser.evaluate("""(() => {
        const labels = () => [...document.querySelectorAll("#ways .card svg")].map((svg) => svg.ariaLabel);
        const before = labels();
        document.querySelector("#ways-form button").click();
        return [before, labels()];
    })()""")
    page.state_after("ways-status", {"complete"})
    expect(all("complete after" in label for label in labels[0]), "the last run is described", labels)
    expect(set(labels[1]) == {"Time line: no response yet"}, "the next run has no description of it", labels)
    begun = page.browser.evaluate("""(() => {
        document.querySelector("#starts button:last-child").click();
        return [document.querySelector("#timeline svg").ariaLabel, document.querySelector("#wire .lines").textContent];
    })()""")
    page.state_after("result", {"complete"})
    expect(begun == ["Time line: no response yet", "waiting for the server’s record"],
           "a request that has begun shows nothing of the last one", begun)


def red_is_only_what_is_cut_or_lies(page):
    page.run_section("cuts", {"done"})
    for label in ("Export", "Two chunks", "Usage counts"):
        page.start(label)
        expect(page.browser.evaluate(RED) == ["cut", "trailer"], "expected behaviour is not red",
               label, page.browser.evaluate(RED))
    page.request("GET /files/{path}", path="nothing.txt")
    page.state_after("result", {"refused"})
    expect(page.browser.evaluate(RED) == ["cut", "trailer"], "a refusal is not red", page.browser.evaluate(RED))
    for label, state in [("Failure in trailers", "lies"), ("Cut transfer", "cut")]:
        page.start(label, {state})
        expect(page.browser.evaluate(RED) == ["attempt", "cut", "trailer"], "such a transfer is red", label,
               page.browser.evaluate(RED))


def card_of_a_failed_export_is_never_complete(page):
    page.browser.evaluate("""(() => {
        window.words = {};
        for (const card of document.querySelectorAll("#cuts .card")) {
            const status = card.querySelector(".status");
            const own = words[card.dataset.name] = new Set();
            new MutationObserver((changes) => changes.forEach(({ addedNodes }) =>
                addedNodes.forEach((node) => own.add(node.data)))).observe(status, { childList: true });
        }
    })()""")
    page.run_section("cuts", {"done"})
    words = page.browser.evaluate("Object.fromEntries(Object.entries(words).map(([name, own]) => [name, [...own]]))")
    ends = {"cut": "Cut", "trailer": "Failed; fetch reports success", "second": "Failed", "events": "Failed",
            "body": "Failed"}
    expect(words == {name: ["Not run yet", "Running …", word] for name, word in ends.items()},
           "each card shows how its export ended, and nothing else before", words)


def request_can_be_copied_as_a_curl_command_that_shows_the_trailers(page):
    browser = page.browser

    def copy(button):
        browser.evaluate(f"""(() => {{
            document.getElementById("copied-note").textContent = "";
            document.getElementById("{button}").focus();
        }})()""")
        browser.press("Enter")
        browser.wait_for("document.getElementById('copied-note').textContent !== ''")
        return page.text("copied-note"), page.text("copied-line")

    page.request("GET /trailers", query="x-color=it's%20[blue]")
    page.state_after("result", {"complete"})
    url = f"{page.server.url}/trailers?x-color=it%27s%20[blue]"
    for button, options in [("curl", ""), ("curl-http1", " --http1.1 -H 'TE: trailers' --raw")]:
        expected = f"curl -v -k --no-buffer{options} --globoff '{url}'"
        note, line = copy(button)
        expect((note, line) == ("Copied:", expected), "the command is copied and shown", note, line)
        pasted = browser.clipboard()
        expect(pasted == expected, "the clipboard has it", pasted)
        browser.evaluate("""void Object.defineProperty(navigator, "clipboard", {
            configurable: true, value: { writeText: () => Promise.reject(new Error("denied")) },
        })""")
        note, line = copy(button)
        browser.evaluate("void (delete navigator.clipboard)")
        expect((note, line) == ("This browser did not permit copying. The command is:", expected),
               "without a clipboard it is shown", note, line)
        run = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=20)
        expect(run.returncode == 0 and re.search(r"x-color: it's \[blue\]\r?$", run.stdout + run.stderr, re.M),
               "curl shows the trailer", line, run.stdout, run.stderr)
    page.request("POST /echo", content="@it's\n")
    page.state_after("result", {"complete"})
    _, line = copy("curl")
    run = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=20)
    expect(run.stdout == "@it's\n", "content is sent as it is", line, run.stdout, run.stderr)


def links_of_the_page_lead_to_sections_to_the_help_and_to_the_rfc(page):
    links = page.browser.evaluate("[...document.links].map((link) => link.href.replace(location.origin, ''))")
    here = {"/ui#attempt", "/ui#ways", "/ui#cuts", "/ui#browsers", "/help"}
    expect(set(links) == here | {"https://www.rfc-editor.org/rfc/rfc9110#section-6.5"}, "these and no others", links)
    missing = page.browser.evaluate("""[...document.links].map(({ hash, origin }) => [hash, origin])
        .filter(([hash, origin]) => hash !== "" && origin === location.origin)
        .filter(([hash]) => !(document.getElementById(hash.slice(1)) instanceof HTMLElement))""")
    expect(missing == [], "each section is there", missing)
    status = page.server.get("/help").status
    expect(status == 200, "the list of routes is there", status)


def alternatives_agree_with_each_other_and_with_what_was_sent(page, table="orders"):
    page.run_section("ways", {"complete"})
    cards = page.cards("ways")
    target = f"/export/{quote(table)}?limit=2000"
    lines = page.server.get(f"{target}&format=ndjson").read()
    document = page.server.get(f"{target}&format=json").read()

    def digest(content):
        return f"sha-256=:{b64encode(hashlib.sha256(content).digest()).decode()}: ✓ matches"

    for name, content in [("second", lines), ("events", lines), ("body", document)]:
        card = cards[name]
        expect(card["rows"] == card["received"] == "2,000 rows", f"{name} has the count", card)
        expect(card["digest"] == digest(content), f"{name} has the digest", card, digest(content))
        expect("total " in card["timing"], f"{name} has the time", card)
    trailers = cards["trailers"]
    expect(trailers["received"] == "2,000 rows", "the export itself has the same rows", trailers)
    expect(trailers["rows"] == trailers["digest"] == "not visible to this page", "its trailers are not shown",
           trailers)
    shows = "total " in trailers["timing"]
    is_shown = page.browser.name == "firefox" and page.browser.protocol == driver.HTTP2
    expect(shows == is_shown, "its Server-Timing is where the browser shows it",
           trailers)
    status = page.text("ways-status")
    expect(status == "The same 2,000 rows each time. Three digests match; that in the trailers is not visible to this "
           "page.", "the page reports what it compared", status)


def browser_that_shows_all_trailers_would_be_noticed(page):
    """What the page shows about trailers depends on what it receives, not on what browsers are known to do."""
    browser = page.browser

    def show(digest):
        shown = {"x-row-count": "2000", "content-digest": digest, "grpc-message": "lost%20it"}
        browser.evaluate(f"""void Object.defineProperty(Response.prototype, "trailer", {{
            configurable: true, get: () => Promise.resolve(new Headers({json.dumps(shown)})),
        }})""")

    lines = page.server.get("/export/orders?limit=2000&format=ndjson").read()
    digest = f"sha-256=:{b64encode(hashlib.sha256(lines).digest()).decode()}:"
    try:
        show(digest)
        page.start("Export")
        trailers = page.listing("script")["trailers"]
        expect(trailers[:2] == [["x-row-count", "2000", False], ["content-digest", digest, False]],
               "the first part shows them", trailers)
        expect(trailers[3:] == [["grpc-message", "lost%20it", False]], "also one that is not in the record", trailers)
        count = "all" if browser.name == "firefox" else "3"
        expect(page.text("verdict").endswith(f" received 4 trailers and shows this page {count} of them."),
               "the sentence counts them", page.text("verdict"))
        page.run_section("ways", {"complete"})
        card = page.cards("ways")["trailers"]
        expect((card["rows"], card["digest"]) == ("2,000 rows", f"{digest} ✓ matches"), "the comparison shows them",
               card)
        status = page.text("ways-status")
        expect(status == "The same 2,000 rows each time. All four digests match.", "it counts the digest", status)
        page.run_section("cuts", {"done"})
        card = page.cards("cuts")["trailer"]
        expect((card["why"], card["word"]) == ("lost it", "Failed"), "the failures show the reason", card)
        expect(page.measured_again()["others"] == "yes", "the measurement reports them", page.measured())
        show("sha-256=:AA==:")
        page.run_section("ways", {"lies"})
        card = page.cards("ways")["trailers"]
        expect(card["digest"] == "sha-256=:AA==: ✗ does not match", "a wrong digest is noticed", card)
    finally:
        browser.evaluate("delete Response.prototype.trailer")


def missing_timing_entry_is_not_reported_as_no(page):
    browser = page.browser
    browser.evaluate("""(() => {
        window.getEntries = PerformanceObserverEntryList.prototype.getEntries;
        PerformanceObserverEntryList.prototype.getEntries = () => [];
    })()""")
    try:
        page.start("Export")
        line = browser.evaluate("document.querySelector('[data-trailer=server-timing]').textContent")
        expect(line.startswith("unknown server-timing: "), "the first part marks it as unknown", line)
        unknown = " received 3 trailers. Whether it shows this page Server-Timing is unknown."
        expect(page.text("verdict").endswith(unknown), "the sentence reports it", page.text("verdict"))
        page.run_section("ways", {"complete"})
        timing = page.cards("ways")["trailers"]["timing"]
        expect(timing.startswith("unknown: "), "the comparison reports it", timing)
        measured = page.measured_again()
        expect(measured["header"].startswith("unknown: ") and measured["trailer"].startswith("unknown: "),
               "the measurement reports it", measured)
        before = len(browser.requests)
        page.start("Steady stream")
        polls = [url for url in browser.requests[before:] if "/seen/" in url]
        expect(len(polls) >= 5, "the wire is updated without waiting for entries", polls)
    finally:
        browser.evaluate("void (PerformanceObserverEntryList.prototype.getEntries = window.getEntries)")


def record_that_is_missing_or_incomplete_is_reported_as_that(page):
    browser = page.browser
    name = agent(browser)
    received = f"{name} received the whole response."
    cut = f"The server’s transfer was cut. {name} does not report that to this page."
    changed = """realFetch(...request).then((response) => response.json())
        .then((record) => Response.json({{ ...record, {} }}))"""
    cases = [
        ("new Response('', { status: 404 })", "complete", f"{received} The server has no record of this request.",
         "The server has no record of this request.", None),
        ("new Response('', { status: 503 })", "complete", f"{received} The server’s record cannot be read: status 503.",
         "The server’s record cannot be read: status 503.", None),
        ("Promise.reject(new TypeError('down'))", "complete",
         f"{received} The server’s record cannot be read: TypeError: down.",
         "The server’s record cannot be read: TypeError: down.", None),
        (changed.format("state: 'running', trailers: null"), "complete",
         f"{received} Its trailers are unknown: the server has not recorded its end.", None, "not sent yet"),
        (changed.format("state: 'cut', trailers: null"), "lies", cut, None, "none: the transfer was cut"),
        (changed.format("state: 'gone', trailers: null"), "lies", cut, None, "none: the client left"),
        (changed.format("truncated: true"), "complete", None, None, "The record leaves out fields of a large section."),
    ]
    try:
        for response, state, sentence, head, note in cases:
            browser.evaluate(f"""(() => {{
                window.realFetch ??= fetch;
                window.fetch = async (...request) =>
                    String(request[0]).startsWith("/seen/") ? {response} : realFetch(...request);
            }})()""")
            page.start("Export", {state})
            if sentence is None:
                expect(page.text("verdict").startswith(f"{name} received at least 3 trailers and "),
                       "the sentence counts what is in the record", page.text("verdict"))
            else:
                expect(page.text("verdict") == sentence, "the sentence has the reason", page.text("verdict"), response)
            wire = browser.evaluate("""["head", "trailers"].map((part) =>
                document.querySelector(`#wire [data-part=${part}] .note`)?.textContent ?? null)""")
            expect(wire == [head, note], "the wire shows what is known", wire, response)
            if "at least" in page.text("verdict"):
                continue
            trailers = page.listing("script")["trailers"]
            shown = [["server-timing", False]] if browser.name == "firefox" else []
            expect([[line[0], line[2]] for line in trailers] == shown, "trailers that a page can read are listed",
                   trailers, response)
            if not shown and state == "complete":
                note = browser.evaluate("document.querySelector('#script [data-part=trailers] .note').textContent")
                expect(note == "unknown: this page can read none", "others are unknown", note, response)
    finally:
        browser.evaluate("void (window.fetch = window.realFetch)")


def alternatives_report_a_failure_in_the_middle_with_its_reason(page):
    reason = "Database connection lost at row 1500"
    whole = len(page.server.get("/export/orders?limit=1499&format=ndjson").read())

    def cut():
        page.run_section("cuts", {"done"})
        return int(page.cards("cuts")["cut"]["received"].split(" ")[0].replace(",", ""))

    received = something_of(cut)
    cards = page.cards("cuts")
    cut_card, trailer = cards["cut"], cards["trailer"]
    expect(cut_card["state"] == "cut" and cut_card["fetch"].startswith("TypeError: "), "fetch reports the cut",
           cut_card)
    expect(0 < received <= whole, f"up to {whole} bytes came before", cut_card)
    expect((trailer["state"], trailer["fetch"]) == ("lies", "200, success"),
           "fetch reports no failure that is in trailers", trailer)
    expect(trailer["received"].endswith("1,499 rows"), "it has the rows before it", trailer)
    expect(cards["second"]["state"] == "failed", "the second request has the state", cards["second"])
    for name in ("second", "events", "body"):
        expect(cards[name]["why"] == reason, f"{name} has the reason", cards[name])
    for name in ("events", "body"):
        expect(cards[name]["state"] == "failed" and cards[name]["received"].endswith("1,499 rows"),
               f"{name} has the rows before it", cards[name])


def failure_in_trailers_is_no_success_on_the_page(page):
    page.start("Failure in trailers", {"lies"})
    sentence, status = page.text("verdict"), page.text("status")
    expect(sentence == f"{agent(page.browser)} received 2 trailers that report a failure and shows this page none of "
           "them.", "the sentence reports the failure", sentence)
    expect(re.match(r"Failed after \S+ m?s; fetch reports success: ", status), "the status reports it", status)
    message = page.listing("wire")["trailers"][1]
    expect(message == ["grpc-message", "Database connection lost at row 15000", False], "the reason is there", message)
    expect(page.browser.evaluate("document.querySelector('#timeline .end.complete')") is None,
           "the drawing does not show success")


def usage_counts_come_by_a_click(page):
    page.start("Usage counts")
    trailers = page.listing("wire")["trailers"]
    expect(trailers == [["x-usage-input-tokens", "4", False], ["x-usage-output-tokens", "12", False]],
           "the counts are in the trailers", trailers)


def each_route_of_the_help_can_be_requested(page):
    routes = page.browser.evaluate(
        "fetch('/help', { headers: { accept: 'application/json' } }).then((response) => response.json())")["routes"]
    listed = page.browser.evaluate("[...document.getElementById('route').options].map((option) => option.text)")
    expect(listed == [f"{route['method']} {route['path']}" for route in routes], "all are listed", listed)
    page.start("Export")  # provides the ids for /exports/{id} and /seen/{id}
    for route in listed:
        values = {"path": "hello.txt"} if route == "GET /files/{path}" else {}
        page.request(route, **values)
        # Its example fails and reports that in a trailer, which `fetch` does not show.
        page.state_after("result", {"lies" if route == "GET /lines/{n}" else "complete"})
    page.request("GET /healthz")
    page.state_after("result", {"complete"})
    for _ in range(2):
        page.request("GET /seen/{id}")
        page.state_after("result", {"complete"})  # the id is that of a recorded response
    page.request("PUT /files/{name}", content="jello")
    page.state_after("result", {"refused"})
    expect(page.text("verdict") == "Refused with 400: the content does not match its `Content-Digest`",
           "the typed content is sent", page.text("verdict"))
    page.request("GET /trailers", query="x-color=blue")
    page.state_after("result", {"complete"})
    for panel, is_grey in [("wire", False), ("script", True)]:
        trailers = page.listing(panel)["trailers"]
        expect(trailers == [["x-color", "blue", is_grey]], "its trailer is listed", panel, trailers)
    expect(page.text("verdict") == f"{agent(page.browser)} received 1 trailer and does not show it to this page.",
           "a sentence counts it", page.text("verdict"))
    labels = page.browser.evaluate("""(() => {
        const select = document.getElementById("route");
        select.value = [...select.options].find((option) => option.text === "GET /export/{table}").value;
        select.dispatchEvent(new Event("change"));
        const visible = (label) => label.checkVisibility();
        return [...document.querySelectorAll("#attempt-form label")].filter(visible).map((label) => label.textContent);
    })()""")
    expect(labels == ["Route", "Table", "Format", "Rows", "Fail at row", "How the failure is reported"],
           "the controls are named in words, and uncommon ones are folded", labels)


def error_of_the_page_leaves_nothing_running(page):
    browser = page.browser
    browser.evaluate("""(() => {
        window.arrayBuffer = Blob.prototype.arrayBuffer;
        Blob.prototype.arrayBuffer = () => Promise.reject(new RangeError("no room"));
    })()""")
    try:
        page.request("GET /te")
        page.state_after("result", {"failed"})
    finally:
        browser.evaluate("void (Blob.prototype.arrayBuffer = window.arrayBuffer)")
    expect((page.text("verdict"), page.text("run")) == ("This page failed: RangeError: no room", "Run"),
           "it reports the error, and the next one can run", page.text("verdict"), page.text("run"))
    # A URL can't contain a lone surrogate.
    for typed, target in [("..", "/"), ("a/../b c", "/files/b%20c"), ("\ud800", "/files/%EF%BF%BD"),
                          ("$&", "/files/%24%26")]:
        page.request("GET /files/{path}", path=typed)
        page.state_after("result", {"complete", "refused"})
        requested = next(url for url in reversed(browser.requests) if "/seen/" not in url)
        expect(page.text("target") == f"GET {target}" and requested == page.server.url + target,
               f"for {typed!a} the page shows the target that it requests", page.text("target"), requested)


def refusal_has_the_detail_of_the_server(page):
    page.request("GET /files/{path}", path="nothing.txt")
    page.state_after("result", {"refused"})
    expect(page.text("verdict") == "Refused with 404: no such file", "404 has its detail",
           page.text("verdict"))
    # A stalled client at the same address holds the only permit.
    reader = page.server.get("/export/orders?format=json")
    page.request("GET /export/{table}")
    page.state_after("result", {"refused"})
    status = page.text("verdict")
    refused = r"Refused with 429: too many exports from this client: .*\(try again in \d+ s\)"
    expect(re.match(refused, status), "429 has its detail", status)
    page.run_section("ways", {"failed"})
    expect("429" in page.text("ways-status"), "the alternatives report it", page.text("ways-status"))
    word = page.cards("ways")["trailers"]["word"]
    expect(word == "Refused", "the card reports it", word)
    events = page.browser.evaluate("""import("/ui/exports.js")
        .then(({ byEvents }) => byEvents("orders", {}, () => {}))
        .then(({ exchange }) => exchange.answered())
        .then(() => "answered", (error) => error.message)""")
    expect(events.startswith("/export/orders/events? was refused or had no response "),
           "an EventSource without a response may have been refused", events)
    page.browser.navigate(f"{page.server.url}/ui")
    page.state_after("browsers-status", {"failed"})
    alarm = page.text("alarm")
    expect(alarm.startswith("The tables are unknown: /export was refused with 429: "), "the page reports it at once",
           alarm)
    page.start("Two chunks")
    reader.close()


def stopped_server_is_reported(page):
    page.server.end()
    page.request("GET /te")
    page.state_after("result", {"unreachable"})
    expect(page.text("verdict") == "The server does not respond.", "the sentence reports it", page.text("verdict"))
    expect(page.text("status").startswith("No response after "), "the status reports it", page.text("status"))
    page.browser.evaluate("document.getElementById('cuts-table').value = 'orders'")
    page.run_section("cuts", {"failed"})
    expect("no response" in page.text("cuts-status"), "the failures report it", page.text("cuts-status"))


def measurement_is_the_one_that_the_page_shows(page, protocol, committed):
    expect(protocol in page.text("browsers-status"), f"it uses {protocol}", page.text("browsers-status"))
    expect(page.text("measure") == "Measure this browser again", "the button repeats it", page.text("measure"))
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
    expect(elsewhere == [] and browser.requests, "there is no request to another server", elsewhere)


def breach_of_the_policy_would_be_noticed(page):
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
    found = page.browser.wait_for("violations.length >= 3 && violations")
    for directive in ("style-src", "img-src", "require-trusted-types-for"):
        expect(any(violation.startswith(directive) for violation in found), f"a breach of {directive} is noticed",
               found)
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
    expect(found["checked"] > 200 and not found["pale"], "text has 4.5:1 at least", found)


def lines_stand_out_from_their_ground(page):
    found = page.browser.evaluate(LINES)
    expect(min(found.values()) >= 3, "lines of the drawing have 3:1 at least", found)


def motion_is(page, is_still):
    page.browser.evaluate("[...document.querySelectorAll('#starts button')].at(-1).click()")
    page.browser.wait_for("document.querySelector('#timeline .now') !== null && "
                          "document.querySelector('#timeline .chunk') !== null")
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
    expect(smooth == ("auto" if is_still else "smooth"), "the same holds for scrolling", smooth)


def page_is_short(page):
    """Half as long as a page that lists all routes, with each section unfolded."""
    page.browser.evaluate("document.querySelectorAll('details.fold').forEach((details) => { details.open = true; })")
    height = page.browser.evaluate("document.documentElement.scrollHeight")
    highest = 3200 if page.browser.width >= driver.PHONE else 6200
    expect(height <= highest, f"the page is at most {highest} pixels high", height)


def sections_are_folded_on_a_phone(page):
    folds = page.browser.evaluate("[...document.querySelectorAll('details.fold, #options')].map(({ open }) => open)")
    is_phone = page.browser.width < driver.PHONE
    expect(folds == [not is_phone] * 4, "sections and controls are folded on a phone, and nowhere else", folds)
    if is_phone:
        page.browser.evaluate("document.querySelector('nav a[href=\"#cuts\"]').click()")
        folds = page.browser.evaluate("[...document.querySelectorAll('details.fold')].map(({ open }) => open)")
        expect(folds == [False, True, False], "a link to a section unfolds it", folds)
        page.browser.evaluate("scrollTo({ top: 0, behavior: 'instant' })")


def labels_do_not_collide(page):
    colliding = page.browser.evaluate(COLLIDING)
    expect(colliding == [], "labels of drawings do not collide", colliding)


def states(page, shoot):
    """Visits all states that look different."""
    def look(state, whole=False):
        labels_do_not_collide(page)
        shoot(state, whole)

    look("first", whole=True)
    page.browser.evaluate("document.getElementById('starts').querySelectorAll('button')[4].click()")
    page.browser.wait_for(f"{CHUNKS} >= 8")
    shoot("running", whole=False)
    page.state_after("result", {"complete"})
    look("stream")
    for label, state in [("Export", "complete"), ("Failure in trailers", "lies"), ("Cut transfer", "cut"),
                         ("Usage counts", "complete"), ("Two chunks", "complete")]:
        page.start(label, {state})
        look(label.lower().replace(" ", "-"))
    page.request("GET /trailers", query="&".join(f"x-field-{n}={'value' * n}" for n in range(8)))
    page.state_after("result", {"complete"})
    look("many-trailers")
    page.request("GET /files/{path}", path="nothing.txt")
    page.state_after("result", {"refused"})
    look("refused")
    page.start("Export")
    page.run_section("ways", {"complete"})
    page.run_section("cuts", {"done"})
    look("all", whole=True)
    if page.browser.width >= driver.PHONE:
        page_is_short(page)
    page.browser.evaluate("document.getElementById('curl').click()")
    page.browser.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    look("unfolded", whole=True)


def report(name, what):
    print(f"ok: {name}: {what.replace('_', ' ')}", flush=True)


def check_main(name, binary, committed):
    with served(binary, "--allow-upload") as server, driver.launch(name) as browser:
        page = Page(browser, server)
        checks = [
            page_has_the_protocol_over_which_it_came,
            trailers_are_on_the_page_within_ten_seconds_without_a_click,
            links_of_the_page_lead_to_sections_to_the_help_and_to_the_rfc,
            time_line_fills_while_the_stream_runs_by_keyboard_alone,
            enter_in_a_field_runs_and_a_second_time_stops,
            cut_transfer_is_reported_as_cut_with_what_was_received,
            trailers_are_in_the_time_line,
            time_lines_of_a_section_have_one_scale_that_starts_with_the_header_section,
            axis_and_labels_of_the_time_line_have_one_clock,
            cleared_time_line_is_not_described_as_the_last_run,
            alternatives_agree_with_each_other_and_with_what_was_sent,
            alternatives_report_a_failure_in_the_middle_with_its_reason,
            card_of_a_failed_export_is_never_complete,
            red_is_only_what_is_cut_or_lies,
            browser_that_shows_all_trailers_would_be_noticed,
            missing_timing_entry_is_not_reported_as_no,
            record_that_is_missing_or_incomplete_is_reported_as_that,
            failure_in_trailers_is_no_success_on_the_page,
            usage_counts_come_by_a_click,
            each_route_of_the_help_can_be_requested,
            request_can_be_copied_as_a_curl_command_that_shows_the_trailers,
            error_of_the_page_leaves_nothing_running,
            keyboard_reaches_everything_in_order_and_shows_where_it_is,
        ]
        for check in checks:
            check(page)
            report(name, check.__name__)
        measurement_is_the_one_that_the_page_shows(page, "HTTP/2", committed["HTTP/2"])
        report(name, "measurement over HTTP/2 is the one that the page shows")
        motion_is(page, is_still=False)
        pages_kept_to_their_policy_and_to_this_server(page)
        report(name, pages_kept_to_their_policy_and_to_this_server.__name__)
        breach_of_the_policy_would_be_noticed(page)
        report(name, breach_of_the_policy_would_be_noticed.__name__)
    one_export = ("--max-exports-per-client", "1")
    with served(binary, *one_export) as server, driver.launch(name, protocol=driver.HTTP1, still=True) as browser:
        page = Page(browser, server)
        measurement_is_the_one_that_the_page_shows(page, "HTTP/1.1", committed["HTTP/1.1"])
        report(name, "measurement over HTTP/1.1 is the one that the page shows")
        page_has_the_protocol_over_which_it_came(page)
        trailers_are_on_the_page_within_ten_seconds_without_a_click(page)
        report(name, "over HTTP/1.1 the page has the reason for the missing trailers")
        alternatives_agree_with_each_other_and_with_what_was_sent(page)
        report(name, "alternatives also agree over HTTP/1.1")
        motion_is(page, is_still=True)
        report(name, "motion is reduced on request")
        refusal_has_the_detail_of_the_server(page)
        report(name, refusal_has_the_detail_of_the_server.__name__)
        stopped_server_is_reported(page)
        report(name, stopped_server_is_reported.__name__)
        pages_kept_to_their_policy_and_to_this_server(page)


def trailers_that_are_sent_over_http3_all_the_same(page):
    """Why the server sends none without `TE`: no browser shows them, and Chromium fails a response whose content it has not yet
    read when they arrive."""
    fetched = """(async (target) => {
        performance.clearResourceTimings();
        const result = await fetch(target).then(async (response) => (await response.arrayBuffer()).byteLength).catch(String);
        await new Promise((resolve) => setTimeout(resolve, 500));
        return [result, performance.getEntriesByType("resource").flatMap((entry) => entry.serverTiming)];
    })"""
    small, timings = page.browser.evaluate(f"{fetched}('/export/orders?limit=1&trailers=without_te')")
    length = len(page.server.get("/export/orders?limit=1").read())
    expect((small, timings) == (length, []), "a short response is whole, and its Server-Timing trailer is dropped", small, timings)
    lengths = page.browser.evaluate("""(async () => {
        const lengths = [];
        for (let seed = 0; seed < 20; seed += 1) {
            lengths.push(await fetch(`/bytes/100000?trailers=without_te&seed=${seed}`)
                .then(async (response) => (await response.arrayBuffer()).byteLength).catch(() => "failed"));
        }
        return lengths;
    })()""")
    # Whether Chromium fails any depends on the moment: on a busy machine most, on an idle one none.
    may_fail = {"failed"} if page.browser.name == "chromium" else set()
    expect(set(lengths) <= {100_000} | may_fail, "only Chromium fails long responses, and the others are whole", lengths)


def check_http3(name, binary, committed):
    with served(binary) as server, driver.launch(name, protocol=driver.HTTP3, origin=server.url) as browser:
        page = Page(browser, server)
        measurement_is_the_one_that_the_page_shows(page, "HTTP/3", committed["HTTP/3"])
        report(name, "measurement over HTTP/3 is the one that the page shows")
        checks = [
            page_has_the_protocol_over_which_it_came,
            trailers_are_on_the_page_within_ten_seconds_without_a_click,
            cut_transfer_is_reported_as_cut_with_what_was_received,
            alternatives_agree_with_each_other_and_with_what_was_sent,
            trailers_that_are_sent_over_http3_all_the_same,
            pages_kept_to_their_policy_and_to_this_server,
        ]
        for check in checks:
            check(page)
            report(name, f"over HTTP/3: {check.__name__}")


class Proxy(http.server.ThreadingHTTPServer):
    """A proxy on plain HTTP that forwards no trailers and no `TE`, as nginx does by default."""

    daemon_threads = True

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self):
            context = ssl._create_unverified_context()
            connection = http.client.HTTPSConnection("localhost", self.server.origin.port, context=context, timeout=20)
            content = self.rfile.read(int(self.headers.get("content-length", 0)))
            fields = {name: value for name, value in self.headers.items() if name.lower() not in ("te", "connection")}
            connection.request(self.command, self.path, content, {**fields, "te": "trailers"})
            response = connection.getresponse()
            self.send_response_only(response.status)
            for name, value in response.getheaders():
                if name.lower() not in ("transfer-encoding", "content-length"):
                    self.send_header(name, value)
            self.send_header("via", "1.1 proxy")
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            try:
                while piece := response.read1():
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                self.wfile.write(b"0\r\n\r\n")
            except (http.client.HTTPException, OSError):
                self.close_connection = True  # a cut, which it passes on
            connection.close()

        do_GET = do_POST = forward

        def log_message(self, *_):
            pass

    def __init__(self, origin):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.origin = origin
        self.url = f"http://localhost:{self.server_port}"


@contextlib.contextmanager
def proxied(server):
    proxy = Proxy(server)
    threading.Thread(target=proxy.serve_forever).start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()


def check_proxy(name, binary):
    """What the server sent to a proxy is not what the browser received."""
    with served(binary) as server, proxied(server) as proxy, driver.launch(name) as browser:
        page = Page(browser, proxy)
        trailers = page.listing("script")["trailers"]
        expect(page.text("verdict") == "The server sent 3 trailers. A proxy is between (it added via), so it is unknown "
               "how many arrived; this page can read 0.", "the sentence does not count what arrived", page.text("verdict"))
        expect([is_grey for _, _, is_grey in trailers] == [True] * 3, "the trailers are grey", trailers)
        tags = browser.evaluate("[...document.querySelectorAll('#script .tag')].map((tag) => tag.textContent)")
        expect("not shown" not in tags and tags.count("not visible") >= 3, "they may not have arrived", tags)
        title = browser.evaluate("document.querySelector('#wire h3').textContent")
        expect(title == "The wire HTTP/1.1, between server and proxy", "the wire is that to the proxy", title)
        measured = page.measured()
        for key in ("te", "sent", "trailer", "others", "request", "failure"):
            expect(measured[key] == "unknown: a proxy is between", f"{key} is not reported as that of the browser",
                   measured)
        expect(measured["streams"] == measured["announced"] == "yes", "the rest is", measured)
    report(name, "behind a proxy nothing of it is reported as that of the browser")


def check_missing_route(name, binary):
    with served(binary) as server, driver.launch(name) as browser:
        browser.before_each_page("""const realFetch = window.fetch;
            window.fetch = async (...request) => {
                const response = await realFetch(...request);
                if (request[0] !== "/help") return response;
                const { routes, ...rest } = await response.json();
                const others = routes.filter(({ path }) => path !== "/export/{table}");
                return Response.json({ ...rest, routes: others });
            };""")
        browser.navigate(f"{server.url}/ui")
        alarm = browser.wait_for("document.getElementById('alarm').textContent")
        expect(alarm == "The page did not start: this server has no route /export/{table}. Reload it.",
               "the error contains the route", alarm)
    report(name, "a missing route is reported by its name")


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
            expect("404: unknown table `nothing`" in status, "the page reports it", status)
            pages_kept_to_their_policy_and_to_this_server(page)
    report(name, "database of one's own can be tried, and an empty one harms nothing else")


def check_looks(name, binary, folder):
    for width, dark in [(1280, False), (1280, True), (360, False), (390, True), (390, False)]:
        look = f"{width} pixels wide and {'dark' if dark else 'light'}"
        with served(binary) as server, driver.launch(name, width=width, dark=dark) as browser:
            page = Page(browser, server)

            def shoot(state, whole=True):
                if folder:
                    shade = "dark" if dark else "light"
                    browser.screenshot(folder / f"{name}-{width}-{shade}-{state}.png", whole)

            sections_are_folded_on_a_phone(page)
            page_is_short(page)
            states(page, shoot)
            page_is_as_wide_as_the_screen(page)
            text_stands_out_from_its_ground(page)
            lines_stand_out_from_their_ground(page)
            pages_kept_to_their_policy_and_to_this_server(page)
        report(name, f"{look}, the page fits and can be read")


def take_pictures(binary):
    """The pictures of the README: the first screen in both colour schemes."""
    PICTURES.mkdir(exist_ok=True)
    for file, dark in [("ui.png", False), ("ui-dark.png", True)]:
        with served(binary) as server, driver.launch("firefox", height=PICTURE_HEIGHT, dark=dark) as browser:
            # The first export competes with the page's own start.
            Page(browser, server).start("Export")
            browser.screenshot(PICTURES / file, whole=False)
        print(f"updated {PICTURES.relative_to(ROOT) / file}")


def measure(name, binary):
    """What a browser does, in the form of measured.json."""
    results = {}
    for protocol in (driver.HTTP3, driver.HTTP2, driver.HTTP1):
        with served(binary) as server, driver.launch(name, protocol=protocol, origin=server.url) as browser:
            Page(browser, server)
            now = browser.evaluate("import('/ui/browsers.js').then(({ measure }) => measure('orders'))")
            expect(now["protocol"] == protocol, f"it uses {protocol}", now)
            unknown = [key for key, value in now["results"].items() if value.startswith("unknown")]
            expect(unknown == [], "everything can be measured", unknown)
            results[protocol] = now["results"]
            version = browser.version
    return {"name": TITLES[name], "version": version, "results": results}


def main():
    parser = argparse.ArgumentParser("interop/browsers/run", description=__doc__)
    parser.add_argument("binary", type=Path, help="a built axum-trailers")
    parser.add_argument("--update", action="store_true", help="write what was measured into measured.json")
    parser.add_argument("--pictures", action="store_true", help="write the README's pictures into docs/images")
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
    if arguments.pictures:
        take_pictures(binary)
        return
    if arguments.screenshots:
        arguments.screenshots.mkdir(parents=True, exist_ok=True)
    committed = {browser["name"]: browser["results"] for browser in json.loads(MEASURED.read_text())["browsers"]}
    for name in driver.NAMES:
        check_main(name, binary, committed[TITLES[name]])
        check_http3(name, binary, committed[TITLES[name]])
        check_proxy(name, binary)
        check_missing_route(name, binary)
        check_database(name, binary)
        check_looks(name, binary, arguments.screenshots)


if __name__ == "__main__":
    # If the script is terminated, it leaves no browser behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        main()
    except (Failed, driver.BrowserError) as error:
        sys.exit(f"FAILED: {error}")
