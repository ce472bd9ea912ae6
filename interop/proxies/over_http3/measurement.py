"""Starts each proxy of setups.toml and asks it: `measurement.py BINARY [--write]`."""

import asyncio
import re
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import manifest
import proxy
import verdicts
from asked import answers
from committed import agree, difference
from markdown import anchor, code, replaced, table
from measure import check
from programs import Addresses, Program, started
from proxy import PLAIN_ORIGIN
from sources import filled
from tools import ROOT, Failure, end_well
from verdicts import PASSES
from workbench import serve

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results.txt"
DOCUMENT = ROOT / "docs/proxies.md"

# Where the configurations listen over HTTP/3.
PORT = 8443

COMMENT = "# What aioquic and libcurl get over HTTP/3 from these proxies. `interop/proxies/over_http3/run --write` writes it."

TITLES = (
    "Proxy", "Version", "Configuration", "To the origin", "`TE`", "Trailers with `TE`", "Trailers without `TE`", "Request trailers",
    "A cut transfer", "`check --http3` finds",
)

CUTS = ("reset", "close", "short")


@dataclass(frozen=True)
class Setup:
    # The folder of its programs.
    proxy: str
    programs: list[str]
    words: str
    file: str
    wrapper: str | None = None
    # Whether the page shows the file.
    shown: bool = False
    # Versions that libcurl does not ask.
    without_curl: list[str] = field(default_factory=list)

    def program(self, release, folder):
        texts = {self.file: (HERE / self.file).read_text()}
        if self.wrapper:
            text = (HERE.parent / self.proxy / self.wrapper).read_text()
            texts[self.wrapper] = text.replace("{file}", self.file)
        main = self.wrapper or self.file
        command = [filled(argument, folder).replace("{configuration}", main) for argument in release.command]
        return Program(f"{self.proxy} {release.version} ({self.file})", command, texts, [PORT], udp=[PORT])


@dataclass(frozen=True)
class Setups:
    setups: list[Setup]


def main(binary, *options):
    setups = manifest.load(Setups, HERE / "setups.toml").setups
    proxies = {setup.proxy: proxy.load(HERE.parent / setup.proxy) for setup in setups}
    versions, found = {}, {}
    with serve(Path(binary), "--plain", "127.0.0.1:0", "--trust-proxy", "127.0.0.1") as server, tempfile.TemporaryDirectory() as folder:
        # Programs that drop their rights read it.
        Path(folder).chmod(0o755)
        origin = Addresses({PLAIN_ORIGIN: int(server.more[0].rpartition(":")[2])})
        for setup in setups:
            for version in setup.programs:
                one = proxies[setup.proxy]
                release = one.release(version)
                there = release.prepared(one.folder)
                versions[one.name, version] = release.full_version(one.name, there, one.folder)
                program = setup.program(release, there)
                with started(program, origin, Path(folder) / f"{setup.file}-{version}") as addresses:
                    asked = asyncio.run(answers(addresses[PORT], version not in setup.without_curl))
                    found[setup.file, version] = asked | {"check": checked(binary, addresses[PORT])}
                print(f"measured: {program.name}", flush=True)
    conclude(setups, proxies, versions, found, "--write" in options)
    print(f"ok: {len(found)} setups over HTTP/3")


def checked(binary, port):
    """What `axum-trailers check` finds over HTTP/3: questions by finding."""
    lost = {}
    for (question, _), answer in verdicts.answers(check(binary, [f"https://localhost:{port}/"], ["http3-te", "http3"])).items():
        if answer.outcome == "fail":
            lost.setdefault(answer.finding, {})[question] = None
    return "; ".join(f"{finding}: {', '.join(f'`{question}`' for question in lost[finding])}" for finding in lost) or PASSES


def conclude(setups, proxies, versions, found, write):
    text = written(versions, found)
    if not write and RESULTS.exists():
        # The end of a version is only a note.
        known = dict(re.findall(r"(?m)^version (.+): (.+)$", RESULTS.read_text()))
        for (name, version), full in versions.items():
            if known.get(f"{name} {version}") not in (None, full):
                print(f"note: {name} is {full} here, {known[f'{name} {version}']} in results.txt")
        noted = {key: known.get(f"{key[0]} {key[1]}", full) for key, full in versions.items()}
        text, versions = written(noted, found), noted
    failures = [agree(RESULTS, text, write)]
    page = DOCUMENT.read_text()
    section = replaced(page, "over-http3", document(setups, proxies, versions, found))
    if write:
        DOCUMENT.write_text(section)
    failures.append(difference(DOCUMENT, DOCUMENT.read_text(), section))
    if any(failures):
        raise Failure("\n".join(["something else is found; --write writes it", *filter(None, failures)]))


def written(versions, found):
    heads = [f"version {name} {version}: {full}" for (name, version), full in versions.items()]
    blocks = [
        "\n".join([f"{file}, {version}", *(f"    {question} → {answer}" for question, answer in there.items())])
        for (file, version), there in found.items()
    ]
    return "\n\n".join([COMMENT, "\n".join(heads), *blocks]) + "\n"


def document(setups, proxies, versions, found):
    rows = {}
    for setup in setups:
        one = proxies[setup.proxy]
        for version in setup.programs:
            link = f"[{one.name}](#{anchor(one.name)})"
            key = link, f"{setup.words} ([{setup.file}](../interop/proxies/over_http3/{setup.file}))", *cells(found[setup.file, version])
            rows.setdefault(key, []).append(versions[one.name, version])
    lines = [(link, ", ".join(there), *more) for (link, *more), there in rows.items()]
    parts = [table(TITLES, lines)]
    for setup in setups:
        if setup.shown:
            parts += [f"{setup.words}, with {proxies[setup.proxy].name}:", code(setup.file, (HERE / setup.file).read_text())]
    return "\n\n".join(parts)


def cells(there):
    te = {"stripped": "**stripped**", "added": "arrives; without `TE`: added"}.get(there["te"], there["te"])
    cuts = {}
    for kind in CUTS:
        cuts.setdefault(there[f"cut-{kind}"], []).append(kind)
    cut = "an error" if list(cuts) == ["an error"] else "; ".join(
        f"**{outcome}**: {', '.join(kinds)}" for outcome, kinds in cuts.items() if outcome != "an error"
    )
    return there["protocol"], te, bold(there["with TE"]), bold(there["without TE"]), bold(there["request trailers"]), cut, there["check"]


def bold(answer):
    return answer if answer.startswith("yes") else f"**{answer}**"


if __name__ == "__main__":
    end_well()
    try:
        main(*sys.argv[1:])
    except Failure as failure:
        sys.exit(f"FAILED: {failure}")
