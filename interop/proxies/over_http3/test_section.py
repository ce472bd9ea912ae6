"""Tests that docs/proxies.md is what results.txt and setups.toml say: `python3 -m unittest`."""

import unittest

import section
import setups
from tools import Failure


class Section(unittest.TestCase):
    def setUp(self):
        self.setups, self.proxies = setups.load()
        self.text = section.RESULTS.read_text()
        self.versions, self.found = section.read(self.text)
        self.page = section.DOCUMENT.read_text()

    def written(self, found):
        return section.written(self.page, self.setups, self.proxies, self.versions, found)

    def test_the_page_follows_from_the_results(self):
        self.assertEqual(section.results(self.versions, self.found), self.text)
        self.assertEqual(self.written(self.found), self.page)

    def test_each_setup_has_results_and_no_others(self):
        expected = [(setup.file, version) for setup in self.setups for version in setup.programs]
        self.assertEqual(list(self.found), expected)

    def test_another_answer_is_another_page(self):
        for question, answer in {"te": "?", "with TE": "no", "request trailers": "merged", "cut-close": "hangs", "check": "?"}.items():
            for key, there in self.found.items():
                with self.subTest(question, key=key):
                    self.assertEqual(self.written(self.found | {key: there | {question: answer}}) == self.page, there[question] == answer)

    def test_a_line_that_is_not_understood(self):
        with self.assertRaises(Failure):
            section.read(f"{self.text}nothing\n")


if __name__ == "__main__":
    unittest.main()
