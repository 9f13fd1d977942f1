"""What every test may use: a fresh database on either engine, and the report on the test bar."""

from __future__ import annotations

pytest_plugins = ["tests.support.databases", "tests.support.s3", "tests.support.testbar"]
