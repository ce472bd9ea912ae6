"""Tests of the tables and the document: `python3 -B -m unittest`."""

import unittest
from pathlib import Path

from clients import Client
from document import with_figures
from rounds import Results
from servers import H1, H2, H3, OVER_HTTP3, Server, ours
from table import client_tables, number, tables
from tools import Failure
from work import ClientWork, Metric, Work

OURS = ours("ours", Path("bench_server"))
PEER = Server("peer", "a peer", lambda place: [])
FILES = Server(
    "files", "files", lambda place: [], protocols=frozenset((H2,)), produces=False, has_plain=False
)

METRICS = (Metric("rate", "requests/s"), Metric("p99", "p99, µs", less_is_better=True))


def work(**more):
    return Work("small", "The small stream", METRICS, lambda running, setting: {}, **more)


def rows(results, of=work()):
    lines = tables([of], [OURS, PEER, FILES], results).splitlines()
    return [line for line in lines if line.startswith("| ")][2:]


class Tables(unittest.TestCase):
    def setUp(self):
        self.results = Results(
            trailers={"ours": {H2: True, H1: True}, "peer": {H2: False, H1: True}, "files": {H2: True}},
            figures={"small": {
                "ours": {"rate": [2000, 1000, 3000], "p99": [10, 20, 30]},
                "peer": {"rate": [500, 400, 600], "p99": [40, 41, 42]},
            }},
        )

    def test_ratios_are_above_one_where_ours_is_better(self):
        self.assertEqual(rows(self.results), [
            "| ours | 2,000 | 1,000–3,000 | 1.00 | 20.0 | 10.0–30.0 | 1.00 | yes |",
            "| a peer | 500 | 400–600 | 4.00 | 41.0 | 40.0–42.0 | 2.05 | **no trailer** |",
            "| files | – | – | – | – | – | – | yes |",
        ])

    def test_ratios_are_to_the_first_of_ours(self):
        del self.results.figures["small"]["ours"]
        self.assertEqual(rows(self.results)[1], "| a peer | 500 | 400–600 | – | 41.0 | 40.0–42.0 | – | **no trailer** |")

    def test_what_failed_is_shown_with_its_reason(self):
        self.results.failures = {"small": {"peer": "exit code 1:\nno route"}}
        self.assertEqual(rows(self.results)[1], "| a peer | failed | – | – | failed | – | – | **no trailer** |")
        self.assertIn("Failed:\n\n- a peer: exit code 1: no route", tables([work()], [OURS, PEER], self.results))

    def test_a_server_that_fails_the_check_has_no_figures(self):
        self.results.failures = {"check": {"peer": "gone"}}
        del self.results.trailers["peer"]
        self.assertEqual(rows(self.results)[1], "| a peer | failed | – | – | failed | – | – | – |")
        self.assertIn("Not measured:\n\n- a peer: gone", tables([work()], [OURS, PEER], self.results))

    def test_works_of_ours_alone_have_no_other_rows(self):
        self.assertEqual(len(rows(self.results, work(ours_alone=True))), 1)

    def test_a_transport_has_rows_only_for_servers_that_have_it(self):
        quic = Server("quic", "over QUIC", lambda place: [], protocols=OVER_HTTP3)
        for protocol, expected in ((H2, ["ours", "a peer"]), (H3, ["ours", "over QUIC"])):
            lines = tables([work(protocol=protocol)], [OURS, PEER, quic], Results()).splitlines()
            titles = [line.split(" | ")[0].removeprefix("| ") for line in lines if line.startswith("| ")][2:]
            self.assertEqual(titles, expected)

    def test_one_round_has_no_spread(self):
        once = work(most_rounds=1)
        self.assertEqual(rows(self.results, once)[0], "| ours | 2,000 | 1.00 | 20.0 | 1.00 | yes |")
        self.assertEqual(rows(self.results, once)[2], "| files | – | – | – | – | yes |")
        self.assertNotIn("min–max", tables([once], [OURS], self.results))

    def test_numbers_have_three_digits(self):
        shown = [number(value) for value in (0, 0.0123, 0.5, 1.234, 12.34, 123.4, 1234.5, 1234567)]
        self.assertEqual(shown, ["0", "0.0123", "0.500", "1.23", "12.3", "123", "1,234", "1,234,567"])


class ClientTables(unittest.TestCase):
    def setUp(self):
        get, curl = (Client(name, f"`{name}`", lambda what: [], ours=name == "get") for name in ("get", "curl"))
        metrics = (
            Metric("seconds", "s", less_is_better=True), Metric("peak", "peak, MiB", less_is_better=True, compared=False)
        )
        self.work = ClientWork("get-h2", "Download", metrics, (curl, get), lambda running, setting, client: {})
        self.results = Results(figures={"get-h2": {
            "get": {"seconds": [2, 1, 3], "peak": [9, 8, 10]}, "curl": {"seconds": [3, 4, 5], "peak": [7, 7, 7]},
        }})

    def test_clients_are_compared_with_ours(self):
        self.assertEqual(client_tables([self.work], self.results), """\
### get-h2

Download.

| client | s | min–max | its / ours | peak, MiB | min–max |
| --- | ---: | ---: | ---: | ---: | ---: |
| `curl` | 4.00 | 3.00–5.00 | 2.00 | 7.00 | 7.00–7.00 |
| `get` | 2.00 | 1.00–3.00 | 1.00 | 9.00 | 8.00–10.0 |""")

    def test_what_failed_is_shown_with_its_reason(self):
        self.results.failures = {"get-h2": {"get": "exit code 7"}}
        text = client_tables([self.work], self.results)
        self.assertIn("| `get` | failed | – | – | failed | – |", text)
        self.assertIn("Failed:\n\n- `get`: exit code 7", text)


class Ability(unittest.TestCase):
    def test_what_a_server_can_do(self):
        every = {H2: True, H1: True}
        self.assertTrue(work().can_be_done_by(FILES, every))
        self.assertFalse(work(protocol=H1).can_be_done_by(FILES, every))
        self.assertFalse(work(made=True).can_be_done_by(FILES, every))
        self.assertFalse(work(without_trailer=True).can_be_done_by(FILES, every))
        self.assertTrue(work(made=True, without_trailer=True).can_be_done_by(PEER, every))
        self.assertFalse(work(ours_alone=True).can_be_done_by(PEER, every))
        self.assertTrue(work(ours_alone=True).can_be_done_by(OURS, every))
        self.assertFalse(work(reads_trailers=True).can_be_done_by(PEER, {H2: False}))
        self.assertTrue(work().can_be_done_by(PEER, {H2: False}))


class Document(unittest.TestCase):
    def test_figures_go_between_the_markers(self):
        of_servers = "prose\n<!-- figures of servers -->\nold\n<!-- /figures -->\nmore\n"
        of_clients = "<!-- figures of clients -->\nold\n<!-- /figures -->\n"
        new = "<!-- figures of clients -->\n\nnew \\1\n\n<!-- /figures -->\n"
        self.assertEqual(with_figures(of_servers + of_clients, "clients", "new \\1"), of_servers + new)
        self.assertEqual(with_figures(of_servers + new, "clients", "new \\1"), of_servers + new)

    def test_a_document_without_the_markers(self):
        with self.assertRaises(Failure):
            with_figures("<!-- figures of servers -->\n<!-- /figures -->\n", "clients", "new")


if __name__ == "__main__":
    unittest.main()
