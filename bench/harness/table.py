"""The results as tables in Markdown."""

import math
from collections.abc import Sequence

from figures import Spread, advantage
from rounds import Results
from servers import Server
from work import Metric, Work

NONE = "–"


def tables(works: Sequence[Work], servers: Sequence[Server], results: Results) -> str:
    """A table for each work, followed by its failures."""
    parts = [_section(work, servers, results) for work in works]
    if failed := results.failures.get("check"):
        parts.insert(0, "Not measured:\n\n" + _reasons(failed, servers))
    return "\n\n".join(parts)


def _section(work: Work, servers: Sequence[Server], results: Results) -> str:
    first = next((server.name for server in servers if server.ours), "")
    measured = [server for server in servers if server.ours or not work.ours_alone]
    titles = ["server"]
    for metric in work.metrics:
        titles.append(metric.title)
        if work.has_spread:
            titles.append("min–max")
        if metric.compared:
            titles.append("its / ours" if metric.less_is_better else "ours / its")
    titles.append("trailer")
    aligned = ["---", *["---:"] * (len(titles) - 2), "---"]
    rows = [_row(work, server, first, results) for server in measured]
    lines = ["| " + " | ".join(cells) + " |" for cells in (titles, aligned, *rows)]
    text = f"### {work.name}\n\n{work.what}.\n\n" + "\n".join(lines)
    if failed := results.failures.get(work.name):
        text += "\n\nFailed:\n\n" + _reasons(failed, servers)
    return text


def _row(work: Work, server: Server, first: str, results: Results) -> list[str]:
    failed = any(server.name in results.failures.get(what, {}) for what in ("check", work.name))
    figures = results.figures.get(work.name, {})
    cells = [server.title]
    for metric in work.metrics:
        its = figures.get(server.name, {}).get(metric.name)
        spread = Spread.of(its) if its and not failed else None
        ours = figures.get(first, {}).get(metric.name)
        cells += _cells(work, metric, spread, Spread.of(ours) if ours else None, "failed" if failed else NONE)
    return [*cells, _trailer(work, results.trailers.get(server.name, {}))]


def _cells(work: Work, metric: Metric, its: Spread | None, ours: Spread | None, without: str) -> list[str]:
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


def _reasons(failed: dict[str, str], servers: Sequence[Server]) -> str:
    titles = {server.name: server.title for server in servers}
    return "\n".join(f"- {titles[name]}: {' '.join(reason.split())}" for name, reason in failed.items())
