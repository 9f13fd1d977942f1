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

class CaseRelation(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CASE_RELATION_UNSPECIFIED: _ClassVar[CaseRelation]
    CASE_RELATION_CARRIES_FREEZE: _ClassVar[CaseRelation]
    CASE_RELATION_FOLLOW_ON: _ClassVar[CaseRelation]
    CASE_RELATION_SAME_FACTS: _ClassVar[CaseRelation]
    CASE_RELATION_EARLIER: _ClassVar[CaseRelation]

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

class OnwardRefusalReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ONWARD_REFUSAL_REASON_UNSPECIFIED: _ClassVar[OnwardRefusalReason]
    ONWARD_REFUSAL_REASON_OUT_OF_SCOPE: _ClassVar[OnwardRefusalReason]
    ONWARD_REFUSAL_REASON_IMPAIRS_INVESTIGATION: _ClassVar[OnwardRefusalReason]
    ONWARD_REFUSAL_REASON_FUNDAMENTAL_PRINCIPLES: _ClassVar[OnwardRefusalReason]
    ONWARD_REFUSAL_REASON_SOURCE_RISK: _ClassVar[OnwardRefusalReason]
    ONWARD_REFUSAL_REASON_THIRD_PARTY_CONSENT_NEEDED: _ClassVar[OnwardRefusalReason]

class InstrumentKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INSTRUMENT_KIND_UNSPECIFIED: _ClassVar[InstrumentKind]
    INSTRUMENT_KIND_VOLUNTARY_HOLD: _ClassVar[InstrumentKind]
    INSTRUMENT_KIND_LETTER_OF_NO_CONSENT: _ClassVar[InstrumentKind]
    INSTRUMENT_KIND_RESTRICTION_NOTICE: _ClassVar[InstrumentKind]
    INSTRUMENT_KIND_RESTRAINT_ORDER: _ClassVar[InstrumentKind]
    INSTRUMENT_KIND_INJUNCTION: _ClassVar[InstrumentKind]
    INSTRUMENT_KIND_ISSUER_BLACKLIST: _ClassVar[InstrumentKind]
    INSTRUMENT_KIND_FIU_SUSPENSION: _ClassVar[InstrumentKind]
    INSTRUMENT_KIND_FOREIGN_ORDER: _ClassVar[InstrumentKind]
    INSTRUMENT_KIND_STOP_PAYMENT: _ClassVar[InstrumentKind]

class FreezeRefusalReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FREEZE_REFUSAL_REASON_UNSPECIFIED: _ClassVar[FreezeRefusalReason]
    FREEZE_REFUSAL_REASON_NO_POWER: _ClassVar[FreezeRefusalReason]
    FREEZE_REFUSAL_REASON_INCOMPLETE: _ClassVar[FreezeRefusalReason]
    FREEZE_REFUSAL_REASON_NO_LINK: _ClassVar[FreezeRefusalReason]
    FREEZE_REFUSAL_REASON_DISPROPORTIONATE: _ClassVar[FreezeRefusalReason]
    FREEZE_REFUSAL_REASON_DUAL_CRIMINALITY: _ClassVar[FreezeRefusalReason]
    FREEZE_REFUSAL_REASON_PRIVILEGE_OR_IMMUNITY: _ClassVar[FreezeRefusalReason]
    FREEZE_REFUSAL_REASON_NE_BIS_IN_IDEM: _ClassVar[FreezeRefusalReason]
    FREEZE_REFUSAL_REASON_HARMS_OWN_CASE: _ClassVar[FreezeRefusalReason]
    FREEZE_REFUSAL_REASON_NOT_OUR_CUSTOMER: _ClassVar[FreezeRefusalReason]
    FREEZE_REFUSAL_REASON_SELF_HOSTED: _ClassVar[FreezeRefusalReason]
    FREEZE_REFUSAL_REASON_FORMAL_MLA_NEEDED: _ClassVar[FreezeRefusalReason]

class LineStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LINE_STATUS_UNSPECIFIED: _ClassVar[LineStatus]
    LINE_STATUS_HELD_FULL: _ClassVar[LineStatus]
    LINE_STATUS_HELD_PART: _ClassVar[LineStatus]
    LINE_STATUS_NOTHING_LEFT: _ClassVar[LineStatus]
    LINE_STATUS_FAILED: _ClassVar[LineStatus]

class ChallengeDecision(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CHALLENGE_DECISION_UNSPECIFIED: _ClassVar[ChallengeDecision]
    CHALLENGE_DECISION_FILED: _ClassVar[ChallengeDecision]
    CHALLENGE_DECISION_UPHELD: _ClassVar[ChallengeDecision]
    CHALLENGE_DECISION_VARIED: _ClassVar[ChallengeDecision]
    CHALLENGE_DECISION_LIFTED: _ClassVar[ChallengeDecision]
    CHALLENGE_DECISION_WITHDRAWN: _ClassVar[ChallengeDecision]

class ReleaseGround(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RELEASE_GROUND_UNSPECIFIED: _ClassVar[ReleaseGround]
    RELEASE_GROUND_CASE_ENDED: _ClassVar[ReleaseGround]
    RELEASE_GROUND_COURT_ORDER: _ClassVar[ReleaseGround]
    RELEASE_GROUND_RETURN_TO_VICTIM: _ClassVar[ReleaseGround]
    RELEASE_GROUND_REPLACED: _ClassVar[ReleaseGround]
    RELEASE_GROUND_MISTAKE: _ClassVar[ReleaseGround]
    RELEASE_GROUND_OTHER: _ClassVar[ReleaseGround]

class CallBackResult(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CALL_BACK_RESULT_UNSPECIFIED: _ClassVar[CallBackResult]
    CALL_BACK_RESULT_CONFIRMED: _ClassVar[CallBackResult]
    CALL_BACK_RESULT_DENIED: _ClassVar[CallBackResult]
    CALL_BACK_RESULT_NOT_REACHED: _ClassVar[CallBackResult]

class AssistanceInstrument(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ASSISTANCE_INSTRUMENT_UNSPECIFIED: _ClassVar[AssistanceInstrument]
    ASSISTANCE_INSTRUMENT_IOSCO_MMOU: _ClassVar[AssistanceInstrument]
    ASSISTANCE_INSTRUMENT_IOSCO_EMMOU: _ClassVar[AssistanceInstrument]
    ASSISTANCE_INSTRUMENT_BILATERAL: _ClassVar[AssistanceInstrument]
    ASSISTANCE_INSTRUMENT_EGMONT: _ClassVar[AssistanceInstrument]
    ASSISTANCE_INSTRUMENT_POLICE: _ClassVar[AssistanceInstrument]
    ASSISTANCE_INSTRUMENT_SFO_S186: _ClassVar[AssistanceInstrument]
    ASSISTANCE_INSTRUMENT_COURTESY: _ClassVar[AssistanceInstrument]

class AssistanceKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ASSISTANCE_KIND_UNSPECIFIED: _ClassVar[AssistanceKind]
    ASSISTANCE_KIND_INFORMATION_HELD: _ClassVar[AssistanceKind]
    ASSISTANCE_KIND_RECORDS: _ClassVar[AssistanceKind]
    ASSISTANCE_KIND_STATEMENT: _ClassVar[AssistanceKind]
    ASSISTANCE_KIND_AUDIT_PAPERS: _ClassVar[AssistanceKind]
    ASSISTANCE_KIND_COMMUNICATION_RECORDS: _ClassVar[AssistanceKind]
    ASSISTANCE_KIND_ON_SITE: _ClassVar[AssistanceKind]
    ASSISTANCE_KIND_FREEZE: _ClassVar[AssistanceKind]
    ASSISTANCE_KIND_SERVICE: _ClassVar[AssistanceKind]
    ASSISTANCE_KIND_SPONTANEOUS_INFORMATION: _ClassVar[AssistanceKind]
    ASSISTANCE_KIND_JOINT_WORK: _ClassVar[AssistanceKind]

class FirstAnswerKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FIRST_ANSWER_KIND_UNSPECIFIED: _ClassVar[FirstAnswerKind]
    FIRST_ANSWER_KIND_HIT: _ClassVar[FirstAnswerKind]
    FIRST_ANSWER_KIND_NO_HIT: _ClassVar[FirstAnswerKind]
    FIRST_ANSWER_KIND_NOT_YET_KNOWN: _ClassVar[FirstAnswerKind]

class AssistanceRefusalReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ASSISTANCE_REFUSAL_REASON_UNSPECIFIED: _ClassVar[AssistanceRefusalReason]
    ASSISTANCE_REFUSAL_REASON_OUT_OF_SCOPE: _ClassVar[AssistanceRefusalReason]
    ASSISTANCE_REFUSAL_REASON_NO_LEGAL_POWER: _ClassVar[AssistanceRefusalReason]
    ASSISTANCE_REFUSAL_REASON_INCOMPLETE: _ClassVar[AssistanceRefusalReason]
    ASSISTANCE_REFUSAL_REASON_DISPROPORTIONATE: _ClassVar[AssistanceRefusalReason]
    ASSISTANCE_REFUSAL_REASON_NOT_HELD: _ClassVar[AssistanceRefusalReason]
    ASSISTANCE_REFUSAL_REASON_JUDICIAL_AUTHORITY_REFUSED: _ClassVar[AssistanceRefusalReason]
    ASSISTANCE_REFUSAL_REASON_HARMS_OWN_INVESTIGATION: _ClassVar[AssistanceRefusalReason]
    ASSISTANCE_REFUSAL_REASON_DANGER_TO_PERSON: _ClassVar[AssistanceRefusalReason]
    ASSISTANCE_REFUSAL_REASON_ALREADY_PROSECUTED: _ClassVar[AssistanceRefusalReason]
    ASSISTANCE_REFUSAL_REASON_PUBLIC_INTEREST: _ClassVar[AssistanceRefusalReason]
    ASSISTANCE_REFUSAL_REASON_FUNDAMENTAL_PRINCIPLES: _ClassVar[AssistanceRefusalReason]
    ASSISTANCE_REFUSAL_REASON_THIRD_PARTY_REFUSED: _ClassVar[AssistanceRefusalReason]
    ASSISTANCE_REFUSAL_REASON_CONDITIONS_NOT_ACCEPTED: _ClassVar[AssistanceRefusalReason]
    ASSISTANCE_REFUSAL_REASON_CONFIDENTIALITY_NOT_ASSURED: _ClassVar[AssistanceRefusalReason]
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
CASE_RELATION_UNSPECIFIED: CaseRelation
CASE_RELATION_CARRIES_FREEZE: CaseRelation
CASE_RELATION_FOLLOW_ON: CaseRelation
CASE_RELATION_SAME_FACTS: CaseRelation
CASE_RELATION_EARLIER: CaseRelation
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
ONWARD_REFUSAL_REASON_UNSPECIFIED: OnwardRefusalReason
ONWARD_REFUSAL_REASON_OUT_OF_SCOPE: OnwardRefusalReason
ONWARD_REFUSAL_REASON_IMPAIRS_INVESTIGATION: OnwardRefusalReason
ONWARD_REFUSAL_REASON_FUNDAMENTAL_PRINCIPLES: OnwardRefusalReason
ONWARD_REFUSAL_REASON_SOURCE_RISK: OnwardRefusalReason
ONWARD_REFUSAL_REASON_THIRD_PARTY_CONSENT_NEEDED: OnwardRefusalReason
INSTRUMENT_KIND_UNSPECIFIED: InstrumentKind
INSTRUMENT_KIND_VOLUNTARY_HOLD: InstrumentKind
INSTRUMENT_KIND_LETTER_OF_NO_CONSENT: InstrumentKind
INSTRUMENT_KIND_RESTRICTION_NOTICE: InstrumentKind
INSTRUMENT_KIND_RESTRAINT_ORDER: InstrumentKind
INSTRUMENT_KIND_INJUNCTION: InstrumentKind
INSTRUMENT_KIND_ISSUER_BLACKLIST: InstrumentKind
INSTRUMENT_KIND_FIU_SUSPENSION: InstrumentKind
INSTRUMENT_KIND_FOREIGN_ORDER: InstrumentKind
INSTRUMENT_KIND_STOP_PAYMENT: InstrumentKind
FREEZE_REFUSAL_REASON_UNSPECIFIED: FreezeRefusalReason
FREEZE_REFUSAL_REASON_NO_POWER: FreezeRefusalReason
FREEZE_REFUSAL_REASON_INCOMPLETE: FreezeRefusalReason
FREEZE_REFUSAL_REASON_NO_LINK: FreezeRefusalReason
FREEZE_REFUSAL_REASON_DISPROPORTIONATE: FreezeRefusalReason
FREEZE_REFUSAL_REASON_DUAL_CRIMINALITY: FreezeRefusalReason
FREEZE_REFUSAL_REASON_PRIVILEGE_OR_IMMUNITY: FreezeRefusalReason
FREEZE_REFUSAL_REASON_NE_BIS_IN_IDEM: FreezeRefusalReason
FREEZE_REFUSAL_REASON_HARMS_OWN_CASE: FreezeRefusalReason
FREEZE_REFUSAL_REASON_NOT_OUR_CUSTOMER: FreezeRefusalReason
FREEZE_REFUSAL_REASON_SELF_HOSTED: FreezeRefusalReason
FREEZE_REFUSAL_REASON_FORMAL_MLA_NEEDED: FreezeRefusalReason
LINE_STATUS_UNSPECIFIED: LineStatus
LINE_STATUS_HELD_FULL: LineStatus
LINE_STATUS_HELD_PART: LineStatus
LINE_STATUS_NOTHING_LEFT: LineStatus
LINE_STATUS_FAILED: LineStatus
CHALLENGE_DECISION_UNSPECIFIED: ChallengeDecision
CHALLENGE_DECISION_FILED: ChallengeDecision
CHALLENGE_DECISION_UPHELD: ChallengeDecision
CHALLENGE_DECISION_VARIED: ChallengeDecision
CHALLENGE_DECISION_LIFTED: ChallengeDecision
CHALLENGE_DECISION_WITHDRAWN: ChallengeDecision
RELEASE_GROUND_UNSPECIFIED: ReleaseGround
RELEASE_GROUND_CASE_ENDED: ReleaseGround
RELEASE_GROUND_COURT_ORDER: ReleaseGround
RELEASE_GROUND_RETURN_TO_VICTIM: ReleaseGround
RELEASE_GROUND_REPLACED: ReleaseGround
RELEASE_GROUND_MISTAKE: ReleaseGround
RELEASE_GROUND_OTHER: ReleaseGround
CALL_BACK_RESULT_UNSPECIFIED: CallBackResult
CALL_BACK_RESULT_CONFIRMED: CallBackResult
CALL_BACK_RESULT_DENIED: CallBackResult
CALL_BACK_RESULT_NOT_REACHED: CallBackResult
ASSISTANCE_INSTRUMENT_UNSPECIFIED: AssistanceInstrument
ASSISTANCE_INSTRUMENT_IOSCO_MMOU: AssistanceInstrument
ASSISTANCE_INSTRUMENT_IOSCO_EMMOU: AssistanceInstrument
ASSISTANCE_INSTRUMENT_BILATERAL: AssistanceInstrument
ASSISTANCE_INSTRUMENT_EGMONT: AssistanceInstrument
ASSISTANCE_INSTRUMENT_POLICE: AssistanceInstrument
ASSISTANCE_INSTRUMENT_SFO_S186: AssistanceInstrument
ASSISTANCE_INSTRUMENT_COURTESY: AssistanceInstrument
ASSISTANCE_KIND_UNSPECIFIED: AssistanceKind
ASSISTANCE_KIND_INFORMATION_HELD: AssistanceKind
ASSISTANCE_KIND_RECORDS: AssistanceKind
ASSISTANCE_KIND_STATEMENT: AssistanceKind
ASSISTANCE_KIND_AUDIT_PAPERS: AssistanceKind
ASSISTANCE_KIND_COMMUNICATION_RECORDS: AssistanceKind
ASSISTANCE_KIND_ON_SITE: AssistanceKind
ASSISTANCE_KIND_FREEZE: AssistanceKind
ASSISTANCE_KIND_SERVICE: AssistanceKind
ASSISTANCE_KIND_SPONTANEOUS_INFORMATION: AssistanceKind
ASSISTANCE_KIND_JOINT_WORK: AssistanceKind
FIRST_ANSWER_KIND_UNSPECIFIED: FirstAnswerKind
FIRST_ANSWER_KIND_HIT: FirstAnswerKind
FIRST_ANSWER_KIND_NO_HIT: FirstAnswerKind
FIRST_ANSWER_KIND_NOT_YET_KNOWN: FirstAnswerKind
ASSISTANCE_REFUSAL_REASON_UNSPECIFIED: AssistanceRefusalReason
ASSISTANCE_REFUSAL_REASON_OUT_OF_SCOPE: AssistanceRefusalReason
ASSISTANCE_REFUSAL_REASON_NO_LEGAL_POWER: AssistanceRefusalReason
ASSISTANCE_REFUSAL_REASON_INCOMPLETE: AssistanceRefusalReason
ASSISTANCE_REFUSAL_REASON_DISPROPORTIONATE: AssistanceRefusalReason
ASSISTANCE_REFUSAL_REASON_NOT_HELD: AssistanceRefusalReason
ASSISTANCE_REFUSAL_REASON_JUDICIAL_AUTHORITY_REFUSED: AssistanceRefusalReason
ASSISTANCE_REFUSAL_REASON_HARMS_OWN_INVESTIGATION: AssistanceRefusalReason
ASSISTANCE_REFUSAL_REASON_DANGER_TO_PERSON: AssistanceRefusalReason
ASSISTANCE_REFUSAL_REASON_ALREADY_PROSECUTED: AssistanceRefusalReason
ASSISTANCE_REFUSAL_REASON_PUBLIC_INTEREST: AssistanceRefusalReason
ASSISTANCE_REFUSAL_REASON_FUNDAMENTAL_PRINCIPLES: AssistanceRefusalReason
ASSISTANCE_REFUSAL_REASON_THIRD_PARTY_REFUSED: AssistanceRefusalReason
ASSISTANCE_REFUSAL_REASON_CONDITIONS_NOT_ACCEPTED: AssistanceRefusalReason
ASSISTANCE_REFUSAL_REASON_CONFIDENTIALITY_NOT_ASSURED: AssistanceRefusalReason

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

class CaseLink(_message.Message):
    __slots__ = ("case_id", "desk", "relation")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    DESK_FIELD_NUMBER: _ClassVar[int]
    RELATION_FIELD_NUMBER: _ClassVar[int]
    case_id: bytes
    desk: str
    relation: CaseRelation
    def __init__(self, case_id: _Optional[bytes] = ..., desk: _Optional[str] = ..., relation: _Optional[_Union[CaseRelation, str]] = ...) -> None: ...

class Refer(_message.Message):
    __slots__ = ("reference", "contact", "ground", "provisions", "summary", "chronology", "modus_operandi", "typology", "loss_amount", "loss_currency", "victims", "subjects", "on_chain", "evidence", "steps_taken", "freezes_in_force", "do_not_contact", "requested_actions", "urgency_reason", "wished_date", "other_channels", "links")
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
    LINKS_FIELD_NUMBER: _ClassVar[int]
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
    links: _containers.RepeatedCompositeFieldContainer[CaseLink]
    def __init__(self, reference: _Optional[str] = ..., contact: _Optional[_Union[Contact, _Mapping]] = ..., ground: _Optional[_Union[ReferralGround, str]] = ..., provisions: _Optional[_Iterable[str]] = ..., summary: _Optional[str] = ..., chronology: _Optional[_Iterable[_Union[ChronologyItem, _Mapping]]] = ..., modus_operandi: _Optional[str] = ..., typology: _Optional[str] = ..., loss_amount: _Optional[str] = ..., loss_currency: _Optional[str] = ..., victims: _Optional[int] = ..., subjects: _Optional[_Iterable[_Union[Subject, _Mapping]]] = ..., on_chain: _Optional[_Iterable[_Union[OnChainFact, _Mapping]]] = ..., evidence: _Optional[_Iterable[_Union[EvidenceItem, _Mapping]]] = ..., steps_taken: _Optional[str] = ..., freezes_in_force: _Optional[_Iterable[str]] = ..., do_not_contact: _Optional[_Iterable[str]] = ..., requested_actions: _Optional[_Iterable[str]] = ..., urgency_reason: _Optional[str] = ..., wished_date: _Optional[str] = ..., other_channels: _Optional[_Iterable[str]] = ..., links: _Optional[_Iterable[_Union[CaseLink, _Mapping]]] = ...) -> None: ...

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
    __slots__ = ("owner", "parts", "note", "decided_by")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    PARTS_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    DECIDED_BY_FIELD_NUMBER: _ClassVar[int]
    owner: str
    parts: _containers.RepeatedScalarFieldContainer[str]
    note: str
    decided_by: str
    def __init__(self, owner: _Optional[str] = ..., parts: _Optional[_Iterable[str]] = ..., note: _Optional[str] = ..., decided_by: _Optional[str] = ...) -> None: ...

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

class Confirm(_message.Message):
    __slots__ = ("text",)
    TEXT_FIELD_NUMBER: _ClassVar[int]
    text: str
    def __init__(self, text: _Optional[str] = ...) -> None: ...

class AskOnward(_message.Message):
    __slots__ = ("desk", "purpose", "facts", "legal_gateway")
    DESK_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    LEGAL_GATEWAY_FIELD_NUMBER: _ClassVar[int]
    desk: str
    purpose: str
    facts: str
    legal_gateway: str
    def __init__(self, desk: _Optional[str] = ..., purpose: _Optional[str] = ..., facts: _Optional[str] = ..., legal_gateway: _Optional[str] = ...) -> None: ...

class GrantOnward(_message.Message):
    __slots__ = ("conditions",)
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    conditions: str
    def __init__(self, conditions: _Optional[str] = ...) -> None: ...

class RefuseOnward(_message.Message):
    __slots__ = ("reason", "text")
    REASON_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    reason: OnwardRefusalReason
    text: str
    def __init__(self, reason: _Optional[_Union[OnwardRefusalReason, str]] = ..., text: _Optional[str] = ...) -> None: ...

class OriginalBlob(_message.Message):
    __slots__ = ("sha256", "length")
    SHA256_FIELD_NUMBER: _ClassVar[int]
    LENGTH_FIELD_NUMBER: _ClassVar[int]
    sha256: bytes
    length: int
    def __init__(self, sha256: _Optional[bytes] = ..., length: _Optional[int] = ...) -> None: ...

class Forward(_message.Message):
    __slots__ = ("text", "original_attachment", "grant_receipt", "original_blobs")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_ATTACHMENT_FIELD_NUMBER: _ClassVar[int]
    GRANT_RECEIPT_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_BLOBS_FIELD_NUMBER: _ClassVar[int]
    text: str
    original_attachment: bytes
    grant_receipt: bytes
    original_blobs: _containers.RepeatedCompositeFieldContainer[OriginalBlob]
    def __init__(self, text: _Optional[str] = ..., original_attachment: _Optional[bytes] = ..., grant_receipt: _Optional[bytes] = ..., original_blobs: _Optional[_Iterable[_Union[OriginalBlob, _Mapping]]] = ...) -> None: ...

class RevokeGrant(_message.Message):
    __slots__ = ("text",)
    TEXT_FIELD_NUMBER: _ClassVar[int]
    text: str
    def __init__(self, text: _Optional[str] = ...) -> None: ...

class Instrument(_message.Message):
    __slots__ = ("kind", "binding", "legal_text", "order_sha256", "order_attachment", "authority", "number", "start", "end", "review", "planned_kind", "planned_by")
    KIND_FIELD_NUMBER: _ClassVar[int]
    BINDING_FIELD_NUMBER: _ClassVar[int]
    LEGAL_TEXT_FIELD_NUMBER: _ClassVar[int]
    ORDER_SHA256_FIELD_NUMBER: _ClassVar[int]
    ORDER_ATTACHMENT_FIELD_NUMBER: _ClassVar[int]
    AUTHORITY_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    REVIEW_FIELD_NUMBER: _ClassVar[int]
    PLANNED_KIND_FIELD_NUMBER: _ClassVar[int]
    PLANNED_BY_FIELD_NUMBER: _ClassVar[int]
    kind: InstrumentKind
    binding: bool
    legal_text: str
    order_sha256: bytes
    order_attachment: bytes
    authority: str
    number: str
    start: int
    end: int
    review: int
    planned_kind: InstrumentKind
    planned_by: int
    def __init__(self, kind: _Optional[_Union[InstrumentKind, str]] = ..., binding: _Optional[bool] = ..., legal_text: _Optional[str] = ..., order_sha256: _Optional[bytes] = ..., order_attachment: _Optional[bytes] = ..., authority: _Optional[str] = ..., number: _Optional[str] = ..., start: _Optional[int] = ..., end: _Optional[int] = ..., review: _Optional[int] = ..., planned_kind: _Optional[_Union[InstrumentKind, str]] = ..., planned_by: _Optional[int] = ...) -> None: ...

class Valuation(_message.Message):
    __slots__ = ("amount", "currency", "when")
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    WHEN_FIELD_NUMBER: _ClassVar[int]
    amount: str
    currency: str
    when: str
    def __init__(self, amount: _Optional[str] = ..., currency: _Optional[str] = ..., when: _Optional[str] = ...) -> None: ...

class AssetLine(_message.Message):
    __slots__ = ("number", "holder", "holder_agency", "account", "account_as_received", "platform_account", "token", "decimals", "amount", "all", "valuation", "incoming_transaction", "later_inflows")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    HOLDER_FIELD_NUMBER: _ClassVar[int]
    HOLDER_AGENCY_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_AS_RECEIVED_FIELD_NUMBER: _ClassVar[int]
    PLATFORM_ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    DECIMALS_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    ALL_FIELD_NUMBER: _ClassVar[int]
    VALUATION_FIELD_NUMBER: _ClassVar[int]
    INCOMING_TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    LATER_INFLOWS_FIELD_NUMBER: _ClassVar[int]
    number: int
    holder: str
    holder_agency: str
    account: str
    account_as_received: str
    platform_account: str
    token: str
    decimals: int
    amount: str
    all: bool
    valuation: Valuation
    incoming_transaction: str
    later_inflows: bool
    def __init__(self, number: _Optional[int] = ..., holder: _Optional[str] = ..., holder_agency: _Optional[str] = ..., account: _Optional[str] = ..., account_as_received: _Optional[str] = ..., platform_account: _Optional[str] = ..., token: _Optional[str] = ..., decimals: _Optional[int] = ..., amount: _Optional[str] = ..., all: _Optional[bool] = ..., valuation: _Optional[_Union[Valuation, _Mapping]] = ..., incoming_transaction: _Optional[str] = ..., later_inflows: _Optional[bool] = ...) -> None: ...

class FreezeRequest(_message.Message):
    __slots__ = ("reference", "contact", "instrument", "offence", "asset_link", "necessity", "dissipation_risk", "loss_amount", "loss_currency", "lines", "permitted_payments", "may_be_told", "watch_duties", "subjects", "on_chain", "evidence", "urgency_reason", "links", "other_channels", "victim_reference", "transaction")
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_FIELD_NUMBER: _ClassVar[int]
    OFFENCE_FIELD_NUMBER: _ClassVar[int]
    ASSET_LINK_FIELD_NUMBER: _ClassVar[int]
    NECESSITY_FIELD_NUMBER: _ClassVar[int]
    DISSIPATION_RISK_FIELD_NUMBER: _ClassVar[int]
    LOSS_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    LOSS_CURRENCY_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    PERMITTED_PAYMENTS_FIELD_NUMBER: _ClassVar[int]
    MAY_BE_TOLD_FIELD_NUMBER: _ClassVar[int]
    WATCH_DUTIES_FIELD_NUMBER: _ClassVar[int]
    SUBJECTS_FIELD_NUMBER: _ClassVar[int]
    ON_CHAIN_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    URGENCY_REASON_FIELD_NUMBER: _ClassVar[int]
    LINKS_FIELD_NUMBER: _ClassVar[int]
    OTHER_CHANNELS_FIELD_NUMBER: _ClassVar[int]
    VICTIM_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    reference: str
    contact: Contact
    instrument: Instrument
    offence: str
    asset_link: str
    necessity: str
    dissipation_risk: str
    loss_amount: str
    loss_currency: str
    lines: _containers.RepeatedCompositeFieldContainer[AssetLine]
    permitted_payments: str
    may_be_told: _containers.RepeatedScalarFieldContainer[str]
    watch_duties: str
    subjects: _containers.RepeatedCompositeFieldContainer[Subject]
    on_chain: _containers.RepeatedCompositeFieldContainer[OnChainFact]
    evidence: _containers.RepeatedCompositeFieldContainer[EvidenceItem]
    urgency_reason: str
    links: _containers.RepeatedCompositeFieldContainer[CaseLink]
    other_channels: _containers.RepeatedScalarFieldContainer[str]
    victim_reference: str
    transaction: str
    def __init__(self, reference: _Optional[str] = ..., contact: _Optional[_Union[Contact, _Mapping]] = ..., instrument: _Optional[_Union[Instrument, _Mapping]] = ..., offence: _Optional[str] = ..., asset_link: _Optional[str] = ..., necessity: _Optional[str] = ..., dissipation_risk: _Optional[str] = ..., loss_amount: _Optional[str] = ..., loss_currency: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[AssetLine, _Mapping]]] = ..., permitted_payments: _Optional[str] = ..., may_be_told: _Optional[_Iterable[str]] = ..., watch_duties: _Optional[str] = ..., subjects: _Optional[_Iterable[_Union[Subject, _Mapping]]] = ..., on_chain: _Optional[_Iterable[_Union[OnChainFact, _Mapping]]] = ..., evidence: _Optional[_Iterable[_Union[EvidenceItem, _Mapping]]] = ..., urgency_reason: _Optional[str] = ..., links: _Optional[_Iterable[_Union[CaseLink, _Mapping]]] = ..., other_channels: _Optional[_Iterable[str]] = ..., victim_reference: _Optional[str] = ..., transaction: _Optional[str] = ...) -> None: ...

class ProvisionalHold(_message.Message):
    __slots__ = ("loss_amount", "loss_currency", "transaction", "victim_reference", "offence", "contact", "lines", "reference", "planned_kind", "note", "links", "other_channels")
    LOSS_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    LOSS_CURRENCY_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    VICTIM_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    OFFENCE_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    PLANNED_KIND_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    LINKS_FIELD_NUMBER: _ClassVar[int]
    OTHER_CHANNELS_FIELD_NUMBER: _ClassVar[int]
    loss_amount: str
    loss_currency: str
    transaction: str
    victim_reference: str
    offence: str
    contact: Contact
    lines: _containers.RepeatedCompositeFieldContainer[AssetLine]
    reference: str
    planned_kind: InstrumentKind
    note: str
    links: _containers.RepeatedCompositeFieldContainer[CaseLink]
    other_channels: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, loss_amount: _Optional[str] = ..., loss_currency: _Optional[str] = ..., transaction: _Optional[str] = ..., victim_reference: _Optional[str] = ..., offence: _Optional[str] = ..., contact: _Optional[_Union[Contact, _Mapping]] = ..., lines: _Optional[_Iterable[_Union[AssetLine, _Mapping]]] = ..., reference: _Optional[str] = ..., planned_kind: _Optional[_Union[InstrumentKind, str]] = ..., note: _Optional[str] = ..., links: _Optional[_Iterable[_Union[CaseLink, _Mapping]]] = ..., other_channels: _Optional[_Iterable[str]] = ...) -> None: ...

class RefuseFreeze(_message.Message):
    __slots__ = ("reason", "text")
    REASON_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    reason: FreezeRefusalReason
    text: str
    def __init__(self, reason: _Optional[_Union[FreezeRefusalReason, str]] = ..., text: _Optional[str] = ...) -> None: ...

class HolderContact(_message.Message):
    __slots__ = ("holder", "when", "channel", "answer")
    HOLDER_FIELD_NUMBER: _ClassVar[int]
    WHEN_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    holder: str
    when: str
    channel: str
    answer: str
    def __init__(self, holder: _Optional[str] = ..., when: _Optional[str] = ..., channel: _Optional[str] = ..., answer: _Optional[str] = ...) -> None: ...

class LineReport(_message.Message):
    __slots__ = ("line", "status", "requested", "held", "released", "gone", "outstanding", "inflow", "next_hop", "next_holder", "next_transaction", "when", "evidence", "answer")
    LINE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    RELEASED_FIELD_NUMBER: _ClassVar[int]
    GONE_FIELD_NUMBER: _ClassVar[int]
    OUTSTANDING_FIELD_NUMBER: _ClassVar[int]
    INFLOW_FIELD_NUMBER: _ClassVar[int]
    NEXT_HOP_FIELD_NUMBER: _ClassVar[int]
    NEXT_HOLDER_FIELD_NUMBER: _ClassVar[int]
    NEXT_TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    WHEN_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    line: int
    status: LineStatus
    requested: str
    held: str
    released: str
    gone: str
    outstanding: str
    inflow: str
    next_hop: str
    next_holder: str
    next_transaction: str
    when: str
    evidence: str
    answer: str
    def __init__(self, line: _Optional[int] = ..., status: _Optional[_Union[LineStatus, str]] = ..., requested: _Optional[str] = ..., held: _Optional[str] = ..., released: _Optional[str] = ..., gone: _Optional[str] = ..., outstanding: _Optional[str] = ..., inflow: _Optional[str] = ..., next_hop: _Optional[str] = ..., next_holder: _Optional[str] = ..., next_transaction: _Optional[str] = ..., when: _Optional[str] = ..., evidence: _Optional[str] = ..., answer: _Optional[str] = ...) -> None: ...

class ReportExecution(_message.Message):
    __slots__ = ("lines", "holder_contacts", "instrument", "text")
    LINES_FIELD_NUMBER: _ClassVar[int]
    HOLDER_CONTACTS_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    lines: _containers.RepeatedCompositeFieldContainer[LineReport]
    holder_contacts: _containers.RepeatedCompositeFieldContainer[HolderContact]
    instrument: Instrument
    text: str
    def __init__(self, lines: _Optional[_Iterable[_Union[LineReport, _Mapping]]] = ..., holder_contacts: _Optional[_Iterable[_Union[HolderContact, _Mapping]]] = ..., instrument: _Optional[_Union[Instrument, _Mapping]] = ..., text: _Optional[str] = ...) -> None: ...

class AskExtension(_message.Message):
    __slots__ = ("until", "diligence")
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    DILIGENCE_FIELD_NUMBER: _ClassVar[int]
    until: int
    diligence: str
    def __init__(self, until: _Optional[int] = ..., diligence: _Optional[str] = ...) -> None: ...

class Extend(_message.Message):
    __slots__ = ("until", "text")
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    until: int
    text: str
    def __init__(self, until: _Optional[int] = ..., text: _Optional[str] = ...) -> None: ...

class RefuseExtension(_message.Message):
    __slots__ = ("text",)
    TEXT_FIELD_NUMBER: _ClassVar[int]
    text: str
    def __init__(self, text: _Optional[str] = ...) -> None: ...

class LineVariation(_message.Message):
    __slots__ = ("line", "release", "increase")
    LINE_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    INCREASE_FIELD_NUMBER: _ClassVar[int]
    line: int
    release: str
    increase: str
    def __init__(self, line: _Optional[int] = ..., release: _Optional[str] = ..., increase: _Optional[str] = ...) -> None: ...

class AskVariation(_message.Message):
    __slots__ = ("lines", "permitted_payments", "text")
    LINES_FIELD_NUMBER: _ClassVar[int]
    PERMITTED_PAYMENTS_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    lines: _containers.RepeatedCompositeFieldContainer[LineVariation]
    permitted_payments: str
    text: str
    def __init__(self, lines: _Optional[_Iterable[_Union[LineVariation, _Mapping]]] = ..., permitted_payments: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class Vary(_message.Message):
    __slots__ = ("lines", "permitted_payments", "text")
    LINES_FIELD_NUMBER: _ClassVar[int]
    PERMITTED_PAYMENTS_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    lines: _containers.RepeatedCompositeFieldContainer[LineVariation]
    permitted_payments: str
    text: str
    def __init__(self, lines: _Optional[_Iterable[_Union[LineVariation, _Mapping]]] = ..., permitted_payments: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class Convert(_message.Message):
    __slots__ = ("instrument", "text")
    INSTRUMENT_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    instrument: Instrument
    text: str
    def __init__(self, instrument: _Optional[_Union[Instrument, _Mapping]] = ..., text: _Optional[str] = ...) -> None: ...

class ReportChallenge(_message.Message):
    __slots__ = ("court", "number", "next_date", "decision", "text")
    COURT_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    NEXT_DATE_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    court: str
    number: str
    next_date: str
    decision: ChallengeDecision
    text: str
    def __init__(self, court: _Optional[str] = ..., number: _Optional[str] = ..., next_date: _Optional[str] = ..., decision: _Optional[_Union[ChallengeDecision, str]] = ..., text: _Optional[str] = ...) -> None: ...

class LineRelease(_message.Message):
    __slots__ = ("line", "amount", "all")
    LINE_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    ALL_FIELD_NUMBER: _ClassVar[int]
    line: int
    amount: str
    all: bool
    def __init__(self, line: _Optional[int] = ..., amount: _Optional[str] = ..., all: _Optional[bool] = ...) -> None: ...

class CallBack(_message.Message):
    __slots__ = ("desk", "telephone", "called_at", "spoken_to", "result")
    DESK_FIELD_NUMBER: _ClassVar[int]
    TELEPHONE_FIELD_NUMBER: _ClassVar[int]
    CALLED_AT_FIELD_NUMBER: _ClassVar[int]
    SPOKEN_TO_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    desk: str
    telephone: str
    called_at: int
    spoken_to: str
    result: CallBackResult
    def __init__(self, desk: _Optional[str] = ..., telephone: _Optional[str] = ..., called_at: _Optional[int] = ..., spoken_to: _Optional[str] = ..., result: _Optional[_Union[CallBackResult, str]] = ...) -> None: ...

class AskRelease(_message.Message):
    __slots__ = ("lines", "ground", "text", "call_back")
    LINES_FIELD_NUMBER: _ClassVar[int]
    GROUND_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    CALL_BACK_FIELD_NUMBER: _ClassVar[int]
    lines: _containers.RepeatedCompositeFieldContainer[LineRelease]
    ground: ReleaseGround
    text: str
    call_back: CallBack
    def __init__(self, lines: _Optional[_Iterable[_Union[LineRelease, _Mapping]]] = ..., ground: _Optional[_Union[ReleaseGround, str]] = ..., text: _Optional[str] = ..., call_back: _Optional[_Union[CallBack, _Mapping]] = ...) -> None: ...

class Release(_message.Message):
    __slots__ = ("lines", "ground", "text", "call_back")
    LINES_FIELD_NUMBER: _ClassVar[int]
    GROUND_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    CALL_BACK_FIELD_NUMBER: _ClassVar[int]
    lines: _containers.RepeatedCompositeFieldContainer[LineRelease]
    ground: ReleaseGround
    text: str
    call_back: CallBack
    def __init__(self, lines: _Optional[_Iterable[_Union[LineRelease, _Mapping]]] = ..., ground: _Optional[_Union[ReleaseGround, str]] = ..., text: _Optional[str] = ..., call_back: _Optional[_Union[CallBack, _Mapping]] = ...) -> None: ...

class LineOutcome(_message.Message):
    __slots__ = ("line", "held", "released", "returned", "forfeited")
    LINE_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    RELEASED_FIELD_NUMBER: _ClassVar[int]
    RETURNED_FIELD_NUMBER: _ClassVar[int]
    FORFEITED_FIELD_NUMBER: _ClassVar[int]
    line: int
    held: str
    released: str
    returned: str
    forfeited: str
    def __init__(self, line: _Optional[int] = ..., held: _Optional[str] = ..., released: _Optional[str] = ..., returned: _Optional[str] = ..., forfeited: _Optional[str] = ...) -> None: ...

class FreezeOutcome(_message.Message):
    __slots__ = ("lines", "event_at", "held_at", "text")
    LINES_FIELD_NUMBER: _ClassVar[int]
    EVENT_AT_FIELD_NUMBER: _ClassVar[int]
    HELD_AT_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    lines: _containers.RepeatedCompositeFieldContainer[LineOutcome]
    event_at: int
    held_at: int
    text: str
    def __init__(self, lines: _Optional[_Iterable[_Union[LineOutcome, _Mapping]]] = ..., event_at: _Optional[int] = ..., held_at: _Optional[int] = ..., text: _Optional[str] = ...) -> None: ...

class AssistanceRequest(_message.Message):
    __slots__ = ("number", "requesting_authority", "requested_authority", "contact", "instrument", "instrument_text", "signatory", "competence", "provisions", "kinds", "subjects", "facts", "purpose", "why_useful", "jurisdiction_link", "questions", "urgency_reason", "latest_useful_date", "legal_deadlines", "made_orally", "confidentiality", "must_not_know", "intended_uses", "onward_parties", "evidence_form", "statement_conduct", "cost", "reciprocity", "on_chain", "evidence", "earlier_requests", "links", "other_channels", "beyond_oral")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    REQUESTING_AUTHORITY_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_AUTHORITY_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_TEXT_FIELD_NUMBER: _ClassVar[int]
    SIGNATORY_FIELD_NUMBER: _ClassVar[int]
    COMPETENCE_FIELD_NUMBER: _ClassVar[int]
    PROVISIONS_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    SUBJECTS_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    WHY_USEFUL_FIELD_NUMBER: _ClassVar[int]
    JURISDICTION_LINK_FIELD_NUMBER: _ClassVar[int]
    QUESTIONS_FIELD_NUMBER: _ClassVar[int]
    URGENCY_REASON_FIELD_NUMBER: _ClassVar[int]
    LATEST_USEFUL_DATE_FIELD_NUMBER: _ClassVar[int]
    LEGAL_DEADLINES_FIELD_NUMBER: _ClassVar[int]
    MADE_ORALLY_FIELD_NUMBER: _ClassVar[int]
    CONFIDENTIALITY_FIELD_NUMBER: _ClassVar[int]
    MUST_NOT_KNOW_FIELD_NUMBER: _ClassVar[int]
    INTENDED_USES_FIELD_NUMBER: _ClassVar[int]
    ONWARD_PARTIES_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FORM_FIELD_NUMBER: _ClassVar[int]
    STATEMENT_CONDUCT_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    RECIPROCITY_FIELD_NUMBER: _ClassVar[int]
    ON_CHAIN_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    EARLIER_REQUESTS_FIELD_NUMBER: _ClassVar[int]
    LINKS_FIELD_NUMBER: _ClassVar[int]
    OTHER_CHANNELS_FIELD_NUMBER: _ClassVar[int]
    BEYOND_ORAL_FIELD_NUMBER: _ClassVar[int]
    number: str
    requesting_authority: str
    requested_authority: str
    contact: Contact
    instrument: AssistanceInstrument
    instrument_text: str
    signatory: str
    competence: _containers.RepeatedScalarFieldContainer[str]
    provisions: _containers.RepeatedScalarFieldContainer[str]
    kinds: _containers.RepeatedScalarFieldContainer[AssistanceKind]
    subjects: _containers.RepeatedCompositeFieldContainer[Subject]
    facts: str
    purpose: str
    why_useful: str
    jurisdiction_link: str
    questions: _containers.RepeatedScalarFieldContainer[str]
    urgency_reason: str
    latest_useful_date: str
    legal_deadlines: str
    made_orally: bool
    confidentiality: str
    must_not_know: _containers.RepeatedScalarFieldContainer[str]
    intended_uses: _containers.RepeatedScalarFieldContainer[str]
    onward_parties: _containers.RepeatedScalarFieldContainer[str]
    evidence_form: str
    statement_conduct: str
    cost: str
    reciprocity: str
    on_chain: _containers.RepeatedCompositeFieldContainer[OnChainFact]
    evidence: _containers.RepeatedCompositeFieldContainer[EvidenceItem]
    earlier_requests: _containers.RepeatedScalarFieldContainer[str]
    links: _containers.RepeatedCompositeFieldContainer[CaseLink]
    other_channels: _containers.RepeatedScalarFieldContainer[str]
    beyond_oral: str
    def __init__(self, number: _Optional[str] = ..., requesting_authority: _Optional[str] = ..., requested_authority: _Optional[str] = ..., contact: _Optional[_Union[Contact, _Mapping]] = ..., instrument: _Optional[_Union[AssistanceInstrument, str]] = ..., instrument_text: _Optional[str] = ..., signatory: _Optional[str] = ..., competence: _Optional[_Iterable[str]] = ..., provisions: _Optional[_Iterable[str]] = ..., kinds: _Optional[_Iterable[_Union[AssistanceKind, str]]] = ..., subjects: _Optional[_Iterable[_Union[Subject, _Mapping]]] = ..., facts: _Optional[str] = ..., purpose: _Optional[str] = ..., why_useful: _Optional[str] = ..., jurisdiction_link: _Optional[str] = ..., questions: _Optional[_Iterable[str]] = ..., urgency_reason: _Optional[str] = ..., latest_useful_date: _Optional[str] = ..., legal_deadlines: _Optional[str] = ..., made_orally: _Optional[bool] = ..., confidentiality: _Optional[str] = ..., must_not_know: _Optional[_Iterable[str]] = ..., intended_uses: _Optional[_Iterable[str]] = ..., onward_parties: _Optional[_Iterable[str]] = ..., evidence_form: _Optional[str] = ..., statement_conduct: _Optional[str] = ..., cost: _Optional[str] = ..., reciprocity: _Optional[str] = ..., on_chain: _Optional[_Iterable[_Union[OnChainFact, _Mapping]]] = ..., evidence: _Optional[_Iterable[_Union[EvidenceItem, _Mapping]]] = ..., earlier_requests: _Optional[_Iterable[str]] = ..., links: _Optional[_Iterable[_Union[CaseLink, _Mapping]]] = ..., other_channels: _Optional[_Iterable[str]] = ..., beyond_oral: _Optional[str] = ...) -> None: ...

class OralNotice(_message.Message):
    __slots__ = ("contact", "instrument", "kinds", "summary", "urgency_reason", "spoken_to", "spoken_at", "latest_useful_date", "subjects", "on_chain", "reference", "links", "other_channels")
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    URGENCY_REASON_FIELD_NUMBER: _ClassVar[int]
    SPOKEN_TO_FIELD_NUMBER: _ClassVar[int]
    SPOKEN_AT_FIELD_NUMBER: _ClassVar[int]
    LATEST_USEFUL_DATE_FIELD_NUMBER: _ClassVar[int]
    SUBJECTS_FIELD_NUMBER: _ClassVar[int]
    ON_CHAIN_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    LINKS_FIELD_NUMBER: _ClassVar[int]
    OTHER_CHANNELS_FIELD_NUMBER: _ClassVar[int]
    contact: Contact
    instrument: AssistanceInstrument
    kinds: _containers.RepeatedScalarFieldContainer[AssistanceKind]
    summary: str
    urgency_reason: str
    spoken_to: str
    spoken_at: int
    latest_useful_date: str
    subjects: _containers.RepeatedCompositeFieldContainer[Subject]
    on_chain: _containers.RepeatedCompositeFieldContainer[OnChainFact]
    reference: str
    links: _containers.RepeatedCompositeFieldContainer[CaseLink]
    other_channels: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, contact: _Optional[_Union[Contact, _Mapping]] = ..., instrument: _Optional[_Union[AssistanceInstrument, str]] = ..., kinds: _Optional[_Iterable[_Union[AssistanceKind, str]]] = ..., summary: _Optional[str] = ..., urgency_reason: _Optional[str] = ..., spoken_to: _Optional[str] = ..., spoken_at: _Optional[int] = ..., latest_useful_date: _Optional[str] = ..., subjects: _Optional[_Iterable[_Union[Subject, _Mapping]]] = ..., on_chain: _Optional[_Iterable[_Union[OnChainFact, _Mapping]]] = ..., reference: _Optional[str] = ..., links: _Optional[_Iterable[_Union[CaseLink, _Mapping]]] = ..., other_channels: _Optional[_Iterable[str]] = ...) -> None: ...

class AnswerFirst(_message.Message):
    __slots__ = ("kind", "expected_date", "text")
    KIND_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_DATE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    kind: FirstAnswerKind
    expected_date: str
    text: str
    def __init__(self, kind: _Optional[_Union[FirstAnswerKind, str]] = ..., expected_date: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class RefuseAssistance(_message.Message):
    __slots__ = ("reason", "acceptable_if", "text")
    REASON_FIELD_NUMBER: _ClassVar[int]
    ACCEPTABLE_IF_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    reason: AssistanceRefusalReason
    acceptable_if: str
    text: str
    def __init__(self, reason: _Optional[_Union[AssistanceRefusalReason, str]] = ..., acceptable_if: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class Suspend(_message.Message):
    __slots__ = ("reason", "review_date")
    REASON_FIELD_NUMBER: _ClassVar[int]
    REVIEW_DATE_FIELD_NUMBER: _ClassVar[int]
    reason: str
    review_date: str
    def __init__(self, reason: _Optional[str] = ..., review_date: _Optional[str] = ...) -> None: ...

class Resume(_message.Message):
    __slots__ = ("text",)
    TEXT_FIELD_NUMBER: _ClassVar[int]
    text: str
    def __init__(self, text: _Optional[str] = ...) -> None: ...

class ReplyPart(_message.Message):
    __slots__ = ("number", "of", "text", "subjects", "on_chain", "evidence", "use_conditions")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    OF_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    SUBJECTS_FIELD_NUMBER: _ClassVar[int]
    ON_CHAIN_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    USE_CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    number: int
    of: int
    text: str
    subjects: _containers.RepeatedCompositeFieldContainer[Subject]
    on_chain: _containers.RepeatedCompositeFieldContainer[OnChainFact]
    evidence: _containers.RepeatedCompositeFieldContainer[EvidenceItem]
    use_conditions: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, number: _Optional[int] = ..., of: _Optional[int] = ..., text: _Optional[str] = ..., subjects: _Optional[_Iterable[_Union[Subject, _Mapping]]] = ..., on_chain: _Optional[_Iterable[_Union[OnChainFact, _Mapping]]] = ..., evidence: _Optional[_Iterable[_Union[EvidenceItem, _Mapping]]] = ..., use_conditions: _Optional[_Iterable[str]] = ...) -> None: ...

class Reply(_message.Message):
    __slots__ = ("number", "of", "text", "subjects", "on_chain", "evidence", "use_conditions", "final")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    OF_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    SUBJECTS_FIELD_NUMBER: _ClassVar[int]
    ON_CHAIN_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    USE_CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    FINAL_FIELD_NUMBER: _ClassVar[int]
    number: int
    of: int
    text: str
    subjects: _containers.RepeatedCompositeFieldContainer[Subject]
    on_chain: _containers.RepeatedCompositeFieldContainer[OnChainFact]
    evidence: _containers.RepeatedCompositeFieldContainer[EvidenceItem]
    use_conditions: _containers.RepeatedScalarFieldContainer[str]
    final: bool
    def __init__(self, number: _Optional[int] = ..., of: _Optional[int] = ..., text: _Optional[str] = ..., subjects: _Optional[_Iterable[_Union[Subject, _Mapping]]] = ..., on_chain: _Optional[_Iterable[_Union[OnChainFact, _Mapping]]] = ..., evidence: _Optional[_Iterable[_Union[EvidenceItem, _Mapping]]] = ..., use_conditions: _Optional[_Iterable[str]] = ..., final: _Optional[bool] = ...) -> None: ...

class FollowUp(_message.Message):
    __slots__ = ("questions", "text")
    QUESTIONS_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    questions: _containers.RepeatedScalarFieldContainer[str]
    text: str
    def __init__(self, questions: _Optional[_Iterable[str]] = ..., text: _Optional[str] = ...) -> None: ...

class Feedback(_message.Message):
    __slots__ = ("usefulness", "used_for", "text")
    USEFULNESS_FIELD_NUMBER: _ClassVar[int]
    USED_FOR_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    usefulness: int
    used_for: _containers.RepeatedScalarFieldContainer[str]
    text: str
    def __init__(self, usefulness: _Optional[int] = ..., used_for: _Optional[_Iterable[str]] = ..., text: _Optional[str] = ...) -> None: ...

class Payload(_message.Message):
    __slots__ = ("version", "handling", "gossip", "attachments", "refer", "acknowledge_case", "request_info", "supply", "accept", "decline", "redirect", "report_progress", "report_outcome", "withdraw", "recall", "answer_recall", "close", "confirm", "ask_onward", "grant_onward", "refuse_onward", "forward", "revoke_grant", "offer_list", "subscribe_list", "unsubscribe_list", "publish_batch", "send_snapshot", "resync", "challenge_entry", "answer_challenge", "report_sighting", "request_freeze", "request_hold", "refuse_freeze", "report_execution", "ask_extension", "extend", "refuse_extension", "ask_variation", "vary", "convert", "report_challenge", "ask_release", "release", "freeze_outcome", "request_assistance", "oral_notice", "answer_first", "refuse_assistance", "suspend", "resume", "reply_part", "reply", "follow_up", "feedback")
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
    CONFIRM_FIELD_NUMBER: _ClassVar[int]
    ASK_ONWARD_FIELD_NUMBER: _ClassVar[int]
    GRANT_ONWARD_FIELD_NUMBER: _ClassVar[int]
    REFUSE_ONWARD_FIELD_NUMBER: _ClassVar[int]
    FORWARD_FIELD_NUMBER: _ClassVar[int]
    REVOKE_GRANT_FIELD_NUMBER: _ClassVar[int]
    OFFER_LIST_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIBE_LIST_FIELD_NUMBER: _ClassVar[int]
    UNSUBSCRIBE_LIST_FIELD_NUMBER: _ClassVar[int]
    PUBLISH_BATCH_FIELD_NUMBER: _ClassVar[int]
    SEND_SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    RESYNC_FIELD_NUMBER: _ClassVar[int]
    CHALLENGE_ENTRY_FIELD_NUMBER: _ClassVar[int]
    ANSWER_CHALLENGE_FIELD_NUMBER: _ClassVar[int]
    REPORT_SIGHTING_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FREEZE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_HOLD_FIELD_NUMBER: _ClassVar[int]
    REFUSE_FREEZE_FIELD_NUMBER: _ClassVar[int]
    REPORT_EXECUTION_FIELD_NUMBER: _ClassVar[int]
    ASK_EXTENSION_FIELD_NUMBER: _ClassVar[int]
    EXTEND_FIELD_NUMBER: _ClassVar[int]
    REFUSE_EXTENSION_FIELD_NUMBER: _ClassVar[int]
    ASK_VARIATION_FIELD_NUMBER: _ClassVar[int]
    VARY_FIELD_NUMBER: _ClassVar[int]
    CONVERT_FIELD_NUMBER: _ClassVar[int]
    REPORT_CHALLENGE_FIELD_NUMBER: _ClassVar[int]
    ASK_RELEASE_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    FREEZE_OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ASSISTANCE_FIELD_NUMBER: _ClassVar[int]
    ORAL_NOTICE_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIRST_FIELD_NUMBER: _ClassVar[int]
    REFUSE_ASSISTANCE_FIELD_NUMBER: _ClassVar[int]
    SUSPEND_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_NUMBER: _ClassVar[int]
    REPLY_PART_FIELD_NUMBER: _ClassVar[int]
    REPLY_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_UP_FIELD_NUMBER: _ClassVar[int]
    FEEDBACK_FIELD_NUMBER: _ClassVar[int]
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
    confirm: Confirm
    ask_onward: AskOnward
    grant_onward: GrantOnward
    refuse_onward: RefuseOnward
    forward: Forward
    revoke_grant: RevokeGrant
    offer_list: OfferList
    subscribe_list: SubscribeList
    unsubscribe_list: UnsubscribeList
    publish_batch: PublishBatch
    send_snapshot: SendSnapshot
    resync: Resync
    challenge_entry: ChallengeEntry
    answer_challenge: AnswerChallenge
    report_sighting: ReportSighting
    request_freeze: FreezeRequest
    request_hold: ProvisionalHold
    refuse_freeze: RefuseFreeze
    report_execution: ReportExecution
    ask_extension: AskExtension
    extend: Extend
    refuse_extension: RefuseExtension
    ask_variation: AskVariation
    vary: Vary
    convert: Convert
    report_challenge: ReportChallenge
    ask_release: AskRelease
    release: Release
    freeze_outcome: FreezeOutcome
    request_assistance: AssistanceRequest
    oral_notice: OralNotice
    answer_first: AnswerFirst
    refuse_assistance: RefuseAssistance
    suspend: Suspend
    resume: Resume
    reply_part: ReplyPart
    reply: Reply
    follow_up: FollowUp
    feedback: Feedback
    def __init__(self, version: _Optional[int] = ..., handling: _Optional[_Union[Handling, _Mapping]] = ..., gossip: _Optional[_Union[Gossip, _Mapping]] = ..., attachments: _Optional[_Iterable[_Union[Attachment, _Mapping]]] = ..., refer: _Optional[_Union[Refer, _Mapping]] = ..., acknowledge_case: _Optional[_Union[AcknowledgeCase, _Mapping]] = ..., request_info: _Optional[_Union[RequestInfo, _Mapping]] = ..., supply: _Optional[_Union[Supply, _Mapping]] = ..., accept: _Optional[_Union[Accept, _Mapping]] = ..., decline: _Optional[_Union[Decline, _Mapping]] = ..., redirect: _Optional[_Union[Redirect, _Mapping]] = ..., report_progress: _Optional[_Union[ReportProgress, _Mapping]] = ..., report_outcome: _Optional[_Union[ReportOutcome, _Mapping]] = ..., withdraw: _Optional[_Union[Withdraw, _Mapping]] = ..., recall: _Optional[_Union[Recall, _Mapping]] = ..., answer_recall: _Optional[_Union[AnswerRecall, _Mapping]] = ..., close: _Optional[_Union[Close, _Mapping]] = ..., confirm: _Optional[_Union[Confirm, _Mapping]] = ..., ask_onward: _Optional[_Union[AskOnward, _Mapping]] = ..., grant_onward: _Optional[_Union[GrantOnward, _Mapping]] = ..., refuse_onward: _Optional[_Union[RefuseOnward, _Mapping]] = ..., forward: _Optional[_Union[Forward, _Mapping]] = ..., revoke_grant: _Optional[_Union[RevokeGrant, _Mapping]] = ..., offer_list: _Optional[_Union[OfferList, _Mapping]] = ..., subscribe_list: _Optional[_Union[SubscribeList, _Mapping]] = ..., unsubscribe_list: _Optional[_Union[UnsubscribeList, _Mapping]] = ..., publish_batch: _Optional[_Union[PublishBatch, _Mapping]] = ..., send_snapshot: _Optional[_Union[SendSnapshot, _Mapping]] = ..., resync: _Optional[_Union[Resync, _Mapping]] = ..., challenge_entry: _Optional[_Union[ChallengeEntry, _Mapping]] = ..., answer_challenge: _Optional[_Union[AnswerChallenge, _Mapping]] = ..., report_sighting: _Optional[_Union[ReportSighting, _Mapping]] = ..., request_freeze: _Optional[_Union[FreezeRequest, _Mapping]] = ..., request_hold: _Optional[_Union[ProvisionalHold, _Mapping]] = ..., refuse_freeze: _Optional[_Union[RefuseFreeze, _Mapping]] = ..., report_execution: _Optional[_Union[ReportExecution, _Mapping]] = ..., ask_extension: _Optional[_Union[AskExtension, _Mapping]] = ..., extend: _Optional[_Union[Extend, _Mapping]] = ..., refuse_extension: _Optional[_Union[RefuseExtension, _Mapping]] = ..., ask_variation: _Optional[_Union[AskVariation, _Mapping]] = ..., vary: _Optional[_Union[Vary, _Mapping]] = ..., convert: _Optional[_Union[Convert, _Mapping]] = ..., report_challenge: _Optional[_Union[ReportChallenge, _Mapping]] = ..., ask_release: _Optional[_Union[AskRelease, _Mapping]] = ..., release: _Optional[_Union[Release, _Mapping]] = ..., freeze_outcome: _Optional[_Union[FreezeOutcome, _Mapping]] = ..., request_assistance: _Optional[_Union[AssistanceRequest, _Mapping]] = ..., oral_notice: _Optional[_Union[OralNotice, _Mapping]] = ..., answer_first: _Optional[_Union[AnswerFirst, _Mapping]] = ..., refuse_assistance: _Optional[_Union[RefuseAssistance, _Mapping]] = ..., suspend: _Optional[_Union[Suspend, _Mapping]] = ..., resume: _Optional[_Union[Resume, _Mapping]] = ..., reply_part: _Optional[_Union[ReplyPart, _Mapping]] = ..., reply: _Optional[_Union[Reply, _Mapping]] = ..., follow_up: _Optional[_Union[FollowUp, _Mapping]] = ..., feedback: _Optional[_Union[Feedback, _Mapping]] = ...) -> None: ...
