from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Tlp(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TLP_UNSPECIFIED: _ClassVar[Tlp]
    TLP_CLEAR: _ClassVar[Tlp]
    TLP_GREEN: _ClassVar[Tlp]
    TLP_AMBER: _ClassVar[Tlp]
    TLP_AMBER_STRICT: _ClassVar[Tlp]
    TLP_RED: _ClassVar[Tlp]

class HandlingCode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HANDLING_CODE_UNSPECIFIED: _ClassVar[HandlingCode]
    HANDLING_CODE_H0: _ClassVar[HandlingCode]
    HANDLING_CODE_H1: _ClassVar[HandlingCode]
    HANDLING_CODE_H2: _ClassVar[HandlingCode]
    HANDLING_CODE_H3: _ClassVar[HandlingCode]

class SourceGrade(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SOURCE_GRADE_UNSPECIFIED: _ClassVar[SourceGrade]
    SOURCE_GRADE_A: _ClassVar[SourceGrade]
    SOURCE_GRADE_B: _ClassVar[SourceGrade]
    SOURCE_GRADE_C: _ClassVar[SourceGrade]
    SOURCE_GRADE_X: _ClassVar[SourceGrade]

class InformationGrade(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INFORMATION_GRADE_UNSPECIFIED: _ClassVar[InformationGrade]
    INFORMATION_GRADE_1: _ClassVar[InformationGrade]
    INFORMATION_GRADE_2: _ClassVar[InformationGrade]
    INFORMATION_GRADE_3: _ClassVar[InformationGrade]
    INFORMATION_GRADE_4: _ClassVar[InformationGrade]

class PermittedAction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PERMITTED_ACTION_UNSPECIFIED: _ClassVar[PermittedAction]
    PERMITTED_ACTION_NONE: _ClassVar[PermittedAction]
    PERMITTED_ACTION_CONTACT_FIRST: _ClassVar[PermittedAction]
    PERMITTED_ACTION_INTERNAL: _ClassVar[PermittedAction]
    PERMITTED_ACTION_EXTERNAL_INDIRECT: _ClassVar[PermittedAction]
    PERMITTED_ACTION_EXTERNAL_DIRECT: _ClassVar[PermittedAction]

class EvidentialUse(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EVIDENTIAL_USE_UNSPECIFIED: _ClassVar[EvidentialUse]
    EVIDENTIAL_USE_INTELLIGENCE_ONLY: _ClassVar[EvidentialUse]
    EVIDENTIAL_USE_WITH_CONSENT: _ClassVar[EvidentialUse]
    EVIDENTIAL_USE_CERTIFIED: _ClassVar[EvidentialUse]

class Onward(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ONWARD_UNSPECIFIED: _ClassVar[Onward]
    ONWARD_FORBIDDEN: _ClassVar[Onward]
    ONWARD_ASK: _ClassVar[Onward]
    ONWARD_LISTED: _ClassVar[Onward]
    ONWARD_FREE: _ClassVar[Onward]

class ReferralGround(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REFERRAL_GROUND_UNSPECIFIED: _ClassVar[ReferralGround]
    REFERRAL_GROUND_OUTSIDE_OUR_REMIT: _ClassVar[ReferralGround]
    REFERRAL_GROUND_BETTER_PLACED: _ClassVar[ReferralGround]
    REFERRAL_GROUND_ALREADY_WITH_YOU: _ClassVar[ReferralGround]
    REFERRAL_GROUND_PARALLEL: _ClassVar[ReferralGround]
    REFERRAL_GROUND_JOINT: _ClassVar[ReferralGround]

class FactKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FACT_KIND_UNSPECIFIED: _ClassVar[FactKind]
    FACT_KIND_FACT: _ClassVar[FactKind]
    FACT_KIND_INFERENCE: _ClassVar[FactKind]

class ConfidenceKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONFIDENCE_KIND_UNSPECIFIED: _ClassVar[ConfidenceKind]
    CONFIDENCE_KIND_UNKNOWN: _ClassVar[ConfidenceKind]
    CONFIDENCE_KIND_HEURISTIC: _ClassVar[ConfidenceKind]
    CONFIDENCE_KIND_PUBLIC_SOURCE: _ClassVar[ConfidenceKind]
    CONFIDENCE_KIND_RECORD: _ClassVar[ConfidenceKind]
    CONFIDENCE_KIND_OWN_TRACE: _ClassVar[ConfidenceKind]
    CONFIDENCE_KIND_OFFICIAL: _ClassVar[ConfidenceKind]

class InfoGap(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INFO_GAP_UNSPECIFIED: _ClassVar[InfoGap]
    INFO_GAP_IDENTITY: _ClassVar[InfoGap]
    INFO_GAP_FACTS: _ClassVar[InfoGap]
    INFO_GAP_LEGAL_BASIS: _ClassVar[InfoGap]
    INFO_GAP_ON_CHAIN: _ClassVar[InfoGap]
    INFO_GAP_EVIDENCE: _ClassVar[InfoGap]
    INFO_GAP_JURISDICTION: _ClassVar[InfoGap]
    INFO_GAP_OTHER: _ClassVar[InfoGap]

class DeclineReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DECLINE_REASON_UNSPECIFIED: _ClassVar[DeclineReason]
    DECLINE_REASON_NO_POWER: _ClassVar[DeclineReason]
    DECLINE_REASON_NOT_IN_PUBLIC_INTEREST: _ClassVar[DeclineReason]
    DECLINE_REASON_INSUFFICIENT: _ClassVar[DeclineReason]
    DECLINE_REASON_DUPLICATE: _ClassVar[DeclineReason]
    DECLINE_REASON_CAPACITY: _ClassVar[DeclineReason]
    DECLINE_REASON_CONFLICT: _ClassVar[DeclineReason]
    DECLINE_REASON_TIME_BARRED: _ClassVar[DeclineReason]

class OutcomeKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OUTCOME_KIND_UNSPECIFIED: _ClassVar[OutcomeKind]
    OUTCOME_KIND_ARREST: _ClassVar[OutcomeKind]
    OUTCOME_KIND_CHARGE: _ClassVar[OutcomeKind]
    OUTCOME_KIND_CONVICTION: _ClassVar[OutcomeKind]
    OUTCOME_KIND_DISCIPLINE: _ClassVar[OutcomeKind]
    OUTCOME_KIND_LICENCE_ACTION: _ClassVar[OutcomeKind]
    OUTCOME_KIND_FREEZE: _ClassVar[OutcomeKind]
    OUTCOME_KIND_RECOVERY: _ClassVar[OutcomeKind]
    OUTCOME_KIND_NO_FURTHER_ACTION: _ClassVar[OutcomeKind]

class RecallReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RECALL_REASON_UNSPECIFIED: _ClassVar[RecallReason]
    RECALL_REASON_FALSE_POSITIVE: _ClassVar[RecallReason]
    RECALL_REASON_WRONG_RECIPIENT: _ClassVar[RecallReason]
    RECALL_REASON_LEGAL: _ClassVar[RecallReason]

class RecallAnswerKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RECALL_ANSWER_KIND_UNSPECIFIED: _ClassVar[RecallAnswerKind]
    RECALL_ANSWER_KIND_DESTROYED: _ClassVar[RecallAnswerKind]
    RECALL_ANSWER_KIND_QUARANTINED: _ClassVar[RecallAnswerKind]
    RECALL_ANSWER_KIND_CANNOT_COMPLY: _ClassVar[RecallAnswerKind]

class WatchAction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WATCH_ACTION_UNSPECIFIED: _ClassVar[WatchAction]
    WATCH_ACTION_OBSERVE: _ClassVar[WatchAction]
    WATCH_ACTION_ALERT_ME: _ClassVar[WatchAction]
    WATCH_ACTION_HOLD_AND_CALL: _ClassVar[WatchAction]
    WATCH_ACTION_BLOCK: _ClassVar[WatchAction]

class ChallengeGround(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CHALLENGE_GROUND_UNSPECIFIED: _ClassVar[ChallengeGround]
    CHALLENGE_GROUND_NOT_THAT_PERSON: _ClassVar[ChallengeGround]
    CHALLENGE_GROUND_SERVICE_WALLET: _ClassVar[ChallengeGround]
    CHALLENGE_GROUND_OUTDATED: _ClassVar[ChallengeGround]
    CHALLENGE_GROUND_WRONG_ADDRESS: _ClassVar[ChallengeGround]
    CHALLENGE_GROUND_OTHER: _ClassVar[ChallengeGround]

class ChallengeResult(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CHALLENGE_RESULT_UNSPECIFIED: _ClassVar[ChallengeResult]
    CHALLENGE_RESULT_KEPT: _ClassVar[ChallengeResult]
    CHALLENGE_RESULT_SUSPENDED: _ClassVar[ChallengeResult]
    CHALLENGE_RESULT_RETRACTED: _ClassVar[ChallengeResult]

class SightingKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SIGHTING_KIND_UNSPECIFIED: _ClassVar[SightingKind]
    SIGHTING_KIND_SEEN_DEPOSIT: _ClassVar[SightingKind]
    SIGHTING_KIND_SEEN_WITHDRAWAL: _ClassVar[SightingKind]
    SIGHTING_KIND_HELD: _ClassVar[SightingKind]
    SIGHTING_KIND_FALSE_POSITIVE: _ClassVar[SightingKind]
TLP_UNSPECIFIED: Tlp
TLP_CLEAR: Tlp
TLP_GREEN: Tlp
TLP_AMBER: Tlp
TLP_AMBER_STRICT: Tlp
TLP_RED: Tlp
HANDLING_CODE_UNSPECIFIED: HandlingCode
HANDLING_CODE_H0: HandlingCode
HANDLING_CODE_H1: HandlingCode
HANDLING_CODE_H2: HandlingCode
HANDLING_CODE_H3: HandlingCode
SOURCE_GRADE_UNSPECIFIED: SourceGrade
SOURCE_GRADE_A: SourceGrade
SOURCE_GRADE_B: SourceGrade
SOURCE_GRADE_C: SourceGrade
SOURCE_GRADE_X: SourceGrade
INFORMATION_GRADE_UNSPECIFIED: InformationGrade
INFORMATION_GRADE_1: InformationGrade
INFORMATION_GRADE_2: InformationGrade
INFORMATION_GRADE_3: InformationGrade
INFORMATION_GRADE_4: InformationGrade
PERMITTED_ACTION_UNSPECIFIED: PermittedAction
PERMITTED_ACTION_NONE: PermittedAction
PERMITTED_ACTION_CONTACT_FIRST: PermittedAction
PERMITTED_ACTION_INTERNAL: PermittedAction
PERMITTED_ACTION_EXTERNAL_INDIRECT: PermittedAction
PERMITTED_ACTION_EXTERNAL_DIRECT: PermittedAction
EVIDENTIAL_USE_UNSPECIFIED: EvidentialUse
EVIDENTIAL_USE_INTELLIGENCE_ONLY: EvidentialUse
EVIDENTIAL_USE_WITH_CONSENT: EvidentialUse
EVIDENTIAL_USE_CERTIFIED: EvidentialUse
ONWARD_UNSPECIFIED: Onward
ONWARD_FORBIDDEN: Onward
ONWARD_ASK: Onward
ONWARD_LISTED: Onward
ONWARD_FREE: Onward
REFERRAL_GROUND_UNSPECIFIED: ReferralGround
REFERRAL_GROUND_OUTSIDE_OUR_REMIT: ReferralGround
REFERRAL_GROUND_BETTER_PLACED: ReferralGround
REFERRAL_GROUND_ALREADY_WITH_YOU: ReferralGround
REFERRAL_GROUND_PARALLEL: ReferralGround
REFERRAL_GROUND_JOINT: ReferralGround
FACT_KIND_UNSPECIFIED: FactKind
FACT_KIND_FACT: FactKind
FACT_KIND_INFERENCE: FactKind
CONFIDENCE_KIND_UNSPECIFIED: ConfidenceKind
CONFIDENCE_KIND_UNKNOWN: ConfidenceKind
CONFIDENCE_KIND_HEURISTIC: ConfidenceKind
CONFIDENCE_KIND_PUBLIC_SOURCE: ConfidenceKind
CONFIDENCE_KIND_RECORD: ConfidenceKind
CONFIDENCE_KIND_OWN_TRACE: ConfidenceKind
CONFIDENCE_KIND_OFFICIAL: ConfidenceKind
INFO_GAP_UNSPECIFIED: InfoGap
INFO_GAP_IDENTITY: InfoGap
INFO_GAP_FACTS: InfoGap
INFO_GAP_LEGAL_BASIS: InfoGap
INFO_GAP_ON_CHAIN: InfoGap
INFO_GAP_EVIDENCE: InfoGap
INFO_GAP_JURISDICTION: InfoGap
INFO_GAP_OTHER: InfoGap
DECLINE_REASON_UNSPECIFIED: DeclineReason
DECLINE_REASON_NO_POWER: DeclineReason
DECLINE_REASON_NOT_IN_PUBLIC_INTEREST: DeclineReason
DECLINE_REASON_INSUFFICIENT: DeclineReason
DECLINE_REASON_DUPLICATE: DeclineReason
DECLINE_REASON_CAPACITY: DeclineReason
DECLINE_REASON_CONFLICT: DeclineReason
DECLINE_REASON_TIME_BARRED: DeclineReason
OUTCOME_KIND_UNSPECIFIED: OutcomeKind
OUTCOME_KIND_ARREST: OutcomeKind
OUTCOME_KIND_CHARGE: OutcomeKind
OUTCOME_KIND_CONVICTION: OutcomeKind
OUTCOME_KIND_DISCIPLINE: OutcomeKind
OUTCOME_KIND_LICENCE_ACTION: OutcomeKind
OUTCOME_KIND_FREEZE: OutcomeKind
OUTCOME_KIND_RECOVERY: OutcomeKind
OUTCOME_KIND_NO_FURTHER_ACTION: OutcomeKind
RECALL_REASON_UNSPECIFIED: RecallReason
RECALL_REASON_FALSE_POSITIVE: RecallReason
RECALL_REASON_WRONG_RECIPIENT: RecallReason
RECALL_REASON_LEGAL: RecallReason
RECALL_ANSWER_KIND_UNSPECIFIED: RecallAnswerKind
RECALL_ANSWER_KIND_DESTROYED: RecallAnswerKind
RECALL_ANSWER_KIND_QUARANTINED: RecallAnswerKind
RECALL_ANSWER_KIND_CANNOT_COMPLY: RecallAnswerKind
WATCH_ACTION_UNSPECIFIED: WatchAction
WATCH_ACTION_OBSERVE: WatchAction
WATCH_ACTION_ALERT_ME: WatchAction
WATCH_ACTION_HOLD_AND_CALL: WatchAction
WATCH_ACTION_BLOCK: WatchAction
CHALLENGE_GROUND_UNSPECIFIED: ChallengeGround
CHALLENGE_GROUND_NOT_THAT_PERSON: ChallengeGround
CHALLENGE_GROUND_SERVICE_WALLET: ChallengeGround
CHALLENGE_GROUND_OUTDATED: ChallengeGround
CHALLENGE_GROUND_WRONG_ADDRESS: ChallengeGround
CHALLENGE_GROUND_OTHER: ChallengeGround
CHALLENGE_RESULT_UNSPECIFIED: ChallengeResult
CHALLENGE_RESULT_KEPT: ChallengeResult
CHALLENGE_RESULT_SUSPENDED: ChallengeResult
CHALLENGE_RESULT_RETRACTED: ChallengeResult
SIGHTING_KIND_UNSPECIFIED: SightingKind
SIGHTING_KIND_SEEN_DEPOSIT: SightingKind
SIGHTING_KIND_SEEN_WITHDRAWAL: SightingKind
SIGHTING_KIND_HELD: SightingKind
SIGHTING_KIND_FALSE_POSITIVE: SightingKind

class Handling(_message.Message):
    __slots__ = ("tlp", "code", "code_text", "source_grade", "information_grade", "permitted_action", "may_tell_affected", "purposes", "legal_gateway", "evidential_use", "onward", "onward_agencies", "retain_until", "review_at", "original_language", "translator")
    TLP_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    CODE_TEXT_FIELD_NUMBER: _ClassVar[int]
    SOURCE_GRADE_FIELD_NUMBER: _ClassVar[int]
    INFORMATION_GRADE_FIELD_NUMBER: _ClassVar[int]
    PERMITTED_ACTION_FIELD_NUMBER: _ClassVar[int]
    MAY_TELL_AFFECTED_FIELD_NUMBER: _ClassVar[int]
    PURPOSES_FIELD_NUMBER: _ClassVar[int]
    LEGAL_GATEWAY_FIELD_NUMBER: _ClassVar[int]
    EVIDENTIAL_USE_FIELD_NUMBER: _ClassVar[int]
    ONWARD_FIELD_NUMBER: _ClassVar[int]
    ONWARD_AGENCIES_FIELD_NUMBER: _ClassVar[int]
    RETAIN_UNTIL_FIELD_NUMBER: _ClassVar[int]
    REVIEW_AT_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    TRANSLATOR_FIELD_NUMBER: _ClassVar[int]
    tlp: Tlp
    code: HandlingCode
    code_text: str
    source_grade: SourceGrade
    information_grade: InformationGrade
    permitted_action: PermittedAction
    may_tell_affected: bool
    purposes: _containers.RepeatedScalarFieldContainer[str]
    legal_gateway: str
    evidential_use: EvidentialUse
    onward: Onward
    onward_agencies: _containers.RepeatedScalarFieldContainer[str]
    retain_until: int
    review_at: int
    original_language: str
    translator: str
    def __init__(self, tlp: _Optional[_Union[Tlp, str]] = ..., code: _Optional[_Union[HandlingCode, str]] = ..., code_text: _Optional[str] = ..., source_grade: _Optional[_Union[SourceGrade, str]] = ..., information_grade: _Optional[_Union[InformationGrade, str]] = ..., permitted_action: _Optional[_Union[PermittedAction, str]] = ..., may_tell_affected: _Optional[bool] = ..., purposes: _Optional[_Iterable[str]] = ..., legal_gateway: _Optional[str] = ..., evidential_use: _Optional[_Union[EvidentialUse, str]] = ..., onward: _Optional[_Union[Onward, str]] = ..., onward_agencies: _Optional[_Iterable[str]] = ..., retain_until: _Optional[int] = ..., review_at: _Optional[int] = ..., original_language: _Optional[str] = ..., translator: _Optional[str] = ...) -> None: ...

class Attachment(_message.Message):
    __slots__ = ("id", "key", "commitment", "plain_length", "name", "media_type", "blob_sha256", "blob_length")
    ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    COMMITMENT_FIELD_NUMBER: _ClassVar[int]
    PLAIN_LENGTH_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    MEDIA_TYPE_FIELD_NUMBER: _ClassVar[int]
    BLOB_SHA256_FIELD_NUMBER: _ClassVar[int]
    BLOB_LENGTH_FIELD_NUMBER: _ClassVar[int]
    id: bytes
    key: bytes
    commitment: bytes
    plain_length: int
    name: str
    media_type: str
    blob_sha256: bytes
    blob_length: int
    def __init__(self, id: _Optional[bytes] = ..., key: _Optional[bytes] = ..., commitment: _Optional[bytes] = ..., plain_length: _Optional[int] = ..., name: _Optional[str] = ..., media_type: _Optional[str] = ..., blob_sha256: _Optional[bytes] = ..., blob_length: _Optional[int] = ...) -> None: ...

class Gossip(_message.Message):
    __slots__ = ("checkpoint",)
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    checkpoint: bytes
    def __init__(self, checkpoint: _Optional[bytes] = ...) -> None: ...

class Contact(_message.Message):
    __slots__ = ("name", "unit", "telephone", "email")
    NAME_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    TELEPHONE_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    name: str
    unit: str
    telephone: str
    email: str
    def __init__(self, name: _Optional[str] = ..., unit: _Optional[str] = ..., telephone: _Optional[str] = ..., email: _Optional[str] = ...) -> None: ...

class Subject(_message.Message):
    __slots__ = ("name", "name_other_script", "role", "birth_date", "identity_number", "platform_accounts", "licence_status")
    NAME_FIELD_NUMBER: _ClassVar[int]
    NAME_OTHER_SCRIPT_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    BIRTH_DATE_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_NUMBER_FIELD_NUMBER: _ClassVar[int]
    PLATFORM_ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    LICENCE_STATUS_FIELD_NUMBER: _ClassVar[int]
    name: str
    name_other_script: str
    role: str
    birth_date: str
    identity_number: str
    platform_accounts: _containers.RepeatedScalarFieldContainer[str]
    licence_status: str
    def __init__(self, name: _Optional[str] = ..., name_other_script: _Optional[str] = ..., role: _Optional[str] = ..., birth_date: _Optional[str] = ..., identity_number: _Optional[str] = ..., platform_accounts: _Optional[_Iterable[str]] = ..., licence_status: _Optional[str] = ...) -> None: ...

class ChronologyItem(_message.Message):
    __slots__ = ("when", "what", "kind")
    WHEN_FIELD_NUMBER: _ClassVar[int]
    WHAT_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    when: str
    what: str
    kind: FactKind
    def __init__(self, when: _Optional[str] = ..., what: _Optional[str] = ..., kind: _Optional[_Union[FactKind, str]] = ...) -> None: ...

class OnChainFact(_message.Message):
    __slots__ = ("account", "account_as_received", "token", "transaction", "amount", "when", "trace_method", "confidence", "statement", "kind")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_AS_RECEIVED_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    WHEN_FIELD_NUMBER: _ClassVar[int]
    TRACE_METHOD_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    STATEMENT_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    account: str
    account_as_received: str
    token: str
    transaction: str
    amount: str
    when: str
    trace_method: str
    confidence: ConfidenceKind
    statement: str
    kind: FactKind
    def __init__(self, account: _Optional[str] = ..., account_as_received: _Optional[str] = ..., token: _Optional[str] = ..., transaction: _Optional[str] = ..., amount: _Optional[str] = ..., when: _Optional[str] = ..., trace_method: _Optional[str] = ..., confidence: _Optional[_Union[ConfidenceKind, str]] = ..., statement: _Optional[str] = ..., kind: _Optional[_Union[FactKind, str]] = ...) -> None: ...

class EvidenceItem(_message.Message):
    __slots__ = ("item", "sha256", "holder", "custody", "privileged")
    ITEM_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    HOLDER_FIELD_NUMBER: _ClassVar[int]
    CUSTODY_FIELD_NUMBER: _ClassVar[int]
    PRIVILEGED_FIELD_NUMBER: _ClassVar[int]
    item: str
    sha256: bytes
    holder: str
    custody: str
    privileged: bool
    def __init__(self, item: _Optional[str] = ..., sha256: _Optional[bytes] = ..., holder: _Optional[str] = ..., custody: _Optional[str] = ..., privileged: _Optional[bool] = ...) -> None: ...

class Refer(_message.Message):
    __slots__ = ("reference", "contact", "ground", "provisions", "summary", "chronology", "modus_operandi", "typology", "loss_amount", "loss_currency", "victims", "subjects", "on_chain", "evidence", "steps_taken", "freezes_in_force", "do_not_contact", "requested_actions", "urgency_reason", "wished_date", "other_channels")
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    GROUND_FIELD_NUMBER: _ClassVar[int]
    PROVISIONS_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    CHRONOLOGY_FIELD_NUMBER: _ClassVar[int]
    MODUS_OPERANDI_FIELD_NUMBER: _ClassVar[int]
    TYPOLOGY_FIELD_NUMBER: _ClassVar[int]
    LOSS_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    LOSS_CURRENCY_FIELD_NUMBER: _ClassVar[int]
    VICTIMS_FIELD_NUMBER: _ClassVar[int]
    SUBJECTS_FIELD_NUMBER: _ClassVar[int]
    ON_CHAIN_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    STEPS_TAKEN_FIELD_NUMBER: _ClassVar[int]
    FREEZES_IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    DO_NOT_CONTACT_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_ACTIONS_FIELD_NUMBER: _ClassVar[int]
    URGENCY_REASON_FIELD_NUMBER: _ClassVar[int]
    WISHED_DATE_FIELD_NUMBER: _ClassVar[int]
    OTHER_CHANNELS_FIELD_NUMBER: _ClassVar[int]
    reference: str
    contact: Contact
    ground: ReferralGround
    provisions: _containers.RepeatedScalarFieldContainer[str]
    summary: str
    chronology: _containers.RepeatedCompositeFieldContainer[ChronologyItem]
    modus_operandi: str
    typology: str
    loss_amount: str
    loss_currency: str
    victims: int
    subjects: _containers.RepeatedCompositeFieldContainer[Subject]
    on_chain: _containers.RepeatedCompositeFieldContainer[OnChainFact]
    evidence: _containers.RepeatedCompositeFieldContainer[EvidenceItem]
    steps_taken: str
    freezes_in_force: _containers.RepeatedScalarFieldContainer[str]
    do_not_contact: _containers.RepeatedScalarFieldContainer[str]
    requested_actions: _containers.RepeatedScalarFieldContainer[str]
    urgency_reason: str
    wished_date: str
    other_channels: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, reference: _Optional[str] = ..., contact: _Optional[_Union[Contact, _Mapping]] = ..., ground: _Optional[_Union[ReferralGround, str]] = ..., provisions: _Optional[_Iterable[str]] = ..., summary: _Optional[str] = ..., chronology: _Optional[_Iterable[_Union[ChronologyItem, _Mapping]]] = ..., modus_operandi: _Optional[str] = ..., typology: _Optional[str] = ..., loss_amount: _Optional[str] = ..., loss_currency: _Optional[str] = ..., victims: _Optional[int] = ..., subjects: _Optional[_Iterable[_Union[Subject, _Mapping]]] = ..., on_chain: _Optional[_Iterable[_Union[OnChainFact, _Mapping]]] = ..., evidence: _Optional[_Iterable[_Union[EvidenceItem, _Mapping]]] = ..., steps_taken: _Optional[str] = ..., freezes_in_force: _Optional[_Iterable[str]] = ..., do_not_contact: _Optional[_Iterable[str]] = ..., requested_actions: _Optional[_Iterable[str]] = ..., urgency_reason: _Optional[str] = ..., wished_date: _Optional[str] = ..., other_channels: _Optional[_Iterable[str]] = ...) -> None: ...

class AcknowledgeCase(_message.Message):
    __slots__ = ("reference", "contact", "expected_date", "note")
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_DATE_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    reference: str
    contact: Contact
    expected_date: str
    note: str
    def __init__(self, reference: _Optional[str] = ..., contact: _Optional[_Union[Contact, _Mapping]] = ..., expected_date: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class Question(_message.Message):
    __slots__ = ("gap", "text")
    GAP_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    gap: InfoGap
    text: str
    def __init__(self, gap: _Optional[_Union[InfoGap, str]] = ..., text: _Optional[str] = ...) -> None: ...

class RequestInfo(_message.Message):
    __slots__ = ("questions",)
    QUESTIONS_FIELD_NUMBER: _ClassVar[int]
    questions: _containers.RepeatedCompositeFieldContainer[Question]
    def __init__(self, questions: _Optional[_Iterable[_Union[Question, _Mapping]]] = ...) -> None: ...

class Supply(_message.Message):
    __slots__ = ("text", "subjects", "on_chain")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    SUBJECTS_FIELD_NUMBER: _ClassVar[int]
    ON_CHAIN_FIELD_NUMBER: _ClassVar[int]
    text: str
    subjects: _containers.RepeatedCompositeFieldContainer[Subject]
    on_chain: _containers.RepeatedCompositeFieldContainer[OnChainFact]
    def __init__(self, text: _Optional[str] = ..., subjects: _Optional[_Iterable[_Union[Subject, _Mapping]]] = ..., on_chain: _Optional[_Iterable[_Union[OnChainFact, _Mapping]]] = ...) -> None: ...

class Accept(_message.Message):
    __slots__ = ("owner", "parts", "note")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    PARTS_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    owner: str
    parts: _containers.RepeatedScalarFieldContainer[str]
    note: str
    def __init__(self, owner: _Optional[str] = ..., parts: _Optional[_Iterable[str]] = ..., note: _Optional[str] = ...) -> None: ...

class Decline(_message.Message):
    __slots__ = ("reason", "text")
    REASON_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    reason: DeclineReason
    text: str
    def __init__(self, reason: _Optional[_Union[DeclineReason, str]] = ..., text: _Optional[str] = ...) -> None: ...

class Redirect(_message.Message):
    __slots__ = ("desk", "text")
    DESK_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    desk: str
    text: str
    def __init__(self, desk: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class ReportProgress(_message.Message):
    __slots__ = ("text", "expected_date", "slip_reason")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_DATE_FIELD_NUMBER: _ClassVar[int]
    SLIP_REASON_FIELD_NUMBER: _ClassVar[int]
    text: str
    expected_date: str
    slip_reason: str
    def __init__(self, text: _Optional[str] = ..., expected_date: _Optional[str] = ..., slip_reason: _Optional[str] = ...) -> None: ...

class Outcome(_message.Message):
    __slots__ = ("kind", "amount", "currency", "text")
    KIND_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    kind: OutcomeKind
    amount: str
    currency: str
    text: str
    def __init__(self, kind: _Optional[_Union[OutcomeKind, str]] = ..., amount: _Optional[str] = ..., currency: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class ReportOutcome(_message.Message):
    __slots__ = ("outcomes", "usefulness")
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    USEFULNESS_FIELD_NUMBER: _ClassVar[int]
    outcomes: _containers.RepeatedCompositeFieldContainer[Outcome]
    usefulness: int
    def __init__(self, outcomes: _Optional[_Iterable[_Union[Outcome, _Mapping]]] = ..., usefulness: _Optional[int] = ...) -> None: ...

class Withdraw(_message.Message):
    __slots__ = ("text",)
    TEXT_FIELD_NUMBER: _ClassVar[int]
    text: str
    def __init__(self, text: _Optional[str] = ...) -> None: ...

class Recall(_message.Message):
    __slots__ = ("reason", "text")
    REASON_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    reason: RecallReason
    text: str
    def __init__(self, reason: _Optional[_Union[RecallReason, str]] = ..., text: _Optional[str] = ...) -> None: ...

class AnswerRecall(_message.Message):
    __slots__ = ("kind", "text")
    KIND_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    kind: RecallAnswerKind
    text: str
    def __init__(self, kind: _Optional[_Union[RecallAnswerKind, str]] = ..., text: _Optional[str] = ...) -> None: ...

class Close(_message.Message):
    __slots__ = ("text",)
    TEXT_FIELD_NUMBER: _ClassVar[int]
    text: str
    def __init__(self, text: _Optional[str] = ...) -> None: ...

class Packed(_message.Message):
    __slots__ = ("length", "sha256", "deflated", "attachment")
    LENGTH_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    DEFLATED_FIELD_NUMBER: _ClassVar[int]
    ATTACHMENT_FIELD_NUMBER: _ClassVar[int]
    length: int
    sha256: bytes
    deflated: bytes
    attachment: bytes
    def __init__(self, length: _Optional[int] = ..., sha256: _Optional[bytes] = ..., deflated: _Optional[bytes] = ..., attachment: _Optional[bytes] = ...) -> None: ...

class OfferList(_message.Message):
    __slots__ = ("list_id", "title", "purpose", "legal_gateway", "default_action", "subscribers_visible", "review_days", "contact", "heartbeat_minutes", "entries")
    LIST_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    LEGAL_GATEWAY_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_ACTION_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIBERS_VISIBLE_FIELD_NUMBER: _ClassVar[int]
    REVIEW_DAYS_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_MINUTES_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    list_id: bytes
    title: str
    purpose: str
    legal_gateway: str
    default_action: WatchAction
    subscribers_visible: bool
    review_days: int
    contact: Contact
    heartbeat_minutes: int
    entries: int
    def __init__(self, list_id: _Optional[bytes] = ..., title: _Optional[str] = ..., purpose: _Optional[str] = ..., legal_gateway: _Optional[str] = ..., default_action: _Optional[_Union[WatchAction, str]] = ..., subscribers_visible: _Optional[bool] = ..., review_days: _Optional[int] = ..., contact: _Optional[_Union[Contact, _Mapping]] = ..., heartbeat_minutes: _Optional[int] = ..., entries: _Optional[int] = ...) -> None: ...

class SubscribeList(_message.Message):
    __slots__ = ("list_id", "reference", "contact")
    LIST_ID_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    list_id: bytes
    reference: str
    contact: Contact
    def __init__(self, list_id: _Optional[bytes] = ..., reference: _Optional[str] = ..., contact: _Optional[_Union[Contact, _Mapping]] = ...) -> None: ...

class UnsubscribeList(_message.Message):
    __slots__ = ("list_id", "text")
    LIST_ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    list_id: bytes
    text: str
    def __init__(self, list_id: _Optional[bytes] = ..., text: _Optional[str] = ...) -> None: ...

class PublishBatch(_message.Message):
    __slots__ = ("batch",)
    BATCH_FIELD_NUMBER: _ClassVar[int]
    batch: Packed
    def __init__(self, batch: _Optional[_Union[Packed, _Mapping]] = ...) -> None: ...

class SendSnapshot(_message.Message):
    __slots__ = ("batch", "state", "count")
    BATCH_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    batch: Packed
    state: Packed
    count: int
    def __init__(self, batch: _Optional[_Union[Packed, _Mapping]] = ..., state: _Optional[_Union[Packed, _Mapping]] = ..., count: _Optional[int] = ...) -> None: ...

class Resync(_message.Message):
    __slots__ = ("list_id", "from_sequence", "reason")
    LIST_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    list_id: bytes
    from_sequence: int
    reason: str
    def __init__(self, list_id: _Optional[bytes] = ..., from_sequence: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class ChallengeEntry(_message.Message):
    __slots__ = ("list_id", "entry_id", "entry_version", "ground", "text", "account")
    LIST_ID_FIELD_NUMBER: _ClassVar[int]
    ENTRY_ID_FIELD_NUMBER: _ClassVar[int]
    ENTRY_VERSION_FIELD_NUMBER: _ClassVar[int]
    GROUND_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    list_id: bytes
    entry_id: bytes
    entry_version: int
    ground: ChallengeGround
    text: str
    account: str
    def __init__(self, list_id: _Optional[bytes] = ..., entry_id: _Optional[bytes] = ..., entry_version: _Optional[int] = ..., ground: _Optional[_Union[ChallengeGround, str]] = ..., text: _Optional[str] = ..., account: _Optional[str] = ...) -> None: ...

class AnswerChallenge(_message.Message):
    __slots__ = ("result", "text", "sequence")
    RESULT_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    result: ChallengeResult
    text: str
    sequence: int
    def __init__(self, result: _Optional[_Union[ChallengeResult, str]] = ..., text: _Optional[str] = ..., sequence: _Optional[int] = ...) -> None: ...

class ReportSighting(_message.Message):
    __slots__ = ("list_id", "entry_id", "entry_version", "kind", "when", "asset", "amount_band", "account", "text", "reference")
    LIST_ID_FIELD_NUMBER: _ClassVar[int]
    ENTRY_ID_FIELD_NUMBER: _ClassVar[int]
    ENTRY_VERSION_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    WHEN_FIELD_NUMBER: _ClassVar[int]
    ASSET_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_BAND_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    list_id: bytes
    entry_id: bytes
    entry_version: int
    kind: SightingKind
    when: str
    asset: str
    amount_band: str
    account: str
    text: str
    reference: str
    def __init__(self, list_id: _Optional[bytes] = ..., entry_id: _Optional[bytes] = ..., entry_version: _Optional[int] = ..., kind: _Optional[_Union[SightingKind, str]] = ..., when: _Optional[str] = ..., asset: _Optional[str] = ..., amount_band: _Optional[str] = ..., account: _Optional[str] = ..., text: _Optional[str] = ..., reference: _Optional[str] = ...) -> None: ...

class Payload(_message.Message):
    __slots__ = ("version", "handling", "gossip", "attachments", "refer", "acknowledge_case", "request_info", "supply", "accept", "decline", "redirect", "report_progress", "report_outcome", "withdraw", "recall", "answer_recall", "close", "offer_list", "subscribe_list", "unsubscribe_list", "publish_batch", "send_snapshot", "resync", "challenge_entry", "answer_challenge", "report_sighting")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    HANDLING_FIELD_NUMBER: _ClassVar[int]
    GOSSIP_FIELD_NUMBER: _ClassVar[int]
    ATTACHMENTS_FIELD_NUMBER: _ClassVar[int]
    REFER_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGE_CASE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_INFO_FIELD_NUMBER: _ClassVar[int]
    SUPPLY_FIELD_NUMBER: _ClassVar[int]
    ACCEPT_FIELD_NUMBER: _ClassVar[int]
    DECLINE_FIELD_NUMBER: _ClassVar[int]
    REDIRECT_FIELD_NUMBER: _ClassVar[int]
    REPORT_PROGRESS_FIELD_NUMBER: _ClassVar[int]
    REPORT_OUTCOME_FIELD_NUMBER: _ClassVar[int]
    WITHDRAW_FIELD_NUMBER: _ClassVar[int]
    RECALL_FIELD_NUMBER: _ClassVar[int]
    ANSWER_RECALL_FIELD_NUMBER: _ClassVar[int]
    CLOSE_FIELD_NUMBER: _ClassVar[int]
    OFFER_LIST_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIBE_LIST_FIELD_NUMBER: _ClassVar[int]
    UNSUBSCRIBE_LIST_FIELD_NUMBER: _ClassVar[int]
    PUBLISH_BATCH_FIELD_NUMBER: _ClassVar[int]
    SEND_SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    RESYNC_FIELD_NUMBER: _ClassVar[int]
    CHALLENGE_ENTRY_FIELD_NUMBER: _ClassVar[int]
    ANSWER_CHALLENGE_FIELD_NUMBER: _ClassVar[int]
    REPORT_SIGHTING_FIELD_NUMBER: _ClassVar[int]
    version: int
    handling: Handling
    gossip: Gossip
    attachments: _containers.RepeatedCompositeFieldContainer[Attachment]
    refer: Refer
    acknowledge_case: AcknowledgeCase
    request_info: RequestInfo
    supply: Supply
    accept: Accept
    decline: Decline
    redirect: Redirect
    report_progress: ReportProgress
    report_outcome: ReportOutcome
    withdraw: Withdraw
    recall: Recall
    answer_recall: AnswerRecall
    close: Close
    offer_list: OfferList
    subscribe_list: SubscribeList
    unsubscribe_list: UnsubscribeList
    publish_batch: PublishBatch
    send_snapshot: SendSnapshot
    resync: Resync
    challenge_entry: ChallengeEntry
    answer_challenge: AnswerChallenge
    report_sighting: ReportSighting
    def __init__(self, version: _Optional[int] = ..., handling: _Optional[_Union[Handling, _Mapping]] = ..., gossip: _Optional[_Union[Gossip, _Mapping]] = ..., attachments: _Optional[_Iterable[_Union[Attachment, _Mapping]]] = ..., refer: _Optional[_Union[Refer, _Mapping]] = ..., acknowledge_case: _Optional[_Union[AcknowledgeCase, _Mapping]] = ..., request_info: _Optional[_Union[RequestInfo, _Mapping]] = ..., supply: _Optional[_Union[Supply, _Mapping]] = ..., accept: _Optional[_Union[Accept, _Mapping]] = ..., decline: _Optional[_Union[Decline, _Mapping]] = ..., redirect: _Optional[_Union[Redirect, _Mapping]] = ..., report_progress: _Optional[_Union[ReportProgress, _Mapping]] = ..., report_outcome: _Optional[_Union[ReportOutcome, _Mapping]] = ..., withdraw: _Optional[_Union[Withdraw, _Mapping]] = ..., recall: _Optional[_Union[Recall, _Mapping]] = ..., answer_recall: _Optional[_Union[AnswerRecall, _Mapping]] = ..., close: _Optional[_Union[Close, _Mapping]] = ..., offer_list: _Optional[_Union[OfferList, _Mapping]] = ..., subscribe_list: _Optional[_Union[SubscribeList, _Mapping]] = ..., unsubscribe_list: _Optional[_Union[UnsubscribeList, _Mapping]] = ..., publish_batch: _Optional[_Union[PublishBatch, _Mapping]] = ..., send_snapshot: _Optional[_Union[SendSnapshot, _Mapping]] = ..., resync: _Optional[_Union[Resync, _Mapping]] = ..., challenge_entry: _Optional[_Union[ChallengeEntry, _Mapping]] = ..., answer_challenge: _Optional[_Union[AnswerChallenge, _Mapping]] = ..., report_sighting: _Optional[_Union[ReportSighting, _Mapping]] = ...) -> None: ...
