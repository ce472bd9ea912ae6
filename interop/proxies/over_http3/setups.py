"""The setups of setups.toml."""

from dataclasses import dataclass, field
from pathlib import Path

import manifest
import proxy
from programs import Program
from sources import filled

HERE = Path(__file__).resolve().parent

# Where the configurations listen over HTTP/3.
PORT = 8443


@dataclass(frozen=True)
class Setup:
    # The folder of its programs.
    proxy: str
    programs: list[str]
    words: str
    file: str
    wrapper: str | None = None
    # Whether the page shows the file.
    shown: bool = False
    # Versions that libcurl does not ask.
    without_curl: list[str] = field(default_factory=list)

    def text(self):
        return (HERE / self.file).read_text()

    def program(self, release, folder):
        texts = {self.file: self.text()}
        if self.wrapper:
            text = (HERE.parent / self.proxy / self.wrapper).read_text()
            texts[self.wrapper] = text.replace("{file}", self.file)
        main = self.wrapper or self.file
        command = [filled(argument, folder).replace("{configuration}", main) for argument in release.command]
        return Program(f"{self.proxy} {release.version} ({self.file})", command, texts, [PORT], udp=[PORT])


@dataclass(frozen=True)
class Setups:
    setups: list[Setup]


def load():
    """All of them, and their proxies by the names of their folders."""
    setups = manifest.load(Setups, HERE / "setups.toml").setups
    return setups, {setup.proxy: proxy.load(HERE.parent / setup.proxy) for setup in setups}
