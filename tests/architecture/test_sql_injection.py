"""No statement is put together from what anybody sends: values are parameters, and every text is a constant.

Two rules, over all code that speaks to a database. A text that begins like SQL takes in nothing but constants of its
module. What is handed to a driver as text is such a text, or a choice among such. SQLAlchemy's own expressions bind
every value by themselves. Migrations are not looked at: they make tables of names in their own text, before anybody is
served.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.support.sources import Finding, dotted, relative, written_modules

BEGINS = re.compile(
    r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH|CREATE|ALTER|DROP|PRAGMA|SET|COPY|LISTEN|NOTIFY|VACUUM|ATTACH|TRUNCATE|LOCK"
    r"|GRANT|REVOKE|ANALYZE|REINDEX|EXPLAIN)\s"
)
CONSTANT = re.compile(r"_{0,2}[A-Z][A-Z0-9_]*")
RAW = frozenset({"exec_driver_sql", "text", "executescript", "DDL"})
"""Calls whose first argument is SQL as text."""
COUNTED = {
    ("hub/bulk.py", "_several"): "repeats the VALUES of a constant statement, by the number of rows",
    ("hub/bulk.py", "_wanting"): "puts as many question marks before a constant query as there are keys",
}
"""Functions that make a text of constants and of numbers alone, and why they must."""
FIXED_FIELDS = frozenset({"sqlite", "postgres", "copy"})
"""Fields of hub/bulk.py's statements: what they hold is checked where they are made."""
STATEMENTS = frozenset({"Bulk", "Insert", "Lookup"})


def is_constant(node: ast.expr) -> bool:
    """Whether an expression is text that stands in the source."""
    match node:
        case ast.Constant():
            return True
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return CONSTANT.fullmatch(name) is not None
        case ast.JoinedStr(values=parts):
            return all(isinstance(p, ast.Constant) or is_constant(p.value) for p in parts)  # type: ignore[attr-defined]
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return is_constant(left) and is_constant(right)
        case ast.IfExp(body=body, orelse=orelse):
            return is_constant(body) and is_constant(orelse)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return all(is_constant(part) for part in parts)
        case _:
            return False


def first_text(node: ast.expr) -> str:
    """Returns the constant text that an expression begins with."""
    match node:
        case ast.Constant(value=str(value)):
            return value
        case ast.JoinedStr(values=[first, *_]):
            return first_text(first)
        case ast.BinOp(left=left):
            return first_text(left)
        case ast.Call(func=ast.Attribute(value=value)):
            return first_text(value)
        case _:
            return ""


def bindings(function: ast.AST) -> dict[str, list[ast.expr]]:
    """Returns what each local name of a function is set to; what a loop runs over for its variable."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found.setdefault(name, []).append(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                found.setdefault(name, []).append(value)
            case ast.AugAssign(target=ast.Name(id=name), value=value):
                found.setdefault(name, []).append(value)
            case ast.For(target=ast.Name(id=name), iter=value):
                found.setdefault(name, []).append(value)
    return found


def is_fixed(node: ast.expr, local: dict[str, list[ast.expr]], path: str) -> bool:
    """Whether what is handed to a driver is a constant, a choice among constants, or one of the counted texts."""
    match node:
        case ast.Name(id=name) if name in local:
            return all(is_fixed(value, local, path) for value in local[name])
        case ast.Attribute(value=ast.Name(id="self"), attr=name) if name in FIXED_FIELDS:
            return True
        case ast.IfExp(body=body, orelse=orelse):
            return is_fixed(body, local, path) and is_fixed(orelse, local, path)
        case ast.Call(func=ast.Name(id=name), args=args):
            return (path, name) in COUNTED or (name == "_pick" and is_constant(args[-1]))
        case _:
            return is_constant(node)


def functions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Yields every function by its name, and what stands outside of all as `<module>`."""
    inside: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inside |= {id(part) for part in ast.walk(node)} - {id(node)}
            yield node.name, node
    yield "<module>", ast.Module([n for n in tree.body if id(n) not in inside and not _defines(n)], [])


def _defines(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def findings(source: str, path: str) -> list[Finding]:
    """Returns every place where a statement could take in something that somebody sent."""
    found: dict[tuple[int, int], Finding] = {}
    for name, function in functions(ast.parse(source)):
        if (path, name) in COUNTED:
            continue
        local = bindings(function)
        for node in ast.walk(function):
            if isinstance(node, ast.expr) and not _is_text_of_constants(node):
                found[node.lineno, 0] = Finding(path, node.lineno, ast.unparse(node)[:80])
            if isinstance(node, ast.Call) and node.args and not _hands_over(node, local, path):
                found[node.lineno, 1] = Finding(path, node.lineno, ast.unparse(node)[:80])
    return list(found.values())


def _is_text_of_constants(node: ast.expr) -> bool:
    """The first rule, for one expression."""
    if BEGINS.match(first_text(node)) is None:
        return True
    match node:
        case ast.JoinedStr() | ast.BinOp(op=ast.Add()):
            return is_constant(node)
        case ast.BinOp(op=ast.Mod()):
            return False
        case ast.Call(func=ast.Attribute(value=ast.Constant() | ast.JoinedStr() | ast.BinOp(), attr=attr)):
            return attr not in {"format", "format_map", "join", "replace", "translate"}
        case _:
            return True


def _hands_over(call: ast.Call, local: dict[str, list[ast.expr]], path: str) -> bool:
    """The second rule, for one call."""
    name = dotted(call.func).rpartition(".")[2] or getattr(call.func, "attr", "")
    if name in STATEMENTS:
        return all(is_constant(argument) for argument in call.args[:2])
    if name in {"execute", "executemany"}:
        # SQLAlchemy takes no bare text here; a driver does.
        handed = call.args[0]
        values = local.get(handed.id, []) if isinstance(handed, ast.Name) else [handed]
        return not any(isinstance(v, ast.JoinedStr | ast.BinOp) and not is_constant(v) for v in values)
    return name not in RAW or is_fixed(call.args[0], local, path)


def test_I_03_no_statement_takes_in_what_somebody_sent() -> None:
    modules = written_modules("hub", "agents", "proto/comity")
    found = [finding for path in modules for finding in findings(path.read_text("utf-8"), relative(path))]

    assert found == []


def test_what_is_excused_is_there() -> None:
    for (path, name), why in COUNTED.items():
        source = next(p for p in written_modules("hub") if relative(p) == path).read_text("utf-8")
        assert f"def {name}(" in source, why


@pytest.mark.parametrize(
    "source",
    [
        'q = f"SELECT * FROM t WHERE a = {name}"',
        'q = "DELETE FROM t WHERE a = " + name',
        'q = "SELECT * FROM t WHERE a = %s" % name',
        'q = "SELECT * FROM {}".format(name)',
        'q = "UPDATE t SET a = :a".replace(":a", name)',
        'q = "SELECT a FROM t" + " WHERE b = " + f"{value}"',
        "def f(c, order):\n    c.exec_driver_sql(order)",
        "def f(c, order):\n    q = 'x' + order\n    c.exec_driver_sql(q)",
        "def f(c, order):\n    c.exec_driver_sql('SELECT 1' if order else order)",
        "def f(c, names):\n    for q in names:\n        c.exec_driver_sql(q)",
        "def f(c, order):\n    return select(t).order_by(text(order))",
        "def f(c, order):\n    return sa.text(' '.join(order))",
        "def f(cursor, order):\n    q = f'{order}'\n    cursor.execute(q)",
        "def f(word):\n    return Lookup('x ' + word, 'y')",
    ],
)
def test_the_scan_sees_each_way_of_putting_a_statement_together(source: str) -> None:
    assert findings(source, "hub/x.py")


@pytest.mark.parametrize(
    "source",
    [
        'Q = f"SELECT {_COLUMNS} FROM t"',
        'Q = "SELECT a" + _REST',
        'text("SELECT " "1")',
        "def f(c, a):\n    c.exec_driver_sql(_LITE if c.lite else _POSTGRES, (a,))",
        "def f(c, a):\n    q = _LITE if c.lite else _POSTGRES\n    c.exec_driver_sql(q, (a,))",
        "def f(c, a):\n    for q in ('PRAGMA a=1', 'PRAGMA b=2'):\n        c.execute(q)",
        "def f(c, a):\n    c.execute(select(t.c.a).where(t.c.a == a))",
        "def f(name):\n    return f'SELECTED {name}'",
    ],
)
def test_the_scan_leaves_constant_statements_alone(source: str) -> None:
    assert findings(source, "hub/x.py") == []
