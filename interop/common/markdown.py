"""The generated parts of documents."""

import re

from tools import Failure


def replaced(text, name, content):
    """The text with this content between the markers of this name."""
    pattern = rf"(?s)(<!-- {name} -->\n).*?(\n<!-- /{name} -->)"
    text, count = re.subn(pattern, lambda found: found[1] + content + found[2], text)
    if count != 1:
        raise Failure(f"the document has no markers for the {name}")
    return text


def table(titles, rows):
    lines = [titles, ["---"] * len(titles), *rows]
    # A bar would end the cell.
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
