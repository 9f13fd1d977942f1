from comity.v1 import envelope_pb2 as _envelope_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AgencyKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AGENCY_KIND_UNSPECIFIED: _ClassVar[AgencyKind]
    AGENCY_KIND_AUTHORITY: _ClassVar[AgencyKind]
    AGENCY_KIND_HOLDER: _ClassVar[AgencyKind]
    AGENCY_KIND_ISSUER: _ClassVar[AgencyKind]

class Role(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROLE_UNSPECIFIED: _ClassVar[Role]
    ROLE_ANALYST: _ClassVar[Role]
    ROLE_APPROVER: _ClassVar[Role]
    ROLE_SUPERVISOR: _ClassVar[Role]
    ROLE_DUTY_DESK: _ClassVar[Role]
    ROLE_AGENT: _ClassVar[Role]
    ROLE_AUDITOR: _ClassVar[Role]
    ROLE_ADMIN: _ClassVar[Role]

class RevocationReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REVOCATION_REASON_UNSPECIFIED: _ClassVar[RevocationReason]
    REVOCATION_REASON_LEFT: _ClassVar[RevocationReason]
    REVOCATION_REASON_COMPROMISED: _ClassVar[RevocationReason]
    REVOCATION_REASON_SUPERSEDED: _ClassVar[RevocationReason]
    REVOCATION_REASON_ERROR: _ClassVar[RevocationReason]

class AgreementDirection(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AGREEMENT_DIRECTION_UNSPECIFIED: _ClassVar[AgreementDirection]
    AGREEMENT_DIRECTION_BOTH: _ClassVar[AgreementDirection]
    AGREEMENT_DIRECTION_FIRST_TO_SECOND: _ClassVar[AgreementDirection]
    AGREEMENT_DIRECTION_SECOND_TO_FIRST: _ClassVar[AgreementDirection]
AGENCY_KIND_UNSPECIFIED: AgencyKind
AGENCY_KIND_AUTHORITY: AgencyKind
AGENCY_KIND_HOLDER: AgencyKind
AGENCY_KIND_ISSUER: AgencyKind
ROLE_UNSPECIFIED: Role
ROLE_ANALYST: Role
ROLE_APPROVER: Role
ROLE_SUPERVISOR: Role
ROLE_DUTY_DESK: Role
ROLE_AGENT: Role
ROLE_AUDITOR: Role
ROLE_ADMIN: Role
REVOCATION_REASON_UNSPECIFIED: RevocationReason
REVOCATION_REASON_LEFT: RevocationReason
REVOCATION_REASON_COMPROMISED: RevocationReason
REVOCATION_REASON_SUPERSEDED: RevocationReason
REVOCATION_REASON_ERROR: RevocationReason
AGREEMENT_DIRECTION_UNSPECIFIED: AgreementDirection
AGREEMENT_DIRECTION_BOTH: AgreementDirection
AGREEMENT_DIRECTION_FIRST_TO_SECOND: AgreementDirection
AGREEMENT_DIRECTION_SECOND_TO_FIRST: AgreementDirection

class Position(_message.Message):
    __slots__ = ("signer", "number", "previous")
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_FIELD_NUMBER: _ClassVar[int]
    signer: str
    number: int
    previous: bytes
    def __init__(self, signer: _Optional[str] = ..., number: _Optional[int] = ..., previous: _Optional[bytes] = ...) -> None: ...

class OperatorKey(_message.Message):
    __slots__ = ("operator", "sign_key", "tls_spki_sha256")
    OPERATOR_FIELD_NUMBER: _ClassVar[int]
    SIGN_KEY_FIELD_NUMBER: _ClassVar[int]
    TLS_SPKI_SHA256_FIELD_NUMBER: _ClassVar[int]
    operator: str
    sign_key: bytes
    tls_spki_sha256: bytes
    def __init__(self, operator: _Optional[str] = ..., sign_key: _Optional[bytes] = ..., tls_spki_sha256: _Optional[bytes] = ...) -> None: ...

class HubGenesis(_message.Message):
    __slots__ = ("exchange_origin", "log_key", "head_key", "operators", "tls_ca", "created")
    EXCHANGE_ORIGIN_FIELD_NUMBER: _ClassVar[int]
    LOG_KEY_FIELD_NUMBER: _ClassVar[int]
    HEAD_KEY_FIELD_NUMBER: _ClassVar[int]
    OPERATORS_FIELD_NUMBER: _ClassVar[int]
    TLS_CA_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    exchange_origin: str
    log_key: bytes
    head_key: bytes
    operators: _containers.RepeatedCompositeFieldContainer[OperatorKey]
    tls_ca: bytes
    created: int
    def __init__(self, exchange_origin: _Optional[str] = ..., log_key: _Optional[bytes] = ..., head_key: _Optional[bytes] = ..., operators: _Optional[_Iterable[_Union[OperatorKey, _Mapping]]] = ..., tls_ca: _Optional[bytes] = ..., created: _Optional[int] = ...) -> None: ...

class AgencyAdmitted(_message.Message):
    __slots__ = ("agency", "kind", "name_en", "name_zh", "jurisdiction", "root_key")
    AGENCY_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAME_EN_FIELD_NUMBER: _ClassVar[int]
    NAME_ZH_FIELD_NUMBER: _ClassVar[int]
    JURISDICTION_FIELD_NUMBER: _ClassVar[int]
    ROOT_KEY_FIELD_NUMBER: _ClassVar[int]
    agency: str
    kind: AgencyKind
    name_en: str
    name_zh: str
    jurisdiction: str
    root_key: bytes
    def __init__(self, agency: _Optional[str] = ..., kind: _Optional[_Union[AgencyKind, str]] = ..., name_en: _Optional[str] = ..., name_zh: _Optional[str] = ..., jurisdiction: _Optional[str] = ..., root_key: _Optional[bytes] = ...) -> None: ...

class MemberCertified(_message.Message):
    __slots__ = ("member", "desks", "roles", "sign_key", "wrap_key", "valid_from", "valid_until")
    MEMBER_FIELD_NUMBER: _ClassVar[int]
    DESKS_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    SIGN_KEY_FIELD_NUMBER: _ClassVar[int]
    WRAP_KEY_FIELD_NUMBER: _ClassVar[int]
    VALID_FROM_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_FIELD_NUMBER: _ClassVar[int]
    member: str
    desks: _containers.RepeatedScalarFieldContainer[str]
    roles: _containers.RepeatedScalarFieldContainer[Role]
    sign_key: bytes
    wrap_key: bytes
    valid_from: int
    valid_until: int
    def __init__(self, member: _Optional[str] = ..., desks: _Optional[_Iterable[str]] = ..., roles: _Optional[_Iterable[_Union[Role, str]]] = ..., sign_key: _Optional[bytes] = ..., wrap_key: _Optional[bytes] = ..., valid_from: _Optional[int] = ..., valid_until: _Optional[int] = ...) -> None: ...

class DeskKeyPublished(_message.Message):
    __slots__ = ("desk", "epoch", "wrap_key", "valid_from", "valid_until")
    DESK_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    WRAP_KEY_FIELD_NUMBER: _ClassVar[int]
    VALID_FROM_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_FIELD_NUMBER: _ClassVar[int]
    desk: str
    epoch: int
    wrap_key: bytes
    valid_from: int
    valid_until: int
    def __init__(self, desk: _Optional[str] = ..., epoch: _Optional[int] = ..., wrap_key: _Optional[bytes] = ..., valid_from: _Optional[int] = ..., valid_until: _Optional[int] = ...) -> None: ...

class TransportKey(_message.Message):
    __slots__ = ("desk", "spki_sha256", "valid_from", "valid_until")
    DESK_FIELD_NUMBER: _ClassVar[int]
    SPKI_SHA256_FIELD_NUMBER: _ClassVar[int]
    VALID_FROM_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_FIELD_NUMBER: _ClassVar[int]
    desk: str
    spki_sha256: bytes
    valid_from: int
    valid_until: int
    def __init__(self, desk: _Optional[str] = ..., spki_sha256: _Optional[bytes] = ..., valid_from: _Optional[int] = ..., valid_until: _Optional[int] = ...) -> None: ...

class RotationDelegated(_message.Message):
    __slots__ = ("desk", "kid", "valid_from", "valid_until")
    DESK_FIELD_NUMBER: _ClassVar[int]
    KID_FIELD_NUMBER: _ClassVar[int]
    VALID_FROM_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_FIELD_NUMBER: _ClassVar[int]
    desk: str
    kid: bytes
    valid_from: int
    valid_until: int
    def __init__(self, desk: _Optional[str] = ..., kid: _Optional[bytes] = ..., valid_from: _Optional[int] = ..., valid_until: _Optional[int] = ...) -> None: ...

class DutyContact(_message.Message):
    __slots__ = ("desk", "telephone", "hours", "languages")
    DESK_FIELD_NUMBER: _ClassVar[int]
    TELEPHONE_FIELD_NUMBER: _ClassVar[int]
    HOURS_FIELD_NUMBER: _ClassVar[int]
    LANGUAGES_FIELD_NUMBER: _ClassVar[int]
    desk: str
    telephone: str
    hours: str
    languages: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, desk: _Optional[str] = ..., telephone: _Optional[str] = ..., hours: _Optional[str] = ..., languages: _Optional[_Iterable[str]] = ...) -> None: ...

class Revoked(_message.Message):
    __slots__ = ("kid", "reason", "effective", "suspect_from")
    KID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_FIELD_NUMBER: _ClassVar[int]
    SUSPECT_FROM_FIELD_NUMBER: _ClassVar[int]
    kid: bytes
    reason: RevocationReason
    effective: int
    suspect_from: int
    def __init__(self, kid: _Optional[bytes] = ..., reason: _Optional[_Union[RevocationReason, str]] = ..., effective: _Optional[int] = ..., suspect_from: _Optional[int] = ...) -> None: ...

class AgreementSigned(_message.Message):
    __slots__ = ("id", "first", "second", "families", "direction", "legal_basis", "valid_until", "profile_sha256")
    ID_FIELD_NUMBER: _ClassVar[int]
    FIRST_FIELD_NUMBER: _ClassVar[int]
    SECOND_FIELD_NUMBER: _ClassVar[int]
    FAMILIES_FIELD_NUMBER: _ClassVar[int]
    DIRECTION_FIELD_NUMBER: _ClassVar[int]
    LEGAL_BASIS_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_FIELD_NUMBER: _ClassVar[int]
    PROFILE_SHA256_FIELD_NUMBER: _ClassVar[int]
    id: bytes
    first: str
    second: str
    families: _containers.RepeatedScalarFieldContainer[_envelope_pb2.Family]
    direction: AgreementDirection
    legal_basis: str
    valid_until: int
    profile_sha256: bytes
    def __init__(self, id: _Optional[bytes] = ..., first: _Optional[str] = ..., second: _Optional[str] = ..., families: _Optional[_Iterable[_Union[_envelope_pb2.Family, str]]] = ..., direction: _Optional[_Union[AgreementDirection, str]] = ..., legal_basis: _Optional[str] = ..., valid_until: _Optional[int] = ..., profile_sha256: _Optional[bytes] = ...) -> None: ...

class AgreementEnded(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: bytes
    def __init__(self, id: _Optional[bytes] = ...) -> None: ...

class RootReplaced(_message.Message):
    __slots__ = ("agency", "new_root_key")
    AGENCY_FIELD_NUMBER: _ClassVar[int]
    NEW_ROOT_KEY_FIELD_NUMBER: _ClassVar[int]
    agency: str
    new_root_key: bytes
    def __init__(self, agency: _Optional[str] = ..., new_root_key: _Optional[bytes] = ...) -> None: ...

class OperatorReplaced(_message.Message):
    __slots__ = ("old_operator", "new_operator")
    OLD_OPERATOR_FIELD_NUMBER: _ClassVar[int]
    NEW_OPERATOR_FIELD_NUMBER: _ClassVar[int]
    old_operator: str
    new_operator: OperatorKey
    def __init__(self, old_operator: _Optional[str] = ..., new_operator: _Optional[_Union[OperatorKey, _Mapping]] = ...) -> None: ...

class LogKeyReplaced(_message.Message):
    __slots__ = ("new_key",)
    NEW_KEY_FIELD_NUMBER: _ClassVar[int]
    new_key: bytes
    def __init__(self, new_key: _Optional[bytes] = ...) -> None: ...

class HeadKeyReplaced(_message.Message):
    __slots__ = ("new_key",)
    NEW_KEY_FIELD_NUMBER: _ClassVar[int]
    new_key: bytes
    def __init__(self, new_key: _Optional[bytes] = ...) -> None: ...

class AgencySuspended(_message.Message):
    __slots__ = ("agency",)
    AGENCY_FIELD_NUMBER: _ClassVar[int]
    agency: str
    def __init__(self, agency: _Optional[str] = ...) -> None: ...

class AgencyResumed(_message.Message):
    __slots__ = ("agency",)
    AGENCY_FIELD_NUMBER: _ClassVar[int]
    agency: str
    def __init__(self, agency: _Optional[str] = ...) -> None: ...

class WitnessListed(_message.Message):
    __slots__ = ("verifier_key",)
    VERIFIER_KEY_FIELD_NUMBER: _ClassVar[int]
    verifier_key: str
    def __init__(self, verifier_key: _Optional[str] = ...) -> None: ...

class KeyDisputed(_message.Message):
    __slots__ = ("kid",)
    KID_FIELD_NUMBER: _ClassVar[int]
    kid: bytes
    def __init__(self, kid: _Optional[bytes] = ...) -> None: ...

class StatementBody(_message.Message):
    __slots__ = ("version", "origin", "positions", "hub_genesis", "agency_admitted", "member_certified", "desk_key_published", "transport_key", "rotation_delegated", "duty_contact", "revoked", "agreement_signed", "agreement_ended", "root_replaced", "operator_replaced", "log_key_replaced", "head_key_replaced", "agency_suspended", "agency_resumed", "witness_listed", "key_disputed")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    HUB_GENESIS_FIELD_NUMBER: _ClassVar[int]
    AGENCY_ADMITTED_FIELD_NUMBER: _ClassVar[int]
    MEMBER_CERTIFIED_FIELD_NUMBER: _ClassVar[int]
    DESK_KEY_PUBLISHED_FIELD_NUMBER: _ClassVar[int]
    TRANSPORT_KEY_FIELD_NUMBER: _ClassVar[int]
    ROTATION_DELEGATED_FIELD_NUMBER: _ClassVar[int]
    DUTY_CONTACT_FIELD_NUMBER: _ClassVar[int]
    REVOKED_FIELD_NUMBER: _ClassVar[int]
    AGREEMENT_SIGNED_FIELD_NUMBER: _ClassVar[int]
    AGREEMENT_ENDED_FIELD_NUMBER: _ClassVar[int]
    ROOT_REPLACED_FIELD_NUMBER: _ClassVar[int]
    OPERATOR_REPLACED_FIELD_NUMBER: _ClassVar[int]
    LOG_KEY_REPLACED_FIELD_NUMBER: _ClassVar[int]
    HEAD_KEY_REPLACED_FIELD_NUMBER: _ClassVar[int]
    AGENCY_SUSPENDED_FIELD_NUMBER: _ClassVar[int]
    AGENCY_RESUMED_FIELD_NUMBER: _ClassVar[int]
    WITNESS_LISTED_FIELD_NUMBER: _ClassVar[int]
    KEY_DISPUTED_FIELD_NUMBER: _ClassVar[int]
    version: int
    origin: str
    positions: _containers.RepeatedCompositeFieldContainer[Position]
    hub_genesis: HubGenesis
    agency_admitted: AgencyAdmitted
    member_certified: MemberCertified
    desk_key_published: DeskKeyPublished
    transport_key: TransportKey
    rotation_delegated: RotationDelegated
    duty_contact: DutyContact
    revoked: Revoked
    agreement_signed: AgreementSigned
    agreement_ended: AgreementEnded
    root_replaced: RootReplaced
    operator_replaced: OperatorReplaced
    log_key_replaced: LogKeyReplaced
    head_key_replaced: HeadKeyReplaced
    agency_suspended: AgencySuspended
    agency_resumed: AgencyResumed
    witness_listed: WitnessListed
    key_disputed: KeyDisputed
    def __init__(self, version: _Optional[int] = ..., origin: _Optional[str] = ..., positions: _Optional[_Iterable[_Union[Position, _Mapping]]] = ..., hub_genesis: _Optional[_Union[HubGenesis, _Mapping]] = ..., agency_admitted: _Optional[_Union[AgencyAdmitted, _Mapping]] = ..., member_certified: _Optional[_Union[MemberCertified, _Mapping]] = ..., desk_key_published: _Optional[_Union[DeskKeyPublished, _Mapping]] = ..., transport_key: _Optional[_Union[TransportKey, _Mapping]] = ..., rotation_delegated: _Optional[_Union[RotationDelegated, _Mapping]] = ..., duty_contact: _Optional[_Union[DutyContact, _Mapping]] = ..., revoked: _Optional[_Union[Revoked, _Mapping]] = ..., agreement_signed: _Optional[_Union[AgreementSigned, _Mapping]] = ..., agreement_ended: _Optional[_Union[AgreementEnded, _Mapping]] = ..., root_replaced: _Optional[_Union[RootReplaced, _Mapping]] = ..., operator_replaced: _Optional[_Union[OperatorReplaced, _Mapping]] = ..., log_key_replaced: _Optional[_Union[LogKeyReplaced, _Mapping]] = ..., head_key_replaced: _Optional[_Union[HeadKeyReplaced, _Mapping]] = ..., agency_suspended: _Optional[_Union[AgencySuspended, _Mapping]] = ..., agency_resumed: _Optional[_Union[AgencyResumed, _Mapping]] = ..., witness_listed: _Optional[_Union[WitnessListed, _Mapping]] = ..., key_disputed: _Optional[_Union[KeyDisputed, _Mapping]] = ...) -> None: ...

class Statement(_message.Message):
    __slots__ = ("body", "signatures")
    BODY_FIELD_NUMBER: _ClassVar[int]
    SIGNATURES_FIELD_NUMBER: _ClassVar[int]
    body: bytes
    signatures: _containers.RepeatedCompositeFieldContainer[_envelope_pb2.Signature]
    def __init__(self, body: _Optional[bytes] = ..., signatures: _Optional[_Iterable[_Union[_envelope_pb2.Signature, _Mapping]]] = ...) -> None: ...

class Entry(_message.Message):
    __slots__ = ("version", "time_seconds", "statement")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    TIME_SECONDS_FIELD_NUMBER: _ClassVar[int]
    STATEMENT_FIELD_NUMBER: _ClassVar[int]
    version: int
    time_seconds: int
    statement: bytes
    def __init__(self, version: _Optional[int] = ..., time_seconds: _Optional[int] = ..., statement: _Optional[bytes] = ...) -> None: ...

class Head(_message.Message):
    __slots__ = ("version", "directory_origin", "directory_size", "directory_root", "exchange_origin", "exchange_size", "exchange_root", "time")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_ORIGIN_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_SIZE_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_ROOT_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_ORIGIN_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_ROOT_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    version: int
    directory_origin: str
    directory_size: int
    directory_root: bytes
    exchange_origin: str
    exchange_size: int
    exchange_root: bytes
    time: int
    def __init__(self, version: _Optional[int] = ..., directory_origin: _Optional[str] = ..., directory_size: _Optional[int] = ..., directory_root: _Optional[bytes] = ..., exchange_origin: _Optional[str] = ..., exchange_size: _Optional[int] = ..., exchange_root: _Optional[bytes] = ..., time: _Optional[int] = ...) -> None: ...

class SignedHead(_message.Message):
    __slots__ = ("body", "sig")
    BODY_FIELD_NUMBER: _ClassVar[int]
    SIG_FIELD_NUMBER: _ClassVar[int]
    body: bytes
    sig: bytes
    def __init__(self, body: _Optional[bytes] = ..., sig: _Optional[bytes] = ...) -> None: ...

class GetHeadRequest(_message.Message):
    __slots__ = ("seen",)
    SEEN_FIELD_NUMBER: _ClassVar[int]
    seen: SignedHead
    def __init__(self, seen: _Optional[_Union[SignedHead, _Mapping]] = ...) -> None: ...

class GetHeadResponse(_message.Message):
    __slots__ = ("head",)
    HEAD_FIELD_NUMBER: _ClassVar[int]
    head: SignedHead
    def __init__(self, head: _Optional[_Union[SignedHead, _Mapping]] = ...) -> None: ...

class ReadEntriesRequest(_message.Message):
    __slots__ = ("from_index",)
    FROM_INDEX_FIELD_NUMBER: _ClassVar[int]
    from_index: int
    def __init__(self, from_index: _Optional[int] = ...) -> None: ...

class ReadEntriesResponse(_message.Message):
    __slots__ = ("entries",)
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, entries: _Optional[_Iterable[bytes]] = ...) -> None: ...

class AppendStatementsRequest(_message.Message):
    __slots__ = ("statements",)
    STATEMENTS_FIELD_NUMBER: _ClassVar[int]
    statements: _containers.RepeatedCompositeFieldContainer[Statement]
    def __init__(self, statements: _Optional[_Iterable[_Union[Statement, _Mapping]]] = ...) -> None: ...

class AppendStatementsResponse(_message.Message):
    __slots__ = ("first_index", "head")
    FIRST_INDEX_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    first_index: int
    head: SignedHead
    def __init__(self, first_index: _Optional[int] = ..., head: _Optional[_Union[SignedHead, _Mapping]] = ...) -> None: ...

class IssueCertificateRequest(_message.Message):
    __slots__ = ("csr",)
    CSR_FIELD_NUMBER: _ClassVar[int]
    csr: bytes
    def __init__(self, csr: _Optional[bytes] = ...) -> None: ...

class IssueCertificateResponse(_message.Message):
    __slots__ = ("certificate",)
    CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    certificate: bytes
    def __init__(self, certificate: _Optional[bytes] = ...) -> None: ...
