"""Measures this project's server and client side by side with their peers. `bench/run` builds all programs first."""

import argparse
import json
import os
import re
import resource
import shlex
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import servers
from busy import look
from document import DOCUMENT, with_figures
from downloads import DOWNLOADS
from http3 import HTTP3
from machine import describe
from rounds import Results, measure_clients, measure_servers
from servers import Server
from setting import Setting
from table import client_tables, tables
from tools import Failure, end_well
from works import WORKS

OPEN_FILES = 16384

# By what they measure.
KINDS = {"servers": WORKS, "http3": HTTP3, "clients": DOWNLOADS}


def main() -> int:
    build = Path(os.environ["CARGO_TARGET_DIR"])
    peers = servers.peers(build)
    arguments = _arguments(["ours", *(server.name for server in peers)])
    chosen = _servers(build, peers, arguments)
    works = {
        kind: [work for work in works if not arguments.only or work.name in arguments.only]
        for kind, works in KINDS.items()
        if arguments.of in (None, kind)
    }
    of_servers = [work for kind in ("servers", "http3") for work in works.get(kind, [])]
    of_clients = works.get("clients", [])

    end_well()
    _raise_limit_of_files()
    try:
        before = look()
        before.check(is_for_document=arguments.update)
        about = describe(_command(arguments), build) | {"Load before": str(before)}
        results = Results()
        with _setting(build, arguments) as setting:
            if of_servers:
                measure_servers(of_servers, chosen, setting, arguments.rounds, results)
            measure_clients(of_clients, servers.workbench(setting.binary), setting, arguments.rounds, results)
        texts = {kind: tables(works.get(kind, []), chosen, results) for kind in ("servers", "http3")}
        texts["clients"] = client_tables(of_clients, results)
        print("\n\n".join([_head(about), *filter(None, texts.values())]))
        if arguments.out:
            everything = {"about": about, **asdict(results)}
            arguments.out.write_text(json.dumps(everything, indent=1, ensure_ascii=False) + "\n")
        if arguments.update:
            document = DOCUMENT.read_text()
            for kind in works:
                document = with_figures(document, kind, f"{_head(about)}\n\n{texts[kind]}")
            DOCUMENT.write_text(document)
    except Failure as failure:
        sys.exit(f"FAILED: {failure}")
    return 1 if results.failures else 0


def _servers(build: Path, peers: Sequence[Server], arguments: argparse.Namespace) -> list[Server]:
    ours = [servers.ours(name, binary) for name, binary in arguments.ours] or [
        servers.ours("ours", build / "release/bench_server"),
        servers.ours("ours-axum-06", build / "release/bench_server_axum_06"),
    ]
    return [
        server
        for server in (*ours, *peers)
        if not arguments.servers or (server.ours and "ours" in arguments.servers) or server.name in arguments.servers
    ]


@contextmanager
def _setting(build: Path, arguments: argparse.Namespace) -> Iterator[Setting]:
    with tempfile.TemporaryDirectory(dir=_folder_in_memory()) as folder:
        files, logs = Path(folder, "files"), Path(folder, "logs")
        files.mkdir()
        logs.mkdir()
        # If root starts nginx, its workers read them as another user.
        Path(folder).chmod(0o755)
        setting = Setting(
            arguments.seconds, build / "release/client", files, logs, build / "release/axum-trailers", arguments.download
        )
        setting.make_small()
        yield setting


def _arguments(names: list[str]) -> argparse.Namespace:
    works = [work.name for works in KINDS.values() for work in works]
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    parser.add_argument(
        "--only", type=_among(works), metavar="NAME,…", help=f"measure only these works: {', '.join(works)}"
    )
    parser.add_argument("--of", choices=list(KINDS), help="measure only the works of servers over TCP, those over HTTP/3, or those of clients")
    parser.add_argument(
        "--servers", type=_among(names), metavar="NAME,…", help=f"measure only these servers: {', '.join(names)}"
    )
    parser.add_argument("--rounds", type=_at_least_one, default=5, help="rounds of each work (default: %(default)s)")
    parser.add_argument(
        "--seconds", type=_seconds, default=1.5, help="duration of a timed run, without its warm-up (default: %(default)s)"
    )
    parser.add_argument(
        "--ours", type=_build, action="append", default=[], metavar="NAME=BINARY",
        help="measure this build of bench_server or bench_server_axum_06; repeat it to compare builds, ratios are to the first",
    )
    parser.add_argument(
        "--download", type=_at_least_one, default=1024, metavar="MIB",
        help="size of the file that clients download, in MiB (default: %(default)s)",
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the figures of all rounds to this file, as JSON")
    parser.add_argument(
        "--update", action="store_true", help="write the tables into docs/performance.md; fails if the machine is busy",
    )
    arguments = parser.parse_args()
    builds = [name for name, _ in arguments.ours]
    if len({*builds, *names[1:]}) < len(builds) + len(names[1:]):
        parser.error("each server needs its own name")
    if arguments.update and (arguments.only or arguments.servers):
        parser.error("--update needs all works and all servers: omit --only and --servers")
    if arguments.update and arguments.download != parser.get_default("download"):
        parser.error("--update needs the default --download")
    return arguments


def _among(names: list[str]):
    def among(text: str) -> list[str]:
        chosen = text.split(",")
        if unknown := set(chosen) - set(names):
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(names)}")
        return chosen

    return among


def _at_least_one(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _seconds(text: str) -> float:
    if not 1 <= (seconds := float(text)) <= 60:
        raise argparse.ArgumentTypeError("from 1 to 60")
    return seconds


def _build(text: str) -> tuple[str, Path]:
    name, _, binary = text.partition("=")
    if not re.fullmatch(r"[\w.-]+", name) or not os.access(binary, os.X_OK):
        raise argparse.ArgumentTypeError(f"not NAME=BINARY, or BINARY is not executable: {text}")
    return name, Path(binary).resolve()


def _command(arguments: argparse.Namespace) -> str:
    """The command that repeats the measurement, without local paths."""
    words = ["bench/run", "--rounds", str(arguments.rounds), "--seconds", f"{arguments.seconds:g}"]
    if arguments.of:
        words += ["--of", arguments.of]
    for name in ("only", "servers"):
        if chosen := getattr(arguments, name):
            words += [f"--{name}", ",".join(chosen)]
    words += ["--download", str(arguments.download)]
    for name, _ in arguments.ours:
        words += ["--ours", f"{name}=BINARY"]
    return shlex.join(words)


def _head(about: dict[str, str]) -> str:
    return "\n".join(f"- {name}: {what}" for name, what in about.items())


def _folder_in_memory() -> str | None:
    memory = "/dev/shm"
    return memory if os.access(memory, os.W_OK) else None


def _raise_limit_of_files() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < OPEN_FILES:
        sys.exit(f"FAILED: {OPEN_FILES} open files are needed; the limit is {most}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, most))


if __name__ == "__main__":
    sys.exit(main())
