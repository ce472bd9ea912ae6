"""Starts each proxy of setups.toml and asks it: `measurement.py BINARY [--write]`."""

import asyncio
import tempfile
from pathlib import Path

import section
import setups
import verdicts
from asked import answers
from committed import agree
from measure import check
from programs import Addresses, started
from proxy import PLAIN_ORIGIN
from tools import Failure, run_main
from verdicts import PASSES
from workbench import serve

MODES = ["http3-te", "http3"]


def main(binary, *options):
    there, proxies = setups.load()
    versions, found = {}, {}
    with serve(Path(binary), "--plain", "127.0.0.1:0", "--trust-proxy", "127.0.0.1") as server, tempfile.TemporaryDirectory() as folder:
        # Programs that drop their rights read it.
        Path(folder).chmod(0o755)
        origin = Addresses({PLAIN_ORIGIN: int(server.more[0].rpartition(":")[2])})
        for setup in there:
            one = proxies[setup.proxy]
            for release in map(one.release, setup.programs):
                program_folder = release.prepared(one.folder)
                versions[one.name, release.version] = release.full_version(one.name, program_folder, one.folder)
                program = setup.program(release, program_folder)
                with started(program, origin, Path(folder) / f"{setup.file}-{release.version}") as addresses:
                    found[setup.file, release.version] = _answers(binary, setup, release, addresses[setups.PORT])
                print(f"measured: {program.name}", flush=True)
    _conclude(there, proxies, versions, found, "--write" in options)
    print(f"ok: {len(found)} setups over HTTP/3")


def _answers(binary, setup, release, port):
    return asyncio.run(answers(port, release.version not in setup.without_curl)) | {"check": _checked(binary, port)}


def _checked(binary, port):
    """What `axum-trailers check` finds over HTTP/3: questions by finding."""
    lost = {}
    for (question, _), answer in verdicts.answers(check(binary, [f"https://localhost:{port}/"], MODES)).items():
        if answer.outcome == "fail":
            lost.setdefault(answer.finding, {})[question] = None
    return "; ".join(f"{finding}: {', '.join(f'`{question}`' for question in lost[finding])}" for finding in lost) or PASSES


def _conclude(there, proxies, versions, found, write):
    if not write and section.RESULTS.exists():
        versions = _noted(versions, section.read(section.RESULTS.read_text())[0])
    page = section.written(section.DOCUMENT.read_text(), there, proxies, versions, found)
    failures = [agree(section.RESULTS, section.results(versions, found), write), agree(section.DOCUMENT, page, write)]
    if any(failures):
        raise Failure("\n".join(["something else is found; --write writes it", *filter(None, failures)]))


def _noted(versions, known):
    """The versions as they are known. The end of one is only a note."""
    for (name, version), full in versions.items():
        if known.get((name, version)) not in (None, full):
            print(f"note: {name} is {full} here, {known[name, version]} in {section.RESULTS.name}")
    return versions | {key: known[key] for key in versions.keys() & known.keys()}


if __name__ == "__main__":
    run_main(main)
