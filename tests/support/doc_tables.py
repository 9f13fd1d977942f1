"""Writes the tables of the documents from the code they describe, or proves that they are fresh.

Run by `make gen` and, with `--check`, by `make check` and a test. In any Markdown file the lines between

    <!-- table: workflow referral -->
    <!-- end of table -->

belong to this program; the word after `table:` names one of `TABLES`, and what follows it is its argument. It never
touches a line outside such a pair, and refuses a name it does not know and a pair that is not closed.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parents[2] / "proto")]

from comity import errors
from comity.errors import Reason
from comity.workflow.families import TABLES as FAMILY_TABLES
from comity.workflow.tables import document
from comity.workflow.terms import Family

from tests.support.sources import relative, repository_files

END = "<!-- end of table -->"
BEGIN = r"^<!-- table: (?P<name>[a-z]+)(?: (?P<argument>[^\n]*?))? -->\n"
BLOCK = re.compile(rf"(?P<begin>{BEGIN})(?:(?!<!--).)*^{END}", re.DOTALL | re.MULTILINE)


def attribute_docstrings(module: ModuleType, class_name: str) -> dict[str, str]:
    """Returns the docstring below each attribute of a class, on one line.

    Raises:
        ValueError: The module has no such class.
    """
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.ClassDef) and node.name == class_name:
            pairs = zip(node.body, node.body[1:], strict=False)
            return {
                first.targets[0].id: " ".join(str(second.value.value).split())
                for first, second in pairs
                if isinstance(first, ast.Assign)
                and isinstance(first.targets[0], ast.Name)
                and isinstance(second, ast.Expr)
                and isinstance(second.value, ast.Constant)
            }
    message = f"{module.__name__} has no class {class_name}"
    raise ValueError(message)


def workflow(family: str) -> str:
    """Returns the transition table of one family."""
    return document(FAMILY_TABLES[Family[family.upper()]])


def reasons(_: str) -> str:
    """Returns every reason a hub may give, with its gRPC code and what it means."""
    from hub.errors import CODES

    meaning = attribute_docstrings(errors, "Reason")
    rows = [f"| {reason.value} | {CODES[reason].name} | {meaning[reason.name]} |" for reason in Reason]
    return "\n".join(["| reason | gRPC code | meaning |", "|---|---|---|", *rows]) + "\n"


def policy(_: str) -> str:
    """Returns who may call which method."""
    from hub.policy import RULES, CallerKind

    rows = []
    for method, rule in RULES.items():
        callers = ", ".join(kind.value for kind in CallerKind if kind in rule.callers)
        rows.append(f"| {method.removeprefix('/comity.v1.')} | {callers} | {rule.request_limit:,} |")
    return "\n".join(["| method | callers | greatest request, bytes |", "|---|---|---|", *rows]) + "\n"


TABLES: Mapping[str, Callable[[str], str]] = {"workflow": workflow, "reasons": reasons, "policy": policy}


def refreshed(text: str) -> str:
    """Returns a document with each of its tables written anew.

    Raises:
        ValueError: A table is unknown or not closed.
    """
    if len(re.findall(BEGIN, text, re.MULTILINE)) != len(BLOCK.findall(text)):
        message = f"a table is not closed by {END}"
        raise ValueError(message)

    def replace(match: re.Match[str]) -> str:
        if match["name"] not in TABLES:
            message = f"no table is called {match['name']}"
            raise ValueError(message)
        table = TABLES[match["name"]](match["argument"] or "")
        return f"{match['begin']}\n{table}\n{END}"

    return BLOCK.sub(replace, text)


def stale_documents() -> dict[Path, str]:
    """Returns what each document that is not fresh should say."""
    fresh = {path: refreshed(path.read_text(encoding="utf-8")) for path in repository_files(".md")}
    return {path: text for path, text in fresh.items() if text != path.read_text(encoding="utf-8")}


def main() -> int:
    """Entry point.

    Returns:
        0, or 1 when `--check` found a stale table.
    """
    parser = argparse.ArgumentParser(description="Writes the tables of the documents from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a table is stale")
    check = parser.parse_args().check
    stale = stale_documents()
    for path, text in stale.items():
        if check:
            sys.stderr.write(f"stale: a table in {relative(path)} - run make gen\n")
        else:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"gen: {relative(path)}\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
