"""Tests that interop/README.md has all members of proxy.toml and server.toml: `python3 -m unittest`."""

import dataclasses
import re
import sys
import unittest

from manifest import member
from sources import Release
from tools import ROOT

sys.path += [str(ROOT / "interop/proxies"), str(ROOT / "interop/servers")]

import proxy  # noqa: E402
import server  # noqa: E402

TABLES = {
    "`[[programs]]`": Release,
    "`proxy.toml`": proxy.Proxy,
    "`[[configurations]]`": proxy.Configuration,
    "`[[remedies]]`": proxy.Remedy,
    "`measured`": proxy.Measured,
    "`[[faults]]` of a proxy": proxy.Fault,
    "`server.toml`": server.Server,
    "`[[shortest]]`": server.Shortest,
    "`[probe]`": server.Probe,
    "`[[deaths]]`": server.Death,
    "`[[faults]]` of a server": server.Fault,
    "`[[beside]]`": server.Beside,
}


class Members(unittest.TestCase):
    def test_each_member_is_in_the_table(self):
        _, *sections = re.split(r"(?m)^##+ ", (ROOT / "interop/README.md").read_text())
        listed = {}
        for section in sections:
            heading, _, text = section.partition("\n")
            listed[heading] = [name for cell in re.findall(r"(?m)^\| (`.*?`) \|", text) for name in re.findall("`(.*?)`", cell)]
        for heading, cls in TABLES.items():
            with self.subTest(heading):
                members = [member(field.name) for field in dataclasses.fields(cls) if field.init]
                self.assertEqual(sorted(listed[heading]), sorted(members))


if __name__ == "__main__":
    unittest.main()
