"""Keys at rest, in escrow, in backups, and in the key process."""

from __future__ import annotations

import json
import os
import resource
import time
from pathlib import Path

import keyring as os_keyring
import pytest
from comity.encoding import Purpose, tagged
from comity.errors import CannotOpenError, MalformedError
from comity.hpke import hpke_seal
from comity.keyfile import MODERATE, Cost
from comity.keys import SigningKey, Use, WrapKey, kid, verify
from comity.sealing import desk_key_info, seal_desk_key
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as FailKeyring

from agents import escrow, keyprocess, passphrases
from agents.grants import ARCHIVE_EPOCH, destroy_grant, load_grants, make_grant, parse_grant, save_grant
from agents.home import Home, destroy, write_private
from agents.keyring import (
    MemberKeyring,
    backup,
    change_passphrase,
    create_root,
    new_member_id,
    open_root,
    restore,
)
from agents.keys import Keys, KeyUse, LocalKeys, UnknownKeyError, find
from agents.transport import create_tls_key, load_tls_key

CHEAP = Cost(1, 8192 * 8)
MEMBER = "sfc/m-abcd2345"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.create(tmp_path / "home", agency="sfc", desk="sfc/intake")


@pytest.fixture
def keyring(home: Home) -> MemberKeyring:
    made = MemberKeyring.generate(MEMBER)
    made.save(home, b"pass", CHEAP)
    return made


def grant_to(keyring: MemberKeyring, desk: str, epoch: int, key: WrapKey) -> bytes:
    sealed = seal_desk_key(desk, epoch, keyring.wrap_kid, keyring.wrap.public, key.seed)
    return make_grant(
        desk, epoch, keyring.wrap_kid, sealed, signer=keyring.sign_kid, sign=lambda _, data: keyring.sign.sign(data)
    )


def test_K_13_a_stolen_key_file_holds_no_seed_and_costs_argon2id_moderate(home: Home) -> None:
    made = MemberKeyring.generate(MEMBER)
    made.save(home, b"pass")
    stolen = home.keyring_path(MEMBER).read_bytes()

    assert made.sign.seed not in stolen
    assert made.sign.seed.hex().encode() not in stolen
    assert made.wrap.seed not in stolen
    assert made.wrap.seed.hex().encode() not in stolen
    assert int.from_bytes(stolen[16:24], "big") == MODERATE.passes
    assert int.from_bytes(stolen[24:32], "big") == MODERATE.memory_bytes
    assert home.keyring_path(MEMBER).stat().st_mode & 0o777 == 0o600
    assert home.path.stat().st_mode & 0o777 == 0o700
    with pytest.raises(CannotOpenError):
        MemberKeyring.load(home, MEMBER, b"guess")
    assert MemberKeyring.load(home, MEMBER, b"pass").sign.seed == made.sign.seed


def test_a_key_file_made_cheap_by_somebody_else_is_not_opened(home: Home, keyring: MemberKeyring) -> None:
    with pytest.raises(CannotOpenError):
        MemberKeyring.load(home, keyring.member, b"pass")


def test_the_passphrase_can_be_changed_and_the_old_one_opens_no_more(home: Home, keyring: MemberKeyring) -> None:
    change_passphrase(home, MEMBER, b"pass", b"new", cost=CHEAP, floor=CHEAP)

    with pytest.raises(CannotOpenError):
        MemberKeyring.load(home, MEMBER, b"pass", CHEAP)
    assert MemberKeyring.load(home, MEMBER, b"new", CHEAP).wrap.seed == keyring.wrap.seed


def test_another_members_file_is_not_taken_for_ones_own(home: Home, keyring: MemberKeyring) -> None:
    other = "sfc/m-zzzz2345"
    home.keyring_path(other).write_bytes(home.keyring_path(MEMBER).read_bytes())

    with pytest.raises(CannotOpenError):
        MemberKeyring.load(home, other, b"pass", CHEAP)
    with pytest.raises(MalformedError):
        MemberKeyring.load(home, "sfc/m-aaaa2345", b"pass", CHEAP)


def test_a_forgotten_passphrase_loses_nothing_where_there_is_a_backup(home: Home, keyring: MemberKeyring) -> None:
    desk_key = WrapKey.generate()
    save_grant(home, MEMBER, grant_to(keyring, "sfc/intake", 3, desk_key))
    tls = create_tls_key(home, MEMBER, (keyring.wrap_kid, keyring.wrap.public))
    saved = backup(home, MEMBER, b"pass", b"safe", cost=CHEAP, floor=CHEAP)
    for path in (
        home.keyring_path(MEMBER),
        *home.grants_path(MEMBER).iterdir(),
        *home.tls_path(MEMBER).iterdir(),
    ):
        path.unlink()

    assert restore(home, saved, b"safe", b"fresh", cost=CHEAP, floor=CHEAP) == MEMBER

    keys = LocalKeys.open(home, MEMBER, b"fresh", CHEAP)
    assert find(keys, KeyUse.DESK).public == desk_key.public
    assert load_tls_key(home, keys, tls.spki_sha256).spki == tls.spki
    for wrong, passphrase in ((saved[:-1], b"safe"), (saved, b"pass")):
        with pytest.raises(CannotOpenError):
            restore(home, wrong, passphrase, b"fresh", cost=CHEAP, floor=CHEAP)


def test_a_backup_of_another_agency_is_not_restored(tmp_path: Path, home: Home, keyring: MemberKeyring) -> None:
    saved = backup(home, MEMBER, b"pass", b"safe", cost=CHEAP, floor=CHEAP)
    elsewhere = Home.create(tmp_path / "other", agency="hkma", desk="hkma/intake")

    with pytest.raises(CannotOpenError):
        restore(elsewhere, saved, b"safe", b"fresh", cost=CHEAP, floor=CHEAP)


def test_a_root_is_made_once_and_opened_by_its_passphrase(tmp_path: Path) -> None:
    path = tmp_path / "root"
    root = create_root(path, "sfc", b"pass", CHEAP)

    assert open_root(path, b"pass", CHEAP).key.seed == root.key.seed
    with pytest.raises(MalformedError):
        create_root(path, "sfc", b"pass", CHEAP)
    with pytest.raises(CannotOpenError):
        open_root(path, b"guess", CHEAP)


def test_two_custodians_together_have_the_root_and_one_alone_has_nothing(tmp_path: Path) -> None:
    root = create_root(tmp_path / "root", "sfc", b"pass", CHEAP)
    one, two = escrow.split(root, b"first", b"second", CHEAP)
    foreign, _ = escrow.split(root, b"first", b"second", CHEAP)

    for files in (((one, b"first"), (two, b"second")), ((two, b"second"), (one, b"first"))):
        assert escrow.join(*files[0], *files[1], floor=CHEAP).key.seed == root.key.seed
    for pair in (
        (one, b"first", one, b"first"),
        (foreign, b"first", two, b"second"),
        (one, b"first", two, b"wrong"),
        (one, b"first", b"", b"second"),
    ):
        with pytest.raises(CannotOpenError):
            escrow.join(*pair, floor=CHEAP)
    with pytest.raises(MalformedError):
        escrow.split(root, b"same", b"same", CHEAP)


def test_keys_sign_what_a_member_signs_and_nothing_else(home: Home, keyring: MemberKeyring) -> None:
    keys: Keys = LocalKeys.open(home, MEMBER, b"pass", CHEAP)
    data = tagged(Purpose.ACK, b"body")

    assert verify(keyring.sign.public, data, keys.sign(keyring.sign_kid, data))
    for wrong in (b"anything", tagged(Purpose.HEAD, b"body"), b"comity/v1/ack"):
        with pytest.raises(MalformedError):
            keys.sign(keyring.sign_kid, wrong)
    with pytest.raises(UnknownKeyError):
        keys.sign(bytes(32), data)


def test_a_desk_key_is_used_through_the_keys_and_its_seed_is_not_to_be_had(home: Home, keyring: MemberKeyring) -> None:
    desk_key, archive = WrapKey.generate(), WrapKey.generate()
    grant = grant_to(keyring, "sfc/intake", 1, desk_key)
    save_grant(home, MEMBER, grant)
    save_grant(home, MEMBER, grant_to(keyring, "sfc/intake", ARCHIVE_EPOCH, archive))
    keys = LocalKeys.open(home, MEMBER, b"pass", CHEAP)
    desk_kid = kid("sfc/intake", Use.DESK, desk_key.public)

    assert find(keys, KeyUse.DESK).kid == desk_kid
    assert find(keys, KeyUse.ARCHIVE).public == archive.public
    assert keys.unwrap(desk_kid, b"info", hpke_seal(desk_key.public, b"info", b"text")) == b"text"
    sealed = parse_grant(grant).sealed_seed
    with pytest.raises(CannotOpenError):
        keys.unwrap(keyring.wrap_kid, desk_key_info("sfc/intake", 1, keyring.wrap_kid), sealed)
    with pytest.raises(CannotOpenError):
        keys.unwrap(bytes(32), b"info", b"text")


def test_a_colleague_is_granted_the_desk_key_that_is_held(home: Home, keyring: MemberKeyring) -> None:
    other = MemberKeyring.generate("sfc/m-zzzz2345")
    keys = LocalKeys.open(home, MEMBER, b"pass", CHEAP)
    public, sealed = keys.create_desk_key("sfc/intake", 7)
    own = make_grant("sfc/intake", 7, keyring.wrap_kid, sealed, signer=keyring.sign_kid, sign=keys.sign)
    save_grant(home, MEMBER, own)
    keys.reload()
    desk_kid = kid("sfc/intake", Use.DESK, public)
    passed_on = keys.regrant(desk_kid, other.wrap_kid, other.wrap.public)
    grant = make_grant("sfc/intake", 7, other.wrap_kid, passed_on, signer=keyring.sign_kid, sign=keys.sign)

    assert parse_grant(grant).signed_by(keyring.sign.public)
    assert not parse_grant(grant).signed_by(SigningKey.generate().public)
    assert find(LocalKeys(other, lambda: [grant]), KeyUse.DESK).public == public
    with pytest.raises(UnknownKeyError):
        keys.regrant(keyring.wrap_kid, other.wrap_kid, other.wrap.public)


def test_K_09_a_destroyed_desk_key_opens_nothing_any_more(home: Home, keyring: MemberKeyring) -> None:
    desk_key = WrapKey.generate()
    save_grant(home, MEMBER, grant_to(keyring, "sfc/intake", 1, desk_key))
    keys = LocalKeys.open(home, MEMBER, b"pass", CHEAP)
    sealed = hpke_seal(desk_key.public, b"info", b"text")

    assert destroy_grant(home, MEMBER, "sfc/intake", 1)
    assert not destroy_grant(home, MEMBER, "sfc/intake", 1)
    keys.reload()

    assert load_grants(home, MEMBER) == []
    with pytest.raises(CannotOpenError):
        keys.unwrap(kid("sfc/intake", Use.DESK, desk_key.public), b"info", sealed)


def test_a_grant_that_is_damaged_or_anothers_is_left_out(home: Home, keyring: MemberKeyring) -> None:
    stranger = MemberKeyring.generate("sfc/m-zzzz2345")
    grants = [b"garbage", grant_to(stranger, "sfc/intake", 1, WrapKey.generate())]

    assert [entry.use for entry in LocalKeys(keyring, lambda: grants).entries()] == [KeyUse.SIGN, KeyUse.WRAP]
    with pytest.raises(MalformedError):
        parse_grant(b"garbage")


def test_the_key_process_holds_keys_without_core_dumps_until_it_is_idle(home: Home, keyring: MemberKeyring) -> None:
    keyprocess.unlock(home, MEMBER, b"pass", idle_seconds=30, floor=CHEAP)
    keys = keyprocess.connect(home, MEMBER)
    try:
        status = keys.status()
        data = tagged(Purpose.ENVELOPE, b"x")
        assert status.no_core_dump
        assert status.not_dumpable
        assert resource.prlimit(status.pid, resource.RLIMIT_CORE) == (0, 0)
        assert b"pass" not in Path(f"/proc/{status.pid}/cmdline").read_bytes()
        assert b"pass" not in Path(f"/proc/{status.pid}/environ").read_bytes()
        assert verify(keyring.sign.public, data, keys.sign(keyring.sign_kid, data))
        assert keys.unwrap(keyring.wrap_kid, b"i", hpke_seal(keyring.wrap.public, b"i", b"text")) == b"text"
        assert {entry.use for entry in keys.entries()} == {KeyUse.SIGN, KeyUse.WRAP}
        with pytest.raises(CannotOpenError):
            keys.unwrap(keyring.wrap_kid, b"i", b"x")
        with pytest.raises(MalformedError):
            keys.sign(keyring.sign_kid, b"x")
        with pytest.raises(UnknownKeyError):
            keys.sign(bytes(32), data)
        public, sealed = keys.create_desk_key("sfc/intake", 1)
        save_grant(
            home,
            MEMBER,
            make_grant("sfc/intake", 1, keyring.wrap_kid, sealed, signer=keyring.sign_kid, sign=keys.sign),
        )
        keys.reload()
        assert find(keys, KeyUse.DESK).public == public
        assert len(keys.regrant(find(keys, KeyUse.DESK).kid, keyring.wrap_kid, keyring.wrap.public)) > 1000
    finally:
        assert keyprocess.lock(home, MEMBER)
        keys.close()
    assert not keyprocess.lock(home, MEMBER)
    with pytest.raises(keyprocess.LockedError):
        keyprocess.connect(home, MEMBER)
    with pytest.raises(keyprocess.LockedError):
        keys.status()


def test_once_keys_are_locked_no_other_client_has_anything_signed_or_opened(home: Home, keyring: MemberKeyring) -> None:
    server = keyprocess.Server(LocalKeys.open(home, MEMBER, b"pass", CHEAP), {}, 30)
    assert server.answer(b'{"op": "lock"}') == b"{}"
    with pytest.raises(EOFError):
        server.answer(b'{"op": "list"}')


def test_the_key_process_ends_when_nobody_used_it(home: Home, keyring: MemberKeyring) -> None:
    keyprocess.unlock(home, MEMBER, b"pass", idle_seconds=0.3, floor=CHEAP)
    deadline = time.monotonic() + 20
    while keyprocess.status(home, MEMBER) is not None and time.monotonic() < deadline:
        time.sleep(0.05)

    assert keyprocess.status(home, MEMBER) is None
    assert not home.run_path(MEMBER).exists()


def test_a_wrong_passphrase_starts_no_key_process(home: Home, keyring: MemberKeyring) -> None:
    with pytest.raises(CannotOpenError):
        keyprocess.unlock(home, MEMBER, b"guess", floor=CHEAP)
    with pytest.raises(MalformedError):
        keyprocess.unlock(home, "sfc/m-aaaa2345", b"pass", floor=CHEAP)

    assert keyprocess.status(home, MEMBER) is None


def test_whoever_does_not_know_the_secret_of_the_key_process_gets_no_answer(home: Home, keyring: MemberKeyring) -> None:
    keyprocess.unlock(home, MEMBER, b"pass", idle_seconds=30, floor=CHEAP)
    try:
        place = json.loads(home.run_path(MEMBER).read_text())
        assert home.run_path(MEMBER).stat().st_mode & 0o777 == 0o600
        write_private(home.run_path(MEMBER), json.dumps(place | {"secret": "00" * 32}).encode())
        assert keyprocess.status(home, MEMBER) is None
        write_private(home.run_path(MEMBER), json.dumps(place).encode())
        assert keyprocess.status(home, MEMBER) is not None
    finally:
        keyprocess.lock(home, MEMBER)


@pytest.mark.parametrize(
    "request_bytes",
    [b"", b"[]", b"{}", b'{"op": "steal"}', b'{"op": "sign"}', b'{"op": "sign", "kid": "zz", "data": ""}', b"[" * 9999],
)
def test_the_key_process_answers_garbage_with_one_word(
    home: Home, keyring: MemberKeyring, request_bytes: bytes
) -> None:
    server = keyprocess.Server(LocalKeys.open(home, MEMBER, b"pass", CHEAP), {}, 1)

    assert json.loads(server.answer(request_bytes)) == {"error": "malformed"}


def test_a_passphrase_comes_as_one_line_of_a_descriptor_and_the_rest_stays(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"correct horse\nsecond line\n\n")
    assert passphrases.from_fd(reading) == b"correct horse"
    assert passphrases.from_fd(reading) == b"second line"
    with pytest.raises(passphrases.PassphraseError):
        passphrases.from_fd(reading)
    for fd in (reading, writing):
        os.close(fd)
    with pytest.raises(passphrases.PassphraseError):
        passphrases.from_fd(reading)


def test_a_home_is_what_its_settings_say_and_only_its_owner_enters(tmp_path: Path) -> None:
    home = Home.create(
        tmp_path / "h", agency="sfc", desk="sfc/intake", endpoints=["hub.example:7443"], pager=["page", "-x"]
    )

    assert Home.load(home.path) == home
    changed = home.changed(endpoints=["a:1", "[::1]:2"], idle_seconds=5)
    assert Home.load(home.path) == changed != home
    with pytest.raises(MalformedError):
        Home.create(home.path, agency="sfc", desk="sfc/intake")
    with pytest.raises(MalformedError):
        Home.load(tmp_path)
    for wrong in ("agency = 1\n", "x = [", 'agency = "sfc"\n', (home.path / "home.toml").read_text() + 'more = "x"\n'):
        (home.path / "home.toml").write_text(wrong)
        with pytest.raises(MalformedError):
            Home.load(home.path)
    for changes in ({"desk": "hkma/intake"}, {"endpoints": ["nowhere"]}, {"idle_seconds": 0}):
        with pytest.raises(MalformedError):
            Home.create(tmp_path / "other", **({"agency": "sfc", "desk": "sfc/intake"} | changes))  # type: ignore[arg-type]


def test_a_destroyed_file_is_gone_and_destroying_it_again_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    write_private(path, b"x" * 100)
    destroy(path)
    destroy(path)

    assert not path.exists()
    assert new_member_id("sfc") != new_member_id("sfc")


class _Memory(KeyringBackend):
    """An OS keyring that forgets with the test."""

    priority = 1.0

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


def test_the_os_keyring_keeps_a_passphrase_a_home_and_member(home: Home) -> None:
    before = os_keyring.get_keyring()
    os_keyring.set_keyring(_Memory())
    try:
        with pytest.raises(passphrases.PassphraseError):
            passphrases.from_os_keyring(home, MEMBER)
        passphrases.save_to_os_keyring(home, MEMBER, b"correct horse")
        assert passphrases.from_os_keyring(home, MEMBER) == b"correct horse"
        with pytest.raises(passphrases.PassphraseError):
            passphrases.from_os_keyring(home, "sfc/m-zzzz2345")
        with pytest.raises(MalformedError):
            passphrases.save_to_os_keyring(home, MEMBER, b"\xff")
        os_keyring.set_keyring(FailKeyring())
        for call in (passphrases.from_os_keyring, lambda h, m: passphrases.save_to_os_keyring(h, m, b"x")):
            with pytest.raises(passphrases.PassphraseError):
                call(home, MEMBER)
    finally:
        os_keyring.set_keyring(before)
