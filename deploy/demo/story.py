"""The story: one referral from the SFC to the police, from the first draft to the last word.

The facts are published ones, see data/README.md; names and telephones are invented. A marked text of random words goes
through every part of it, so that the end can look for it at the hub.

Never does: speak to the hub but through the agencies' own programs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from stage import HERE, DemoError, Desk, Stage


@dataclass
class Story:
    """What the story leaves behind for the proofs."""

    case: str
    canary: str
    messages: list[str]


def form(canary: str) -> str:
    """Returns the referral's form, filled in from the published facts, as JSON (which is YAML)."""
    case = json.loads((HERE / "data" / "case_facts.jsonl").read_text(encoding="utf-8").splitlines()[0])
    freezes = [json.loads(line) for line in (HERE / "data" / "usdt_freezes.jsonl").read_text().splitlines()]
    chronology = [{"when": when, "what": what, "kind": "FACT_KIND_FACT"} for when, what in case["timeline"]]
    on_chain = [
        {
            "account": f"{f['caip2']}:{f['address']}",
            "token": f["token"],
            "transaction": f["freeze_tx"],
            "when": f["list_date"],
            "trace_method": "issuer's published list",
            "confidence": "CONFIDENCE_KIND_PUBLIC_SOURCE",
            "statement": "frozen by the issuer 已被發行人凍結",
            "kind": "FACT_KIND_FACT",
        }
        for f in freezes
    ]
    return json.dumps(
        {
            "REFER": {
                "reference": "SFC/ENF/2026/0147",
                "contact": {"name": "陳國強 CHAN Kwok-keung", "unit": "Enforcement", "telephone": "+85222311222"},
                "ground": "REFERRAL_GROUND_BETTER_PLACED",
                "provisions": ["Theft Ordinance (Cap. 210) s.9", "OSCO (Cap. 455) s.25"],
                "summary": (
                    f"{case['predicate']}; {case['asset']} {case['amount']} traced on {case['chain']}.\n"
                    f"懷疑未經授權轉移受害人錢包內的資產，現轉介貴處跟進。\n{canary}"
                ),
                "chronology": chronology,
                "loss_amount": case["amount"],
                "loss_currency": case["asset"],
                "victims": 1,
                "subjects": [{"name": "John Example", "name_other_script": "陳大文", "role": "suspect"}],
                "on_chain": on_chain,
                "requested_actions": ["Identify the holders of the accounts 查明帳戶持有人"],
                "urgency_reason": "The assets move within minutes.",
                "handling": {
                    "tlp": "TLP_AMBER",
                    "code": "HANDLING_CODE_H0",
                    "source_grade": "SOURCE_GRADE_A",
                    "information_grade": "INFORMATION_GRADE_2",
                    "permitted_action": "PERMITTED_ACTION_INTERNAL",
                    "purposes": ["criminal investigation 刑事調查"],
                    "legal_gateway": "SFO s.378(3)",
                    "evidential_use": "EVIDENTIAL_USE_WITH_CONSENT",
                    "onward": "ONWARD_ASK",
                    "original_language": "en",
                },
            }
        },
        ensure_ascii=False,
        indent=1,
    )


def play(stage: Stage, sfc: Desk, hkpf: Desk, hkma: Desk, canary: str) -> Story:
    """Plays the referral. Returns what it left behind."""
    folder = stage.folder
    (folder / "referral.json").write_text(form(canary), encoding="utf-8")
    attachment = folder / "trace 資金流向.csv"
    rows = (HERE / "data" / "usdt_freezes.jsonl").read_text(encoding="utf-8")
    attachment.write_text(f"{canary}\n{rows}", encoding="utf-8")

    stage.heading("An analyst of the SFC drafts a referral to the police, with a file, from published facts.")
    drafted = stage.data(
        sfc,
        0,
        *("referral", "draft", "--to", hkpf.desk, "--from", folder / "referral.json"),
        *("--attach", attachment, "--precedence", "urgent"),
        quiet=False,
    )
    readers = ", ".join(f"{r['desk']}{' (own copy)' if r['own_copy'] else ''}" for r in drafted["readers"])
    stage.say(f"who will be able to read it: {readers}")
    draft = drafted["draft"]["id"]

    stage.heading("The author may not second it; a second person opens the very ciphertext, and signs.")
    stage.begin(
        sfc.agency,
        *("comity", "--home", sfc.home, "--as", sfc.members[0], "referral", "approve", draft, "--yes"),
    )
    stage.say(stage.finish(sfc.agency, fails=1).splitlines()[0])
    stage.comity(sfc, 1, "referral", "approve", draft, "--yes")
    sent = stage.data(sfc, 1, "referral", "send", draft, "--yes", quiet=False)["sent"]
    case = sent["case"]
    if sent["status"] != "SUBMITTED":
        raise DemoError("the referral was not submitted")
    stage.say(f"{sent['status']}: leaf {sent['log_index']} of the log, proof verified and kept")

    stage.heading("The police receive it, open it, save the file, and acknowledge with a date.")
    inbox = stage.data(hkpf, 0, "referral", "inbox", quiet=False)["inbox"]
    opened = stage.data(hkpf, 0, "referral", "show", inbox[0]["message"])["message"]
    if canary not in opened["content"]["body"]["summary"]:
        raise DemoError("the police do not read what the SFC wrote")
    stage.say("summary: " + " / ".join(opened["content"]["body"]["summary"].splitlines()[:2]))
    saved = stage.data(hkpf, 0, "referral", "save", inbox[0]["message"], "--into", folder, quiet=False)["saved"]
    if Path(saved[0]["file"]).read_bytes() != attachment.read_bytes():
        raise DemoError("the saved file is not the one that was attached")
    stage.comity(
        hkpf,
        0,
        *("referral", "ack", case, "--reference", "CCB/2026/3391", "--name", "李小姐 Ms LEE"),
        *("--telephone", "+85228605012", "--expected", "2026-12-31", "--yes"),
    )

    stage.heading("A question and its answer; acceptance; outcome; close.")
    question = "identity:Who opened the second account? 第二個帳戶由何人開立？"
    stage.comity(hkpf, 0, "referral", "ask", case, "--question", question, "--yes")
    stage.comity(sfc, 0, "referral", "inbox")
    stage.comity(sfc, 0, "referral", "supply", case, "--text", f"A licensed corporation's client. {canary}", "--yes")
    stage.comity(hkpf, 0, "referral", "inbox")
    stage.comity(hkpf, 0, "referral", "accept", case, "--owner", "Cyber Security and Technology Crime Bureau", "--yes")
    outcome = ("--result", "freeze:200000:USDT", "--result", "arrest", "--usefulness", "5")
    stage.comity(hkpf, 0, "referral", "outcome", case, *outcome, "--yes")
    stage.comity(sfc, 0, "referral", "inbox")
    stage.comity(sfc, 0, "referral", "close", case, "--yes")
    stage.comity(hkpf, 0, "referral", "inbox")

    stage.heading("The timeline, each line with its place in the log.")
    told = stage.data(sfc, 0, "case", "timeline", case, quiet=False)
    for event in told["events"]:
        what = event["verb"] or ""
        stage.say(
            f"leaf {event['log_index']!s:>4}  {event['kind']:<13} {what:<16} {event['desk'] or event['from'] or '':<16}"
            f"{'proven' if event['proof'] else 'NOT PROVEN'}"
        )
    if not all(event["proof"] for event in told["events"]):
        raise DemoError("a line of the timeline has no proof")
    if told["legs"][0]["state"] != "CLOSED":
        raise DemoError("the case is not closed")
    if stage.data(hkma, 0, "referral", "inbox")["inbox"]:
        raise DemoError("the HKMA was shown another's mail")
    stage.say("HKMA, a member of the same hub, was shown none of it: not even that it exists.")
    return Story(case, canary, [event["message"] for event in told["events"] if event["message"]])
