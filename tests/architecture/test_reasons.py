"""What a refusal tells a machine beside its reason stands in the reason's own documentation, and so in PROTOCOL.md."""

from __future__ import annotations

import ast
import inspect
import re

import pytest
from comity import errors
from comity.errors import Reason

from tests.support.sources import Finding, dotted, relative, written_modules


def documented() -> dict[str, str]:
    """Returns each reason's documentation."""
    tree = ast.parse(inspect.getsource(errors))
    (reasons,) = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == Reason.__name__]
    found = {}
    for name, text in zip(reasons.body, reasons.body[1:], strict=False):
        if isinstance(name, ast.Assign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            found[dotted(name.targets[0])] = str(text.value.value)
    return found


def undocumented(source: str, path: str, texts: dict[str, str]) -> list[Finding]:
    """Returns every refusal that carries metadata which its reason's documentation does not name."""
    return [
        Finding(path, node.lineno, f"{reason} carries {keyword.arg}")
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and dotted(node.func).endswith("RefusedError") and node.args
        for reason in [dotted(node.args[0]).removeprefix("Reason.")]
        for keyword in node.keywords
        if keyword.arg and keyword.arg not in re.findall("`([a-z_0-9]+)`", texts.get(reason, ""))
    ]


def test_every_reason_is_documented() -> None:
    assert set(documented()) == set(Reason.__members__)
    assert all(text.endswith(".") for text in documented().values())


def test_what_the_hub_tells_a_machine_is_documented() -> None:
    texts = documented()
    modules = written_modules("hub", "proto/comity")
    found = [f for path in modules for f in undocumented(path.read_text("utf-8"), relative(path), texts)]

    assert found == []


@pytest.mark.parametrize("words", ["", "Metadata `offset`.", "Offset, without marks: offset."])
def test_the_scan_sees_a_name_that_is_not_documented(words: str) -> None:
    source = 'raise RefusedError(Reason.X, "text", offset="7")'

    assert bool(undocumented(source, "x", {"X": words})) == ("`offset`" not in words)
