"""Passphrases: typed at a terminal, never echoed, a new one twice."""

from __future__ import annotations

import pytest

from agents import passphrases


def test_a_typed_passphrase_is_not_echoed_and_a_new_one_is_typed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter(["once", "new", "new", "new", "other", ""])
    monkeypatch.setattr("getpass.getpass", lambda _prompt: next(typed))

    assert passphrases.from_prompt("the root") == b"once"
    assert passphrases.from_prompt("the root", confirm=True) == b"new"
    for confirm in (True, False):
        with pytest.raises(passphrases.PassphraseError):
            passphrases.from_prompt("the root", confirm=confirm)
