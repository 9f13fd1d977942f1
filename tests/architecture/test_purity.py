"""Rules inside modules: time comes from outside, SQL is never put together from strings, only commands print."""

from __future__ import annotations

import ast

import pytest

from tests.support.sources import Finding, dotted, imports_of, relative, tree_of, written_modules

CLOCKS = frozenset(
    {"time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns", "time.localtime", "time.gmtime"}
)
NOW = frozenset({"now", "utcnow", "today"})
SQL_CALLS = frozenset({"text", "exec_driver_sql", "execute", "executemany", "executescript"})


def clock_readings(source: str, path: str) -> list[Finding]:
    """Returns every place where a module asks what time it is."""
    return [
        Finding(path, node.lineno, dotted(node.func))
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and (
            dotted(node.func) in CLOCKS
            or (isinstance(node.func, ast.Attribute) and node.func.attr in NOW and "date" in dotted(node.func.value))
        )
    ]


def is_assembled(node: ast.expr) -> bool:
    """Whether an expression puts a string together from parts that may hold anything."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        parts = (node.left, node.right)
        return any(is_assembled(part) for part in parts) or (
            any(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in parts)
            and not all(isinstance(part, ast.Constant) for part in parts)
        )
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"format", "join"}


def assembled_sql(source: str, path: str) -> list[Finding]:
    """Returns every call that hands a database a string put together at run time."""
    return [
        Finding(path, node.lineno, ast.unparse(node.args[0]))
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and node.args
        and (dotted(node.func).rpartition(".")[2] or getattr(node.func, "attr", "")) in SQL_CALLS
        and is_assembled(node.args[0])
    ]


def test_the_contract_and_the_domain_never_ask_what_time_it_is() -> None:
    modules = written_modules("proto/comity") + [path for path in written_modules("hub") if path.name == "domain.py"]
    findings = [found for path in modules for found in clock_readings(path.read_text("utf-8"), relative(path))]
    imported = [
        Finding(relative(path), line, name)
        for path in modules
        for line, name in imports_of(path)
        if name in CLOCKS or name == "time"
    ]

    assert findings + imported == []


def test_no_statement_is_assembled_from_strings() -> None:
    modules = written_modules("hub", "agents", "migrations", "proto")
    findings = [found for path in modules for found in assembled_sql(path.read_text("utf-8"), relative(path))]

    assert findings == []


def test_nothing_prints_but_the_commands() -> None:
    findings = [
        Finding(relative(path), node.lineno, "print")
        for path in written_modules("proto/comity", "hub", "agents")
        if "cli" not in path.parts
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and dotted(node.func) == "print"
    ]

    assert findings == []


@pytest.mark.parametrize(
    "source",
    ["datetime.now(UTC)", "datetime.datetime.utcnow()", "time.time()", "time.monotonic_ns()", "date.today()"],
)
def test_the_scan_sees_each_way_of_reading_a_clock(source: str) -> None:
    assert len(clock_readings(source, "x")) == 1


@pytest.mark.parametrize(
    "source",
    [
        'connection.execute(f"SELECT {name}")',
        'connection.exec_driver_sql("SELECT " + name)',
        'text("SELECT %s" % name)',
        'sa.text("SELECT {}".format(name))',
        'self._pool().execute(" ".join(words))',
        'op.execute("DROP TABLE " + name + " CASCADE")',
    ],
)
def test_the_scan_sees_each_way_of_assembling_a_statement(source: str) -> None:
    assert len(assembled_sql(source, "x")) == 1


@pytest.mark.parametrize("source", ['text("SELECT " "1")', "connection.execute(select(t.c.a))", 'f("a" + b)'])
def test_the_scan_leaves_constant_statements_alone(source: str) -> None:
    assert assembled_sql(source, "x") == []
