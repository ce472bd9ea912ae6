"""The generated parts of documents."""

import re

from tools import Failure

# By the end of a file's name.
LANGUAGES = {
    "go": "go", "java": "java", "js": "js", "json": "json", "mjs": "js", "py": "python", "rs": "rust", "sh": "sh",
    "toml": "toml", "yaml": "yaml", "yml": "yaml",
}


def replaced(text, name, content):
    """The text with this content between the markers of this name."""
    pattern = rf"(?s)(<!-- {name} -->\n)(?:.*?\n)??(<!-- /{name} -->)"
    text, count = re.subn(pattern, lambda found: f"{found[1]}{content}\n{found[2]}", text)
    if count != 1:
        raise Failure(f"the document has no markers for the {name}")
    return text


def table(titles, rows):
    lines = [titles, ["---"] * len(titles), *rows]
    # A bar would end the cell.
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def code(file, text):
    """A block of code. The end of the file's name says in which language."""
    return f"```{LANGUAGES.get(file.rpartition('.')[2], 'text')}\n{text.strip(chr(10))}\n```"


def anchor(heading):
    """Of this heading, as GitHub makes it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
