"""Which of the `Server-Timing` metrics of a header field and of a trailer field browsers show to scripts.

Usage: interop/browsers/server-timing EXAMPLE, where EXAMPLE is the built example `axum_server`.
"""

import subprocess
import sys

import driver

# Name of the browser, its protocol, and the names of the metrics that it shows.
SHOWN = [
    ("chromium", driver.HTTP2, ["handler"]),
    ("chromium", driver.HTTP1, ["handler"]),
    ("firefox", driver.HTTP2, ["handler", "ttfb", "stream", "total"]),
    ("firefox", driver.HTTP1, ["handler"]),
]

# The names of the protocols in timing entries.
NAMES = {driver.HTTP2: "h2", driver.HTTP1: "http/1.1"}

FETCH = "fetch('/rows').then(response => response.text()).then(text => { window.content = text; })"
ENTRY = "performance.getEntriesByType('resource').find(entry => entry.name.endsWith('/rows'))"


def shown(url, name, protocol):
    with driver.launch(name, protocol=protocol) as browser:
        browser.navigate(f"{url}/rows")
        browser.evaluate(f"void {FETCH}")
        browser.wait_for("window.content !== undefined")
        browser.wait_for(f"{ENTRY} !== undefined")
        used = browser.evaluate(f"{ENTRY}.nextHopProtocol")
        if used != NAMES[protocol]:
            raise driver.BrowserError(f"{name} used {used}")
        return browser.version, browser.evaluate(f"{ENTRY}.serverTiming.map(metric => metric.name)")


def main(example):
    server = subprocess.Popen([example, "localhost:0"], stdout=subprocess.PIPE, text=True)
    try:
        url = server.stdout.readline().strip().replace("127.0.0.1", "localhost").replace("[::1]", "localhost")
        failed = False
        for name, protocol, expected in SHOWN:
            version, metrics = shown(url, name, protocol)
            print(f"{name} {version} over {protocol}: {', '.join(metrics) or 'none'}")
            if metrics != expected:
                print(f"  expected: {', '.join(expected)}", file=sys.stderr)
                failed = True
    finally:
        server.kill()
        server.wait()
    sys.exit(failed)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
