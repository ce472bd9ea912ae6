"""What is made from the folders of the proxies: docs/proxies.md and src/check/remedies.json."""

import document
import measured
import proxy
import remedies
from committed import agree
from tools import Failure


def generated(write):
    """Writes both, or returns how they differ from what the folders say. Leaves out proxies that are not right, and returns why
    they are not."""
    text = document.DOCUMENT.read_text()
    order = document.order(text)
    there, entries = [], []
    failures = [f"docs/proxies.md has a section for {name}, which has no folder" for name in order if name not in proxy.names()]
    for name in sorted(proxy.names(), key=lambda name: order.index(name) if name in order else len(order)):
        try:
            one = measured.load(name)
            document.check(text, one)
            entries += remedies.of(one)
            there.append(one)
        except Failure as failure:
            failures.append(str(failure))
    files = {document.DOCUMENT: document.written(text, there), remedies.FILE: remedies.written(entries)}
    return failures + [difference for file, found in files.items() if (difference := agree(file, found, write))]
