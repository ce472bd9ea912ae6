"""A short form of the measurement: few setups that have each kind of loss."""

from tools import Failure
from words import CALLS, CUTS, RARE_TRAILERS, TRAILERS

# A finding of one of these questions is a kind of loss.
QUESTIONS = {question: "trailers" for question in (*TRAILERS, *RARE_TRAILERS)} | {question: "cut" for question in CUTS} | {
    question: "gRPC" for question in CALLS
} | {"request-trailers": "request trailers", "upload-cut": "upload", "protocol": "protocol", "te": "TE"}


def setups(measured):
    """Of programs that Debian has, because others take long to download or to build, and of those whose answers do not depend on
    the moment: one after the other, the one with the most kinds of losses that the ones before do not have."""
    kinds = {}
    for setup, verdicts in (block for one in measured for block in one.blocks()):
        if "debian" in setup.release.source and not setup.configuration.varies:
            kinds[setup.key, setup.proxy.folder.name] = setup, _kinds(verdicts)
    missing = set().union(*(there for _, there in kinds.values()))
    if not missing:
        raise Failure("no proxy of Debian loses anything")
    chosen = []
    while missing:
        setup, there = max(kinds.values(), key=lambda one: len(one[1] & missing))
        chosen.append(setup)
        missing -= there
    return chosen


def _kinds(verdicts):
    return {
        (QUESTIONS[question], answer.finding)
        for verdict in verdicts for (question, _), answers in verdict.answers.items() if question in QUESTIONS
        for answer in answers if answer.outcome == "fail"
    }
