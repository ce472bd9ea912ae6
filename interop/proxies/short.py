"""A short form of the measurement: the fewest setups that have each kind of loss."""

from itertools import combinations

from tools import Failure

# By their names: questions that fail, and how. `None` stands for any finding.
KINDS = {
    "not sent": ("trailers", ["not-sent"]),
    "dropped": ("trailers", ["dropped"]),
    "merged into the header section": ("trailers", ["merged-into-header"]),
    "a clean end of a cut": ("cut-close", ["clean-end-noticed", "clean-end-unnoticed"]),
    "request trailers that break the connection": ("request-trailers", ["breaks-connection"]),
    "gRPC over HTTP/1.1": ("grpc-ok", ["downgraded"]),
}


def setups(measured):
    """From programs that Debian has, because others take long to download or to build."""
    blocks = [block for one in measured for block in one.blocks() if "debian" in block[0].release.source]
    kinds = {index: _kinds(verdicts) for index, (_, verdicts) in enumerate(blocks)}
    for count in range(1, len(KINDS) + 1):
        for those in combinations(kinds, count):
            if set.union(*(kinds[index] for index in those)) == KINDS.keys():
                return [blocks[index][0] for index in those]
    raise Failure(f"no proxies have all of these: {', '.join(KINDS)}")


def _kinds(verdicts):
    found = {(question, answer.finding) for verdict in verdicts for (question, _), answer in verdict.answers.items()}
    return {kind for kind, (question, findings) in KINDS.items() if any((question, finding) in found for finding in findings)}
