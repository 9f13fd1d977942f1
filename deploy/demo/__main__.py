"""`make demo`: five agencies on a hub play a referral, a freeze, assistance and a watchlist; what the hub could not do.

Ends with one line `demo: ok`, or fails loudly. `KEEP=1` leaves everything running and prints commands to try.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE)]

import assistance  # noqa: E402 # the path is set just above
import freezes  # noqa: E402 # as above
import onboarding  # noqa: E402 # as above
import proofs  # noqa: E402 # as above
import story  # noqa: E402 # as above
import watchlists  # noqa: E402 # as above
from stage import DemoError, Desk, Stage  # noqa: E402 # as above

WORDS = ("amber", "birch", "cobalt", "delta", "ember", "fjord", "garnet", "hazel", "indigo", "juniper", "kelp", "lumen")


def cast(folder: Path) -> list[Desk]:
    """Returns the five desks. Telephones, the exchange and the overseas regulator are invented."""
    people = [
        ("sfc", "enforcement", "Securities and Futures Commission", "證券及期貨事務監察委員會", "HK", "+85222311222"),
        ("hkpf", "cstcb", "Hong Kong Police Force", "香港警務處", "HK", "+85228605012"),
        ("hkma", "integrity", "Hong Kong Monetary Authority", "香港金融管理局", "HK", "+85228788196"),
        ("osr", "enforcement", "Overseas Securities Regulator", "海外證券監管機構", "SG", "+6562255577"),
        ("exa", "compliance", "Example Exchange", "示例交易平台", "HK", "+85231234567"),
    ]
    return [
        Desk(a, f"{a}/{desk}", en, zh, where, tel, folder / a, "holder" if a == "exa" else "authority")
        for a, desk, en, zh, where, tel in people
    ]


def play(stage: Stage) -> None:
    """Plays the whole demonstration."""
    desks = cast(stage.folder)
    sfc, hkpf, hkma, osr, exa = desks
    with_second = (sfc, hkpf, exa)
    onboarding.begin_agencies(stage, desks, with_second)
    genesis = onboarding.found_hub(stage)
    onboarding.join_all(stage, desks, with_second, genesis)
    onboarding.add_second_people(stage, with_second)
    onboarding.pin_each_other(stage, [(sfc, hkpf), (sfc, hkma), (sfc, exa), (sfc, osr), (hkpf, osr)])
    onboarding.agree(stage, sfc, hkpf, ("referral", "watchlist"))
    onboarding.agree(stage, sfc, hkma, ("referral", "watchlist"))
    onboarding.agree(stage, sfc, exa, ("freeze",), onboarding.PROFILE)
    onboarding.agree(stage, sfc, osr, ("assistance",), onboarding.PROFILE)
    onboarding.agree(stage, hkpf, osr, ("referral",))
    canary = "-".join(secrets.choice(WORDS) for _ in range(12))
    told = story.play(stage, sfc, hkpf, hkma, canary)
    held = freezes.play(stage, sfc, exa, canary)
    assistance.play(stage, sfc, osr, held.case)
    freezes.end(stage, sfc, exa, hkma, held)
    assistance.pass_on(stage, sfc, hkpf, osr, told.case)
    listed = watchlists.play(stage, sfc, hkma, hkpf)
    freezes.lapsed(stage, sfc, exa, held)
    proofs.agencies_verify(stage, [sfc, hkpf, exa])
    proofs.stranger_is_refused(stage, hkma, osr)
    proofs.crash_loses_nothing(stage, sfc, hkma, watchlists.LISTED)
    proofs.hub_knows_nothing(stage, told, listed + held.words)
    proofs.change_is_named(stage)
    if os.environ.get("KEEP"):
        stage.start_hub(stage.folder / "hub", traced=False)
        keep(stage, sfc, hkpf, held.case)


def keep(stage: Stage, sfc: Desk, hkpf: Desk, case: str) -> None:
    """Says what is left running, and what to try."""
    comity = f"{sys.executable} -m agents.cli.main"
    stage.heading(f"Left running in {stage.folder}; process {stage.hub_pid} is the hub. Try:")
    stage.say(f"{comity} --home {sfc.home} --as {sfc.members[0]} case timeline {case[:8]}")
    stage.say(f"{comity} --home {sfc.home} --as {sfc.members[0]} board")
    stage.say(f"{comity} --home {sfc.home} --as {sfc.members[0]} next")
    stage.say(f"{comity} --home {hkpf.home} --as {hkpf.members[0]} --lang zh-Hant referral inbox")
    stage.say(f"{comity} --home {hkpf.home} --as {hkpf.members[0]} watch")
    stage.say(f"{comity} --home {hkpf.home} screen {watchlists.LISTED}")
    stage.say(f"kill {stage.hub_pid}; rm -r {stage.folder}      ends it")


def main() -> int:
    """Plays it and cleans up."""
    stage = Stage(Path(tempfile.mkdtemp(prefix="comity-demo-")))
    kept = False
    try:
        play(stage)
        kept = bool(os.environ.get("KEEP"))
    except DemoError as error:
        print(f"demo: FAILED: {error}", file=sys.stderr, flush=True)
        return 1
    finally:
        if not kept:
            stage.lock_everyone()
            stage.stop_hub()
        stage.close_workers()
        if not kept:
            shutil.rmtree(stage.folder, ignore_errors=True)
    print("\ndemo: ok", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
