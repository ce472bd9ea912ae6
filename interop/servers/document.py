"""docs/servers.md: tables and programs are generated, prose is written by hand."""

import posixpath
import re
import shlex
from pathlib import Path

import committed
import results
from markdown import anchor, code, replaced, table
from questions import NONE_SENT, OR
from server import HTTP1, HTTP2, HTTP3, PROTOCOLS, QUESTIONS
from tools import ROOT, Failure

DOCUMENT = ROOT / "docs/servers.md"

GLANCE = ("Server", "Sends trailers", "How", "Reads request trailers")
TITLES = (
    "Server", "Version", "Protocol", "Sent with `TE: trailers`", "Sent without `TE`", "Announced in `Trailer`",
    "Digest trailer", "Request trailers", "A handler that dies",
)
DEATHS = ("What dies", "Version", "Protocol", "The client gets")

# Who announces, in the words for a reader who writes the program or the configuration.
ANNOUNCED = {
    NONE_SENT: "",
    "by the program": "only if you set it",
    "by the program, or none is sent": "only if you set it; otherwise none is sent",
    "in vain": "if you set it, in vain",
}

# The short forms of what a client reports as a failure.
REPORTED = ("cut", "an error status", "a failure status")

# What a death looks like in short, by the beginning of its words.
SHORT = {
    "complete": "**complete**",
    "hangs": "**hangs**",
    "refused: ": "an error status",
    "the sender reports a failure: ": "a failure status",
    "cut: the server reset the stream with NO_ERROR": "**reset with `NO_ERROR`**",
    "cut: ": "cut",
}


def written(text, servers):
    """The document with what was found about the servers: by the names of their folders."""
    found = {name: _read(server) for name, server in servers.items()}
    ordered = _ordered(text, servers)
    text = replaced(text, "answers", table(GLANCE, [_glance(servers[name], found[name]) for name in ordered]))
    rows = [row for name in ordered for row in _rows(servers[name], found[name])]
    text = replaced(text, "results", table(TITLES, rows))
    for name in ordered:
        text = replaced(text, name, _section(servers[name], found[name]))
    return text


def compare(text, servers):
    """Raises a `Failure` if this is not the document, or if server.toml and results.txt of a server contradict each other."""
    failures = _contradictions(servers)
    if difference := committed.difference(DOCUMENT, text, written(text, servers)):
        failures.append(f"docs/servers.md is not what the files of the servers have; --write updates it\n{difference}")
    if failures:
        raise Failure("\n".join(failures))


def _read(server):
    """By whole version and protocol: answers by question. One that is missing is an empty cell."""
    versions, found = results.read(server.results)
    return {
        (versions.get(version, version), protocol): dict.fromkeys(QUESTIONS, "") | answers
        for (version, protocol), answers in found.items()
    }


def _contradictions(servers):
    contradictions = []
    for server in servers.values():
        found = _read(server)
        for member, can in (("sends", bool(_sends(found))), ("reads", _reads(found))):
            if can != (getattr(server, member) is not None):
                contradictions.append(f"{server.name} {'can' if can else 'can not'}, but `{member}` is {'not ' if can else ''}set")
        releases = [release.version for release in server.programs]
        programs = [(version, protocol) for version in releases for protocol in server.probe.protocols(version)]
        versions, found = results.read(server.results)
        if (list(versions), list(found)) != (releases, programs):
            known = f"{', '.join(versions)} ({'; '.join(map(', '.join, found))})"
            contradictions.append(f"{server.name}: results.txt is about {known}, server.toml about {'; '.join(map(', '.join, programs))}")
    return contradictions


def _ordered(text, servers):
    """The names of the folders in the order of the headings."""
    headings = re.findall(r"(?m)^## (.*)$", text)
    missing = [server.name for server in servers.values() if server.name not in headings]
    if missing:
        raise Failure(f"docs/servers.md has no headings for {', '.join(missing)}")
    return sorted(servers, key=lambda name: headings.index(servers[name].name))


def _glance(server, found):
    return _link(server), _over(_sends(found)), server.sends or "no API", server.reads or "**no**"


def _over(protocols):
    *first, last = [protocol for protocol in PROTOCOLS if protocol in protocols] or [None]
    if last is None:
        return "**no**"
    return f"over {', '.join(first)} and {last}" if first else f"over {last} only"


def _sends(found):
    """The protocols over which it sends trailers."""
    return frozenset(protocol for (_, protocol), answers in found.items() if answers["with TE"] == "yes")


def _reads(found):
    """Whether applications can read the trailers of some requests."""
    answers = [answers["request trailers"] for answers in found.values()]
    return any(answer in ("yes", "if announced") or "yes" in answer.split("; ")[0] for answer in answers)


def _rows(server, found):
    """A row for each protocol, and for versions that differ in it."""
    merged = {}
    for protocol in PROTOCOLS:
        for (version, other), answers in found.items():
            if other == protocol:
                merged.setdefault((protocol, *_cells(server, answers)), []).append(version)
    return [(_link(server), ", ".join(versions), *cells) for cells, versions in merged.items()]


def _cells(server, answers):
    deaths = [
        _short(outcome) for dying in server.deaths if dying.words in answers for outcome in answers[dying.words].split(OR)
    ]
    return (
        _bold_no(answers["with TE"]), _bold_no(answers["without TE"]),
        ANNOUNCED.get(answers["announced"], answers["announced"]),
        "" if answers["digest"] == NONE_SENT else answers["digest"],
        _request_trailers(server, answers["request trailers"]), ", ".join(dict.fromkeys(deaths)),
    )


def _link(server):
    return f"[{server.name}](#{anchor(server.name)})"


def _bold_no(answer):
    return "**no**" if answer == "no" else answer


def _request_trailers(server, answer):
    if answer == server.meaningless.get("request trailers"):
        return answer
    if answer in ("yes", "if announced"):
        condition = "" if answer == "yes" else "**only if announced**: "
        return f"{condition}{server.reads}"
    return f"**fails**: {answer.removeprefix('cut: ')}" if answer.startswith(("cut: ", "refused: ")) else f"**{answer}**"


def _short(outcome):
    return next((short for beginning, short in SHORT.items() if outcome.startswith(beginning)), f"**{outcome}**")


def _section(server, found):
    programs = [_program(server, shortest) for shortest in server.shortest]
    shown = {shortest.file for shortest in server.shortest} | {server.probe.file}
    faults = [_fault(server, fault, shown) for fault in server.faults]
    return "\n\n".join(filter(None, [*programs, _deaths(server, found), *faults]))


def _program(server, shortest):
    file = Path(shortest.file).name
    arguments = shortest.command or server.programs[0].command
    command = shlex.join(argument.replace("{program}/", "").replace("{file}", file) for argument in arguments)
    start = shortest.start or f"Start `{command}`"
    words = f"{shortest.words}. " if shortest.words else ""
    files = "\n\n".join([_code(server, shortest.file), *(f"`{file}`:\n\n{_code(server, file)}" for file in shortest.more_files)])
    return f"{words}{start}, then try `{trial(server, shortest)}`:\n\n{files}"


def trial(server, shortest):
    """A command that shows its trailer. Over HTTP/2, curl 7.88 shows no trailers of a response with `Content-Length`."""
    if server.send:
        [url] = shortest.urls.values()
        options = (option.replace("{folder}/", "") for option in server.send)
        version = "-k" if url.startswith("https:") else "--http2-prior-knowledge"
        return " ".join(["axum-trailers send -v", version, *map(shlex.quote, options), url])
    if HTTP1 in shortest.urls:
        return f"curl -ski --http1.1 -H 'TE: trailers' {shortest.urls[HTTP1]}"
    if HTTP2 not in shortest.urls:
        # The curl of Debian has no HTTP/3.
        return f"axum-trailers get -skD - --http3 {shortest.urls[HTTP3]}"
    url = shortest.urls[HTTP2]
    return f"curl -ski {'' if url.startswith('https:') else '--http2-prior-knowledge '}-H 'TE: trailers' {url}"


def _code(server, file):
    return code(file, server.source(file))


def _fault(server, fault, shown):
    """The command, below its program if that is not above already."""
    file = server.program_of(fault).file
    words = fault.says.replace("\n", " ")
    if fault.programs:
        words = f"{words} ({server.name} {', '.join(fault.programs)})"
    if file == server.probe.file:
        path = posixpath.normpath(f"../interop/servers/{server.folder.name}/{file}")
        words = f"{words} (With [{posixpath.basename(path)}]({path}).)"
    elif file not in shown:
        words = f"{words} With `{file}`:\n\n{_code(server, file)}"
    shown.add(file)
    return "\n\n".join([words, code("sh", fault.command), code("", fault.prints)])


def _deaths(server, found):
    """A row for each death, and for versions and protocols that differ in it."""
    merged = {}
    for dying in server.deaths:
        for protocol in PROTOCOLS:
            outcomes = {}
            for (version, other), answers in found.items():
                if other == protocol and dying.words in answers:
                    outcomes.setdefault(answers[dying.words], []).append(version)
            for outcome, versions in outcomes.items():
                merged.setdefault((dying.words, ", ".join(versions), outcome), []).append(protocol)
    rows = [
        (words, versions, ", ".join(protocols), _outcome(outcome)) for (words, versions, outcome), protocols in merged.items()
    ]
    return table(DEATHS, rows) if rows else ""


def _outcome(outcome):
    return OR.join(one if _short(one) in REPORTED else f"**{one}**" for one in outcome.split(OR))
