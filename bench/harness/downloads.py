"""Works of clients: what they download from this project's server."""

import hashlib
import random
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from clients import DISCARDING, MANY, STORING, URLS, Client, Download
from memory import PROTOCOLS
from piped import Piped, piped
from running import Running
from servers import H1, H2
from setting import Setting
from tools import Failure
from work import ClientWork, Metric

MIB = 1 << 20

# In seconds, for one run of a client.
PATIENCE = 300

FILES = 1000
# Of each of them, in bytes.
SMALL = 1024

SECONDS = Metric("seconds", "s", less_is_better=True)
CPU = Metric("cpu_seconds", "CPU s", less_is_better=True, compared=False)
PEAK = Metric("peak", "peak memory, MiB", less_is_better=True, compared=False)


class Content(NamedTuple):
    """A file that the server has."""

    path: Path
    size: int
    # SHA-256, in hexadecimal digits.
    digest: str


@cache
def big_file(folder: Path, mebibytes: int) -> Content:
    """Makes a file whose parts are all different."""
    path, source, hashed = folder / "download", random.Random(0), hashlib.sha256()
    with path.open("wb") as file:
        for _ in range(mebibytes):
            part = source.randbytes(MIB)
            hashed.update(part)
            file.write(part)
    return Content(path, path.stat().st_size, hashed.hexdigest())


@cache
def small_files(folder: Path) -> list[Path]:
    """Makes many files whose contents are all different."""
    (folder / "many").mkdir()
    source = random.Random(0)
    paths = [folder / "many" / f"{number:04}" for number in range(FILES)]
    for path in paths:
        path.write_bytes(source.randbytes(SMALL))
    return paths


def _url(running: Running, setting: Setting, path: Path) -> str:
    return running.url(f"/files/{path.relative_to(setting.files)}")


def _figures(run: Piped) -> dict[str, float]:
    return {SECONDS.name: run.seconds, CPU.name: run.cpu_seconds, PEAK.name: run.peak / 1024}


def _one(protocol: str, stores: bool) -> Callable[[Running, Setting, Client], dict[str, float]]:
    def measure(running: Running, setting: Setting, client: Client) -> dict[str, float]:
        content = big_file(setting.files, setting.download)
        what = Download(setting.binary, protocol, [_url(running, setting, content.path)])
        if not stores:
            return _figures(_run(client, what, content, setting.logs))
        with setting.received() as folder:
            what = what.to(folder / "received")
            run = _run(client, what, content, folder)
            with what.target.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != content.digest:
                    raise Failure(f"{client.name} has stored wrong content")
        return _figures(run)

    return measure


def _run(client: Client, what: Download, content: Content, folder: Path) -> Piped:
    run = piped(client.pipeline(what), folder, PATIENCE)
    proof = content.digest if client.prints_digest else str(content.size)
    if proof not in run.out:
        raise Failure(f"{client.name} does not print {proof} but: {run.out}")
    return run


def _many(protocol: str) -> Callable[[Running, Setting, Client], dict[str, float]]:
    def measure(running: Running, setting: Setting, client: Client) -> dict[str, float]:
        files = small_files(setting.files)
        what = Download(setting.binary, protocol, [_url(running, setting, path) for path in files])
        with setting.received() as folder:
            (folder / URLS).write_text("".join(f'url = "{url}"\n' for url in what.urls))
            run = piped(client.pipeline(what), folder, PATIENCE)
            (folder / URLS).unlink()
            stored, served = ({path.name: path.read_bytes() for path in them} for them in (folder.iterdir(), files))
            if stored != served:
                raise Failure(f"{client.name} has not stored exactly these files")
        return _figures(run)

    return measure


def _works(protocol: str) -> list[ClientWork]:
    over = f"over {PROTOCOLS[protocol]}"
    return [
        ClientWork(
            f"get-{protocol}", f"Download one file {over} and discard it; `sha256sum` prints its digest",
            (SECONDS, CPU, PEAK), DISCARDING, _one(protocol, stores=False),
        ),
        ClientWork(
            f"get-file-{protocol}", f"Download one file {over} into a file",
            (SECONDS, CPU, PEAK), STORING, _one(protocol, stores=True),
        ),
        ClientWork(
            f"get-many-{protocol}", f"Download {FILES:,} files of {SMALL} bytes over one connection of {PROTOCOLS[protocol]}",
            (SECONDS, CPU, PEAK), MANY, _many(protocol),
        ),
    ]


DOWNLOADS = [work for protocol in (H2, H1) for work in _works(protocol)]
