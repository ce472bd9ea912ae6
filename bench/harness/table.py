"""The results as tables in Markdown."""

import math
from collections.abc import Sequence

from figures import Spread, advantage
from rounds import One, Results
from servers import Server
from work import ClientWork, Metric, Work

NONE = "–"

# The titles of columns without figures.
TEXTS = {"server", "client", "trailer"}


def tables(works: Sequence[Work], servers: Sequence[Server], results: Results) -> str:
    """A table for each work of servers, followed by its failures."""
    if not works:
        return ""
    parts = [_of_servers(work, servers, results) for work in works]
    if failed := results.failures.get("check"):
        parts.insert(0, "Not measured:\n\n" + _reasons(failed, servers))
    return "\n\n".join(parts)


def client_tables(works: Sequence[ClientWork], results: Results) -> str:
    """A table for each work of clients, followed by its failures."""
    return "\n\n".join(
        _section(work, work.clients, [["client", *_titles(work)], *_rows(work, work.clients, results)], results)
        for work in works
    )


def _of_servers(work: Work, servers: Sequence[Server], results: Results) -> str:
    measured = [
        server for server in servers
        if (server.ours or not work.ours_alone) and server.has_transport_of(work.protocol)
    ]
    rows = _rows(work, measured, results)
    trailers = [_trailer(work, results.trailers.get(server.name, {})) for server in measured]
    with_trailers = [[*row, trailer] for row, trailer in zip(rows, trailers, strict=True)]
    return _section(work, servers, [["server", *_titles(work), "trailer"], *with_trailers], results)


def _section(work: Work | ClientWork, those: Sequence[One], table: Sequence[Sequence[str]], results: Results) -> str:
    titles, *rows = table
    aligned = ["---" if title in TEXTS else "---:" for title in titles]
    lines = ["| " + " | ".join(cells) + " |" for cells in (titles, aligned, *rows)]
    text = f"### {work.name}\n\n{work.what}.\n\n" + "\n".join(lines)
    if failed := results.failures.get(work.name):
        text += "\n\nFailed:\n\n" + _reasons(failed, those)
    return text


def _titles(work: Work | ClientWork) -> list[str]:
    titles = []
    for metric in work.metrics:
        titles.append(metric.title)
        if work.has_spread:
            titles.append("min–max")
        if metric.compared:
            titles.append("its / ours" if metric.less_is_better else "ours / its")
    return titles


def _rows(work: Work | ClientWork, those: Sequence[One], results: Results) -> list[list[str]]:
    first = next((one.name for one in those if one.ours), "")
    return [_row(work, one, first, results) for one in those]


def _row(work: Work | ClientWork, one: One, first: str, results: Results) -> list[str]:
    failed = any(one.name in results.failures.get(what, {}) for what in ("check", work.name))
    figures = results.figures.get(work.name, {})
    cells = [one.title]
    for metric in work.metrics:
        its = figures.get(one.name, {}).get(metric.name)
        spread = Spread.of(its) if its and not failed else None
        ours = figures.get(first, {}).get(metric.name)
        cells += _cells(work, metric, spread, Spread.of(ours) if ours else None, "failed" if failed else NONE)
    return cells


def _cells(
    work: Work | ClientWork, metric: Metric, its: Spread | None, ours: Spread | None, without: str
) -> list[str]:
    cells = [number(its.median) if its else without]
    if work.has_spread:
        cells.append(f"{number(its.low)}–{number(its.high)}" if its else NONE)
    if metric.compared:
        ratio = advantage(ours.median, its.median, metric.less_is_better) if its and ours else None
        cells.append(NONE if ratio is None else f"{ratio:.2f}")
    return cells


def _trailer(work: Work, trailers: dict[str, bool]) -> str:
    comes = trailers.get(work.protocol)
    return NONE if comes is None else "yes" if comes else "**no trailer**"


def number(value: float) -> str:
    """Three significant digits, and all digits before the point."""
    if value == 0:
        return "0"
    return f"{value:,.{max(2 - math.floor(math.log10(abs(value))), 0)}f}"


def _reasons(failed: dict[str, str], those: Sequence[One]) -> str:
    titles = {one.name: one.title for one in those}
    return "\n".join(f"- {titles[name]}: {' '.join(reason.split())}" for name, reason in failed.items())
