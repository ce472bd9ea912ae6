"""docs/performance.md: this harness writes the figures, the text is written by hand."""

import re

from tools import ROOT, Failure

DOCUMENT = ROOT / "docs/performance.md"


def with_figures(text: str, of: str, figures: str) -> str:
    """The document with new figures of servers or clients."""
    text, count = re.subn(
        rf"(?s)(<!-- figures of {of} -->\n).*?(<!-- /figures -->)",
        lambda found: f"{found[1]}\n{figures}\n\n{found[2]}", text,
    )
    if count != 1:
        raise Failure(f"{DOCUMENT.name} has no markers for the figures of {of}")
    return text
