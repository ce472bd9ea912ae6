"""Runs all rounds of all works and collects the results."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from checks import BIG, check
from figures import orders
from running import serve
from servers import Server
from setting import Setting
from tools import Failure
from work import Work


@dataclass
class Results:
    """All results, by name."""

    # By server and protocol: whether trailers arrive.
    trailers: dict[str, dict[str, bool]] = field(default_factory=dict)
    # By work, server and metric: the figures of all rounds.
    figures: dict[str, dict[str, dict[str, list[float]]]] = field(default_factory=dict)
    # By work and server: why it failed.
    failures: dict[str, dict[str, str]] = field(default_factory=dict)


def measure(works: Sequence[Work], servers: Sequence[Server], setting: Setting, rounds: int) -> Results:
    """Checks each server, then does all works in turn."""
    results = Results()
    _check(servers, setting, results)
    checked = [server for server in servers if server.name in results.trailers]
    for work in works:
        _measure(work, checked, setting, work.rounds(rounds), results)
    return results


def _check(servers: Sequence[Server], setting: Setting, results: Results) -> None:
    setting.big(BIG)
    for server in servers:
        try:
            with serve(server, setting.files) as running:
                results.trailers[server.name] = check(running)
        except Failure as failure:
            _failed(results, "check", server, failure)
            continue
        _say("check", server.name, *(
            f"{protocol}: {'trailer' if comes else 'NO TRAILER'}"
            for protocol, comes in results.trailers[server.name].items()
        ))


def _measure(work: Work, servers: Sequence[Server], setting: Setting, rounds: int, results: Results) -> None:
    able = [server for server in servers if work.can_be_done_by(server, results.trailers[server.name])]
    of_work = results.figures.setdefault(work.name, {})
    for number, order in enumerate(orders(len(able), rounds), 1):
        for server in (able[place] for place in order):
            # One failure is enough, and may have taken long.
            if server.name in results.failures.get(work.name, {}):
                continue
            try:
                with serve(server, setting.files) as running:
                    figures = work.measure(running, setting)
            except Failure as failure:
                _failed(results, work.name, server, failure)
                continue
            for name, figure in figures.items():
                of_work.setdefault(server.name, {}).setdefault(name, []).append(figure)
            _say(work.name, f"{number}/{rounds}", server.name, *(f"{name}={value:g}" for name, value in figures.items()))


def _failed(results: Results, what: str, server: Server, failure: Failure) -> None:
    results.failures.setdefault(what, {})[server.name] = str(failure)
    _say(what, server.name, "FAILED:", failure)


def _say(*words: object) -> None:
    print(*words, file=sys.stderr, flush=True)
