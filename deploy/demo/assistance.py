"""The chapter on assistance: a request that follows the money abroad, its answers, and what may be passed on.

Never does: speak to the hub but through the agencies' own programs.
"""

from __future__ import annotations

import json

import yaml
from freezes import seconded
from stage import DemoError, Desk, Stage

SHOWN = 8
"""Lines shown of what was passed on."""


def play(stage: Stage, sfc: Desk, osr: Desk, freeze: str) -> None:
    """Plays the request that follows on from a freeze: a hit first, then two parts."""
    stage.heading(
        "What has gone on went abroad: the request to the regulator there begins where the exchange's report ends."
    )
    form = stage.comity(sfc, 0, "freeze", "follow-on", freeze, "--line", "1", "--assist")
    path = stage.folder / "assist.yaml"
    path.write_text(_filled(form), encoding="utf-8")
    seconded(stage, sfc, "assist", "draft", "--to", osr.desk, "--from", path, "--precedence", "urgent")

    stage.heading("The regulator abroad says first that there is something, and sends it in two parts.")
    inbox = stage.data(osr, 0, "referral", "inbox", quiet=False)["inbox"]
    case = inbox[-1]["case"]
    stage.data(osr, 0, "assist", "show", inbox[-1]["message"])
    contact = ("--name", "Mr TAN", "--telephone", osr.telephone, "--expected", "2028-12-31")
    stage.comity(osr, 0, "assist", "ack", case, "--reference", "OSR/26/5", *contact, "--yes")
    stage.comity(osr, 0, "assist", "answer-first", case, "--kind", "hit", "--expected", "14d", "--yes")
    stage.comity(osr, 0, "assist", "accept", case, "--owner", "Enforcement", "--yes")
    use = ("--condition", "Not in proceedings before consent 未經同意不得用於法律程序")
    first = "The account belongs to a licensed client. 該帳戶屬持牌客戶。"
    stage.comity(osr, 0, "assist", "reply-part", case, "--of", "2", "--text", first, *use, "--yes")
    second = "Opening papers follow by seal; the balance is held."
    stage.comity(osr, 0, "assist", "reply", case, "--of", "2", "--final", "--text", second, *use, "--yes")
    out = stage.data(sfc, 0, "board", "--family", "assistance", quiet=False)["cases"]
    out = [row for row in out if row["case"] == case]
    if [row["state"] for row in out] != ["REPLIED"]:
        raise DemoError("the request was not answered")
    stage.say(f"{case[:8]}: {out[0]['state']}; linked with {freeze[:8]}, and each shows the other")


def pass_on(stage: Stage, sfc: Desk, hkpf: Desk, osr: Desk, case: str) -> None:
    """Plays a grant that is used once, and a recall that reaches the third holder."""
    stage.heading("The police ask the SFC whether its referral may go on to the regulator abroad. Silence is no.")
    referral = next(i["message"] for i in stage.data(hkpf, 0, "referral", "inbox")["inbox"] if i["verb"] == "REFER")
    why = ("--purpose", "asset recovery 追討資產", "--facts", "The accounts are held there.", "--yes")
    asked = stage.data(hkpf, 0, "onward", "ask", referral, "--desk", osr.desk, *why, quiet=False)["sent"]["message"]
    stage.comity(sfc, 0, "referral", "inbox")
    grant = seconded(stage, sfc, "onward", "grant", asked, "--expires", "2d")["message"]
    stage.heading(
        "Two people of the SFC grant it: that message, that desk, once. A second use is refused; elsewhere too."
    )
    stage.comity(hkpf, 0, "referral", "inbox")
    seconded(stage, hkpf, "onward", "forward", grant, "--text", "With the SFC's consent.")
    stage.say(stage.refused(hkpf, 0, "onward", "forward", grant, "--text", "Once more."))
    inbox = stage.data(osr, 0, "referral", "inbox", quiet=False)["inbox"]
    forward = next(item["message"] for item in inbox if item["verb"] == "FORWARD")
    stage.say(stage.refused(osr, 0, "onward", "forward", grant, "--text", "And on.", code=4))
    stage.data(osr, 0, "referral", "show", forward)
    shown = stage.comity(osr, 0, "onward", "show", forward).splitlines()
    stage.say("\n".join(shown[:SHOWN]))

    stage.heading("The SFC recalls the case: from the police, and from where they passed it on with its consent.")
    stage.comity(sfc, 0, "recall", "send", case, "--reason", "legal", "--text", "A court has ordered it.", "--yes")
    for d in (hkpf, osr):
        inbox = stage.data(d, 0, "referral", "inbox")["inbox"]
        recall = next(item for item in inbox if item["verb"] == "RECALL")
        stage.data(d, 0, "referral", "show", recall["message"])
        answer = ("referral", "answer-recall", recall["case"], "--done", "destroyed", "--yes")
        stage.comity(d, 0, *answer)
    stage.say(stage.comity(sfc, 0, "recall", "list", case))


def _filled(form: str) -> str:
    """Returns the form, which is begun already, with what an officer adds, as JSON (which is YAML)."""
    request = yaml.safe_load(form)["REQUEST"]
    request |= {
        "number": "SFC/2026/0301",
        "requesting_authority": "Securities and Futures Commission",
        "requested_authority": "Overseas Securities Regulator",
        "instrument": "IOSCO_MMOU",
        "signatory": "Executive Director, Enforcement",
        "competence": ["SFO s.186"],
        "provisions": ["SFO s.300"],
        "purpose": "To trace and hold what the victim lost. 追查及保全受害人損失。",
        "why_useful": "The next account is at a platform that you license.",
        "questions": ["Whose account is it? 帳戶由何人持有？", "What is left in it?"],
        "intended_uses": ["Proceedings in Hong Kong"],
        "urgency_reason": "The assets move within minutes.",
    }
    request["contact"]["name"] = "陳國強 CHAN Kwok-keung"
    request["on_chain"][0] |= {"confidence": "OWN_TRACE", "statement": "Where it went", "kind": "FACT"}
    for empty in ("subjects", "evidence"):
        del request[empty]
    return json.dumps({"REQUEST": request}, ensure_ascii=False)
