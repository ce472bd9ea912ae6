"""What checks find, as text: modes, questions, a finding and a direction."""

from tools import Failure

MODES = ["http2-te", "http2", "http1-te", "http1"]


def read(text):
    """By the name of the path: its lines."""
    verdicts, lines = {}, None
    for line in text.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if not line.startswith(" "):
            verdicts[line] = lines = []
        elif lines is None:
            raise Failure(f"a line without a path: {line}")
        else:
            lines.append(line.strip())
    return verdicts


def of(reports, varies):
    """The lines of one path: what fails, and in which modes; `hop` is the one at fault, counted from the client. Without the
    questions whose answers vary."""
    modes = {}
    for report in reports:
        for mode in report["hops"][0]["modes"]:
            if mode["unavailable"] is not None:
                modes.setdefault(("", "unavailable"), []).append(mode["mode"])
            for answer in mode["answers"]:
                if answer["outcome"] == "fail" and answer["question"] not in varies:
                    hop = "" if answer["hop"] is None else f"hop {answer['hop'] + 1}"
                    found = " ".join(filter(None, [answer["finding"], answer["direction"], hop]))
                    modes.setdefault((answer["question"], found), []).append(mode["mode"])
    questions = {}
    for (question, found), there in modes.items():
        key = " ".join(mode for mode in MODES if mode in there), found
        questions.setdefault(key, []).append(question)
    lines = (f"{there}: {' '.join(asked)} → {found}" if asked != [""] else f"{there}: {found}"
             for (there, found), asked in questions.items())
    lines = sorted(lines) or ["everything passes"]
    return [*lines, f"not compared: {' '.join(varies)}"] if varies else lines


def written(comment, verdicts):
    blocks = ("\n".join([name, *(f"    {line}" for line in lines)]) for name, lines in verdicts.items())
    return f"{comment}\n\n" + "\n\n".join(blocks) + "\n"
