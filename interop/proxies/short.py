"""A short form of the measurement: the fewest setups that have each kind of loss."""

from itertools import combinations, product

from tools import Failure

# By their names: questions of which one fails, and how.
KINDS = {
    "not sent": (["trailers"], ["not-sent"]),
    "dropped": (["trailers"], ["dropped"]),
    "merged into the header section": (["trailers", "request-trailers"], ["merged-into-header"]),
    "a clean end of a cut": (["cut-close"], ["clean-end-noticed", "clean-end-unnoticed"]),
    "request trailers that break the connection": (["request-trailers"], ["breaks-connection"]),
    "gRPC over HTTP/1.1": (["grpc-ok"], ["downgraded"]),
}


def setups(measured):
    """From programs that Debian has, because others take long to download or to build."""
    by_kinds = {}
    for setup, verdicts in (block for one in measured for block in one.blocks()):
        if "debian" in setup.release.source:
            by_kinds.setdefault(frozenset(_kinds(verdicts)), setup)
    for count in range(1, len(KINDS) + 1):
        for those in combinations(by_kinds, count):
            if frozenset.union(*those) == KINDS.keys():
                return [by_kinds[kinds] for kinds in those]
    raise Failure(f"no proxies have all of these: {', '.join(KINDS)}")


def _kinds(verdicts):
    found = {(question, answer.finding)
             for verdict in verdicts for (question, _), answers in verdict.answers.items() for answer in answers}
    return [kind for kind, (questions, findings) in KINDS.items() if found & set(product(questions, findings))]
