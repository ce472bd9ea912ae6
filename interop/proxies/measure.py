"""Measures proxies: what `axum-trailers check` finds behind each, in each of its configurations."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import console
import unasked
import verdicts
from programs import Addresses, started
from proxy import PLAIN_ORIGIN, TLS_ORIGIN
from tools import Failure, finished
from verdicts import CLIENTS, MODES, to_origin
from workbench import serve

# For one check, in seconds.
LIMIT = 60

# Most of the time they wait.
THREADS = 3

# Everything passes, something is lost, or some modes have no connection.
CODES = (0, 1, 3)


@dataclass(frozen=True)
class Origin:
    """The workbench behind the proxies, and what a check finds without a proxy."""

    binary: Path
    addresses: Addresses
    direct: dict
    # The working folder of a run, and in it one with `axum-trailers`.
    folder: Path

    @property
    def programs(self):
        return self.folder / "programs"


@contextmanager
def origin(binary, folder):
    # Programs that drop their rights read it.
    folder.chmod(0o755)
    console.named(binary, folder)
    # Proxies keep their connections for minutes.
    options = ["--trust-proxy", "127.0.0.1", "--plain", "127.0.0.1:0", "--max-connections", "4096"]
    with serve(binary, *options) as server:
        addresses = Addresses({TLS_ORIGIN: _port(server.url), PLAIN_ORIGIN: _port(server.more[0])})
        reports = [check(binary, [f"https://localhost:{addresses[TLS_ORIGIN]}/"], MODES),
                   check(binary, [f"http://127.0.0.1:{addresses[PLAIN_ORIGIN]}/"], MODES)]
        direct, without_tls = map(verdicts.answers, reports)
        if direct != without_tls or any(answer.outcome == "fail" for answer in direct.values()):
            raise Failure(f"a check without a proxy finds a loss: {json.dumps(reports)}")
        direct |= unasked.answers("TLS", f"https://localhost:{addresses[TLS_ORIGIN]}")
        if any(direct[verdicts.UNASKED, mode] != unasked.ARRIVE for mode in MODES):
            raise Failure("the origin does not send trailers without being asked for them")
        yield Origin(binary, addresses, direct, folder)


@dataclass(frozen=True)
class Result:
    """Of one configuration with one program."""

    # For clients with TLS, and for those without, if there are any.
    verdicts: list
    failures: list


def measure(origin, setups, folders, times):
    """The results of these setups. `folders` has those of the programs, by the name of the proxy's folder and version. Each is
    checked so many times, and must always give the same, except for what depends on the moment."""

    def one(numbered):
        number, setup = numbered
        program = setup.program(folders[setup.proxy.folder.name, setup.release.version])
        try:
            result = _measured(origin, setup, program, origin.folder / str(number), times)
        except Failure as failure:
            result = Result([], [f"{setup.name}: {failure}"])
        print(f"{'failed' if result.failures else 'measured'}: {setup.name}", flush=True)
        return result

    numbered = list(enumerate(setups))
    parallel = [job for job in numbered if not job[1].proxy.one_at_a_time]
    with ThreadPoolExecutor(THREADS) as pool:
        results = dict(zip((number for number, _ in parallel), pool.map(one, parallel), strict=True))
    return [results[number] if number in results else one((number, setup)) for number, setup in numbered]


def _measured(origin, setup, program, folder, times):
    failures = []
    with started(program, origin.addresses, folder) as addresses:
        found = [_checked(origin, setup.configuration, addresses) for _ in range(times)]
        for fault in setup.faults():
            try:
                console.check(
                    f"{setup.name}: {fault.says}", fault.command, fault.prints, fault.lacks, addresses, folder, origin.programs
                )
            except Failure as failure:
                failures.append(str(failure))
    by_clients = [
        verdicts.together(there, origin.direct, setup.configuration.varies) for there in zip(*found, strict=True) if any(there)
    ]
    asked, speaks = setup.configuration.to_origin, to_origin(by_clients)
    if asked.removeprefix("TLS ").replace("h2c", "HTTP/2") not in speaks:
        failures.append(f"{setup.name}: to-origin is {asked}, but it speaks {' and '.join(speaks)}")
    return Result(by_clients, failures)


def _checked(origin, configuration, addresses):
    """A verdict for clients with TLS, and one for those without, if there are any."""

    def verdict(*urls):
        asked = {client: (url, port) for client, url, port in urls if port is not None}
        reports = [check(origin.binary, [f"{url}:{addresses[port]}/"], CLIENTS[client])
                   for client, (url, port) in asked.items()]
        if not asked:
            return None
        found = verdicts.of(asked, reports, origin.direct)
        if configuration.kind != "as-installed":
            return found
        more = {}
        for client, (url, port) in asked.items():
            more |= unasked.answers(client, f"{url}:{addresses[port]}", found.unavailable)
        return verdicts.extended(found, more, origin.direct)

    plain = "http://127.0.0.1"
    over_tls = verdict(("TLS", "https://localhost", configuration.tls))
    return over_tls, verdict(("plain", plain, configuration.plain), ("h2c", plain, configuration.h2c))


def check(binary, urls, modes):
    """The report about a path in these modes. The URLs are those of its hops."""
    options = ["-k", "--json", "--max-time", f"{LIMIT}s", "--mode", ",".join(modes)]
    done = finished([binary, "check", *options, *urls], 2 * LIMIT)
    if done.returncode not in CODES:
        raise Failure(f"exit code {done.returncode} from a check of {' '.join(urls)}\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def _port(url):
    return int(url.rpartition(":")[2])
