"""Four eyes: who must have signed, and in which role.

- AUTHOR needs one of the row's roles. APPROVER needs the role `approver` and must not be a machine: an agent never
  approves, whatever else it may do.
- The two are different members, and both belong to the sender's agency.
- DECLINE and REDIRECT ask for no supervisor: the approver's role is enough, so that a small desk is not stopped.

Never does: verify a signature. The caller did, and looked the roles up in the directory that counts.
"""

from __future__ import annotations

from collections.abc import Sequence

from comity.errors import Reason, RefusedError
from comity.names import agency_of
from comity.workflow.actions import Action, SignedBy
from comity.workflow.tables import People, Rule
from comity.workflow.terms import Role, SignatureRole


def check_signers(rule: Rule, action: Action) -> None:
    """Checks number, roles and difference of the people who signed an envelope.

    Raises:
        RefusedError: SECOND_PERSON_MISSING or WRONG_ROLE.
    """
    check_people(action.signers, action.sender, rule.people, rule.who_may, verb=rule.verb.name)


def check_people(
    signers: Sequence[SignedBy], desk: str, people: People, who_may: frozenset[Role], **metadata: str
) -> None:
    """Checks number, roles and difference of the people who signed something for a desk.

    Args:
        signers: who signed.
        desk: for which.
        people: whose signatures are needed.
        who_may: roles of which the AUTHOR needs one.
        **metadata: of a refusal for a wrong role.

    Raises:
        RefusedError: SECOND_PERSON_MISSING or WRONG_ROLE.
    """
    authors = [signer for signer in signers if signer.role is SignatureRole.AUTHOR]
    approvers = [signer for signer in signers if signer.role is SignatureRole.APPROVER]
    agency = agency_of(desk)
    if {agency_of(signer.member) for signer in signers} - {agency}:
        raise RefusedError(Reason.WRONG_ROLE, "a signer is of another agency than the sender")
    if len(authors) != (0 if people is People.SECOND else 1) or len(approvers) > 1:
        raise RefusedError(Reason.WRONG_ROLE, "the signatures are not those that the verb takes")
    if people is not People.ONE and not approvers:
        raise RefusedError(Reason.SECOND_PERSON_MISSING, "the verb needs an APPROVER")
    for author in authors:
        if not author.roles & who_may:
            raise RefusedError(Reason.WRONG_ROLE, "the AUTHOR's roles do not allow the verb", **metadata)
    for approver in approvers:
        if Role.APPROVER not in approver.roles or Role.AGENT in approver.roles:
            raise RefusedError(Reason.WRONG_ROLE, "the APPROVER may not approve", **metadata)
        if approver.member in [author.member for author in authors]:
            raise RefusedError(Reason.SECOND_PERSON_MISSING, "AUTHOR and APPROVER are the same person")


def check_second(rule: Rule, action: Action) -> None:
    """Checks that who confirms late is not who wrote what is confirmed. Called once `about` is known to be right.

    Raises:
        RefusedError: SECOND_PERSON_MISSING.
    """
    if rule.people is not People.SECOND or action.about_facts is None:
        return
    if any(signer.member == action.about_facts.author for signer in action.signers):
        raise RefusedError(Reason.SECOND_PERSON_MISSING, "whoever wrote it cannot confirm it")
