"""Rules about files as such: their length, and that they speak of nothing but the product."""

from __future__ import annotations

import re

import pytest

from tests.support.sources import GENERATED, ROOT, Finding, relative, repository_files

MOST_LINES = 400
TOO_LONG_BUT_ALLOWED: frozenset[str] = frozenset()

# Written so that no expression matches itself.
FOREIGN = {
    "a folder of one machine": re.compile(r"(?<![\w.])/(roo[t]|wor[k]|hom[e]/[a-z]|Use[r]s)/"),
    "a package registry": re.compile(r"pyp[i]\.org|pythonhoste[d]\.org|registry\.npmj[s]\.org|deb\.debia[n]\.org"),
    "a writing tool": re.compile(
        r"\b(Claud[e]|Anthropi[c]|ChatGP[T]|Copilo[t]|language mode[l]|AI assistan[t])\b", re.I
    ),
    "unfinished work": re.compile(r"\b(TOD[O]|FIXM[E]|XX[X])\b|NotImplementedErro[r]"),
}


def text_of(path_suffixes: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Returns path and content of every text file; bytes that are no text are none of ours to read."""
    texts = []
    for path in repository_files(*path_suffixes):
        try:
            texts.append((relative(path), path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return texts


def test_no_written_file_is_longer_than_a_reader_can_hold() -> None:
    lengths = {name: text.count("\n") for name, text in text_of((".py", ".sh", "Makefile"))}
    long = {
        name: length
        for name, length in lengths.items()
        if length > MOST_LINES and not name.endswith(GENERATED) and name not in TOO_LONG_BUT_ALLOWED
    }

    assert long == {}


@pytest.mark.parametrize("what", FOREIGN)
def test_the_repository_speaks_of_the_product_alone(what: str) -> None:
    published = ("tests/data/", "proto/third_party/", "LICENSE")
    findings = [
        Finding(name, number, line.strip()[:80])
        for name, text in text_of()
        if not name.startswith(published) and not name.endswith(GENERATED)
        for number, line in enumerate(text.splitlines(), start=1)
        if FOREIGN[what].search(line)
    ]

    assert findings == []


def test_every_folder_of_test_data_says_where_it_came_from() -> None:
    folders = [path for path in sorted((ROOT / "tests" / "data").glob("*")) if path.is_dir()]
    silent = [relative(folder) for folder in folders if not list(folder.rglob("README.md"))]

    assert silent == []


def test_every_module_says_what_it_is_for() -> None:
    modules = [(name, text) for name, text in text_of((".py",)) if not name.endswith(GENERATED) and text.strip()]
    silent = [name for name, text in modules if not re.match(r'(#!.*\n)?(#.*\n)*r?"""', text)]

    assert silent == []
