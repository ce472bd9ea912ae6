"""Starts each server, and asks it."""

import os
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from shutil import copy
from urllib.parse import urlsplit

import console
import document
from programs import CERTIFICATES, Addresses, Program, started
from questions import Client, Interview, sends_trailer
from server import HTTP3
from sources import filled
from tools import Failure, run

# What a trial of a shortest program prints, in lower case.
SHOWN = "…x-sum: 1"

# In seconds.
BEFORE = 60


def failures_of(*attempts):
    """Why they failed: those that did. All of them are made."""
    failures = []
    for attempt in attempts:
        try:
            attempt()
        except Failure as failure:
            failures.append(str(failure))
    return failures


class Measurement:
    """One server with one of its programs."""

    def __init__(self, server, release, binary, folder):
        self._server, self._release, self._binary, self._folder = server, release, binary, folder
        folder.mkdir()
        # Programs that drop their rights read it.
        folder.chmod(0o755)
        self._program = release.prepared(server.folder)
        self._numbers = count()
        self._protocols = server.probe.protocols(release.version)
        self.version = release.full_version(server.name, self._program, server.folder)
        self._made = self._new_folder()
        self._links = self._made_before()

    def results(self):
        """By program and protocol: answers by question."""
        found = {}
        surviving = [dying for dying in self._server.deaths if not dying.ends_program]
        ending = [dying for dying in self._server.deaths if dying.ends_program]
        with self._running(self._server.probe) as (addresses, _):
            for protocol in self._protocols:
                interview = self._interview(protocol, addresses)
                found[protocol] = interview.answers() | {dying.words: interview.death(dying) for dying in surviving}
        for protocol in self._protocols:
            for dying in ending:
                with self._running(self._server.probe, may_end=True) as (addresses, _):
                    found[protocol][dying.words] = self._interview(protocol, addresses).death(dying)
        return {(self._release.version, protocol): answers for protocol, answers in found.items()}

    def failures(self):
        """What the shortest programs, and the commands of the faults, do otherwise than the document says."""
        faults = [fault for fault in self._server.faults if not fault.programs or self._release.version in fault.programs]
        attempts = [partial(self._try, shortest) for shortest in self._server.shortest]
        attempts += [partial(self._reproduce, fault) for fault in faults]
        return failures_of(*attempts)

    def _interview(self, protocol, addresses):
        return Interview(self._server, self._client(protocol), addresses.applied(self._server.probe.urls[protocol]))

    def _try(self, shortest):
        """Runs a shortest program as it stands."""
        with self._running(shortest) as (addresses, folder):
            command = document.trial(self._server, shortest)
            printed = console.output(command, addresses, folder, self._binary.parent)
            if not any(console.matches(SHOWN, line.lower()) for line in printed.splitlines()):
                raise Failure(f"{shortest.file}\n  $ {command}\nprints no trailer «X-Sum: 1»:\n{printed}")
            for protocol, url in shortest.urls.items():
                if protocol in self._protocols and not sends_trailer(self._client(protocol), addresses.applied(url)):
                    raise Failure(f"{shortest.file} sends no trailer `x-sum: 1` over {protocol}")

    def _reproduce(self, fault):
        program = self._server.program_of(fault)
        what = f"{program.file}: {fault.says}"
        with self._running(program, fault.ends_program) as (addresses, folder):
            console.check(what, fault.command, fault.prints, fault.lacks, addresses, folder, self._binary.parent)

    @contextmanager
    def _running(self, what, may_end=False):
        """A running program, and what must run beside it: its addresses and its folder."""
        with ExitStack() as stack:
            addresses = Addresses({})
            for beside in self._server.beside:
                program = self._program_with(beside.file, beside.command, [beside.port])
                addresses = stack.enter_context(started(program, addresses, self._new_folder()))
            program = replace(self._listening(what), may_end=may_end)
            folder = self._new_folder()
            yield stack.enter_context(started(program, addresses, folder)), folder

    def _listening(self, what):
        """The program with a file, which listens on the ports of its URLs."""
        over_tcp = {urlsplit(url).port for protocol, url in what.urls.items() if protocol != HTTP3}
        over_udp = {urlsplit(url).port for protocol, url in what.urls.items() if protocol == HTTP3}
        return self._program_with(what.file, what.command or self._release.command, sorted(over_tcp), sorted(over_udp))

    def _program_with(self, file, command, ports, udp=()):
        """The program with a file. All files of its folder and of the server's are in its working folder."""
        path = self._server.folder / file
        command = [filled(argument, self._program).replace("{file}", path.name) for argument in command]
        files = {
            there.name: there.read_text() for folder in (path.parent, self._server.folder) for there in folder.iterdir()
            if there.is_file() and not os.access(there, os.X_OK)
        }
        if self._server.wrapper is not None:
            files[self._server.wrapper] = files[self._server.wrapper].replace("{file}", path.name)
        name = f"{self._server.name} ({path.name})"
        return Program(name, command, files, ports, self._links, self._release.variables(), udp=udp)

    def _made_before(self):
        """Executable files, and those that commands make: paths by their names."""
        self._made.mkdir()
        for file in CERTIFICATES:
            copy(file, self._made)
        there = {Path(file).name for file in CERTIFICATES}
        for command in self._server.before:
            run(command, BEFORE, cwd=self._made)
        for path in self._server.folder.iterdir():
            if path.is_file() and os.access(path, os.X_OK):
                copy(path, self._made)
        return {path.name: path for path in self._made.iterdir() if path.name not in there}

    def _client(self, protocol):
        send = [option.replace("{folder}", str(self._made)) for option in self._server.send]
        return Client(self._binary, protocol, CERTIFICATES[0], send)

    def _new_folder(self):
        return self._folder / str(next(self._numbers))
