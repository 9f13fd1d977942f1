"""Entry point of `comity-hub` and of `python -m hub`."""

from __future__ import annotations

from hub.cli.main import app


def main() -> None:
    """Runs the command that was typed."""
    app()


if __name__ == "__main__":
    main()
