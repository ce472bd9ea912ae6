"""Runs all rounds of all works and collects the results."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from checks import BIG, check
from clients import Client
from figures import orders
from running import serve
from servers import Server
from setting import Setting
from tools import Failure
from work import ClientWork, Work

# What a work measures.
One = TypeVar("One", Server, Client)


@dataclass
class Results:
    """All results, by name."""

    # By server and protocol: whether trailers arrive.
    trailers: dict[str, dict[str, bool]] = field(default_factory=dict)
    # By work, server or client, and metric: the figures of all rounds.
    figures: dict[str, dict[str, dict[str, list[float]]]] = field(default_factory=dict)
    # By work, and server or client: why it failed.
    failures: dict[str, dict[str, str]] = field(default_factory=dict)


def measure_servers(
    works: Sequence[Work], servers: Sequence[Server], setting: Setting, rounds: int, results: Results
) -> None:
    """Checks each server, then does all works in turn."""
    _check(servers, setting, results)
    checked = [server for server in servers if server.name in results.trailers]
    for work in works:
        def figures(server: Server, work: Work = work) -> dict[str, float]:
            with serve(server, setting.files) as running:
                return work.measure(running, setting)

        able = [server for server in checked if work.can_be_done_by(server, results.trailers[server.name])]
        _measure(work.name, able, figures, work.rounds(rounds), results)


def measure_clients(
    works: Sequence[ClientWork], server: Server, setting: Setting, rounds: int, results: Results
) -> None:
    """Does all works in turn."""
    for work in works:
        def figures(client: Client, work: ClientWork = work) -> dict[str, float]:
            with serve(server, setting.files) as running:
                return work.measure(running, setting, client)

        _measure(work.name, work.clients, figures, rounds, results)


def _check(servers: Sequence[Server], setting: Setting, results: Results) -> None:
    setting.big(BIG)
    for server in servers:
        try:
            with serve(server, setting.files) as running:
                results.trailers[server.name] = check(running, setting.client)
        except Failure as failure:
            _failed(results, "check", server, failure)
            continue
        _say("check", server.name, *(
            f"{protocol}: {'trailer' if comes else 'NO TRAILER'}"
            for protocol, comes in results.trailers[server.name].items()
        ))


def _measure(
    work: str, those: Sequence[One], figures_of: Callable[[One], dict[str, float]], rounds: int, results: Results
) -> None:
    of_work = results.figures.setdefault(work, {})
    for number, order in enumerate(orders(len(those), rounds), 1):
        for one in (those[place] for place in order):
            # One failure is enough, and may have taken long.
            if one.name in results.failures.get(work, {}):
                continue
            try:
                figures = figures_of(one)
            except Failure as failure:
                _failed(results, work, one, failure)
                continue
            for name, figure in figures.items():
                of_work.setdefault(one.name, {}).setdefault(name, []).append(figure)
            _say(work, f"{number}/{rounds}", one.name, *(f"{name}={value:g}" for name, value in figures.items()))


def _failed(results: Results, what: str, one: Server | Client, failure: Failure) -> None:
    results.failures.setdefault(what, {})[one.name] = str(failure)
    _say(what, one.name, "FAILED:", failure)


def _say(*words: object) -> None:
    print(*words, file=sys.stderr, flush=True)
