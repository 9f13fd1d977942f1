from comity.v1 import envelope_pb2 as _envelope_pb2
from comity.v1 import payload_pb2 as _payload_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RemovalReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REMOVAL_REASON_UNSPECIFIED: _ClassVar[RemovalReason]
    REMOVAL_REASON_FALSE_POSITIVE: _ClassVar[RemovalReason]
    REMOVAL_REASON_DELISTED: _ClassVar[RemovalReason]
    REMOVAL_REASON_OUTDATED: _ClassVar[RemovalReason]
    REMOVAL_REASON_DUPLICATE: _ClassVar[RemovalReason]
    REMOVAL_REASON_OTHER: _ClassVar[RemovalReason]
REMOVAL_REASON_UNSPECIFIED: RemovalReason
REMOVAL_REASON_FALSE_POSITIVE: RemovalReason
REMOVAL_REASON_DELISTED: RemovalReason
REMOVAL_REASON_OUTDATED: RemovalReason
REMOVAL_REASON_DUPLICATE: RemovalReason
REMOVAL_REASON_OTHER: RemovalReason

class WatchEntry(_message.Message):
    __slots__ = ("account", "transaction", "as_received", "asset", "label", "category", "actor", "giver", "source_url", "confidence", "confidence_level", "why", "cluster", "valid_from", "valid_until", "review_at", "action", "discreet", "version", "handling")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    AS_RECEIVED_FIELD_NUMBER: _ClassVar[int]
    ASSET_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    GIVER_FIELD_NUMBER: _ClassVar[int]
    SOURCE_URL_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_LEVEL_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_FIELD_NUMBER: _ClassVar[int]
    VALID_FROM_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_FIELD_NUMBER: _ClassVar[int]
    REVIEW_AT_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    DISCREET_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    HANDLING_FIELD_NUMBER: _ClassVar[int]
    account: str
    transaction: str
    as_received: str
    asset: str
    label: str
    category: str
    actor: str
    giver: str
    source_url: str
    confidence: _payload_pb2.ConfidenceKind
    confidence_level: int
    why: str
    cluster: bool
    valid_from: int
    valid_until: int
    review_at: int
    action: _payload_pb2.WatchAction
    discreet: bool
    version: int
    handling: _payload_pb2.Handling
    def __init__(self, account: _Optional[str] = ..., transaction: _Optional[str] = ..., as_received: _Optional[str] = ..., asset: _Optional[str] = ..., label: _Optional[str] = ..., category: _Optional[str] = ..., actor: _Optional[str] = ..., giver: _Optional[str] = ..., source_url: _Optional[str] = ..., confidence: _Optional[_Union[_payload_pb2.ConfidenceKind, str]] = ..., confidence_level: _Optional[int] = ..., why: _Optional[str] = ..., cluster: _Optional[bool] = ..., valid_from: _Optional[int] = ..., valid_until: _Optional[int] = ..., review_at: _Optional[int] = ..., action: _Optional[_Union[_payload_pb2.WatchAction, str]] = ..., discreet: _Optional[bool] = ..., version: _Optional[int] = ..., handling: _Optional[_Union[_payload_pb2.Handling, _Mapping]] = ...) -> None: ...

class WatchRecord(_message.Message):
    __slots__ = ("entry", "suspended", "set_id", "provisional_until")
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    SUSPENDED_FIELD_NUMBER: _ClassVar[int]
    SET_ID_FIELD_NUMBER: _ClassVar[int]
    PROVISIONAL_UNTIL_FIELD_NUMBER: _ClassVar[int]
    entry: WatchEntry
    suspended: bool
    set_id: bytes
    provisional_until: int
    def __init__(self, entry: _Optional[_Union[WatchEntry, _Mapping]] = ..., suspended: _Optional[bool] = ..., set_id: _Optional[bytes] = ..., provisional_until: _Optional[int] = ...) -> None: ...

class WatchRecords(_message.Message):
    __slots__ = ("records",)
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    records: _containers.RepeatedCompositeFieldContainer[WatchRecord]
    def __init__(self, records: _Optional[_Iterable[_Union[WatchRecord, _Mapping]]] = ...) -> None: ...

class Removal(_message.Message):
    __slots__ = ("entry_id", "version", "reason", "text")
    ENTRY_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    entry_id: bytes
    version: int
    reason: RemovalReason
    text: str
    def __init__(self, entry_id: _Optional[bytes] = ..., version: _Optional[int] = ..., reason: _Optional[_Union[RemovalReason, str]] = ..., text: _Optional[str] = ...) -> None: ...

class ChangeSet(_message.Message):
    __slots__ = ("list_id", "id", "created", "urgent", "puts", "removals", "lifts", "note")
    LIST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    URGENT_FIELD_NUMBER: _ClassVar[int]
    PUTS_FIELD_NUMBER: _ClassVar[int]
    REMOVALS_FIELD_NUMBER: _ClassVar[int]
    LIFTS_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    list_id: bytes
    id: bytes
    created: int
    urgent: bool
    puts: _containers.RepeatedCompositeFieldContainer[WatchEntry]
    removals: _containers.RepeatedCompositeFieldContainer[Removal]
    lifts: _containers.RepeatedScalarFieldContainer[bytes]
    note: str
    def __init__(self, list_id: _Optional[bytes] = ..., id: _Optional[bytes] = ..., created: _Optional[int] = ..., urgent: _Optional[bool] = ..., puts: _Optional[_Iterable[_Union[WatchEntry, _Mapping]]] = ..., removals: _Optional[_Iterable[_Union[Removal, _Mapping]]] = ..., lifts: _Optional[_Iterable[bytes]] = ..., note: _Optional[str] = ...) -> None: ...

class SignedChangeSet(_message.Message):
    __slots__ = ("body", "signatures")
    BODY_FIELD_NUMBER: _ClassVar[int]
    SIGNATURES_FIELD_NUMBER: _ClassVar[int]
    body: bytes
    signatures: _containers.RepeatedCompositeFieldContainer[_envelope_pb2.Signature]
    def __init__(self, body: _Optional[bytes] = ..., signatures: _Optional[_Iterable[_Union[_envelope_pb2.Signature, _Mapping]]] = ...) -> None: ...

class Confirmation(_message.Message):
    __slots__ = ("list_id", "set_id", "created", "set_sha256")
    LIST_ID_FIELD_NUMBER: _ClassVar[int]
    SET_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    SET_SHA256_FIELD_NUMBER: _ClassVar[int]
    list_id: bytes
    set_id: bytes
    created: int
    set_sha256: bytes
    def __init__(self, list_id: _Optional[bytes] = ..., set_id: _Optional[bytes] = ..., created: _Optional[int] = ..., set_sha256: _Optional[bytes] = ...) -> None: ...

class SignedConfirmation(_message.Message):
    __slots__ = ("body", "signature")
    BODY_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    body: bytes
    signature: _envelope_pb2.Signature
    def __init__(self, body: _Optional[bytes] = ..., signature: _Optional[_Union[_envelope_pb2.Signature, _Mapping]] = ...) -> None: ...

class WatchBatch(_message.Message):
    __slots__ = ("salt", "time", "sets", "confirmations", "suspends", "drops", "state_digest", "live")
    SALT_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    SETS_FIELD_NUMBER: _ClassVar[int]
    CONFIRMATIONS_FIELD_NUMBER: _ClassVar[int]
    SUSPENDS_FIELD_NUMBER: _ClassVar[int]
    DROPS_FIELD_NUMBER: _ClassVar[int]
    STATE_DIGEST_FIELD_NUMBER: _ClassVar[int]
    LIVE_FIELD_NUMBER: _ClassVar[int]
    salt: bytes
    time: int
    sets: _containers.RepeatedCompositeFieldContainer[SignedChangeSet]
    confirmations: _containers.RepeatedCompositeFieldContainer[SignedConfirmation]
    suspends: _containers.RepeatedScalarFieldContainer[bytes]
    drops: _containers.RepeatedScalarFieldContainer[bytes]
    state_digest: bytes
    live: int
    def __init__(self, salt: _Optional[bytes] = ..., time: _Optional[int] = ..., sets: _Optional[_Iterable[_Union[SignedChangeSet, _Mapping]]] = ..., confirmations: _Optional[_Iterable[_Union[SignedConfirmation, _Mapping]]] = ..., suspends: _Optional[_Iterable[bytes]] = ..., drops: _Optional[_Iterable[bytes]] = ..., state_digest: _Optional[bytes] = ..., live: _Optional[int] = ...) -> None: ...

class UsedSet(_message.Message):
    __slots__ = ("id", "created", "author", "provisional_until", "sha256", "changes", "time")
    ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    PROVISIONAL_UNTIL_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    id: bytes
    created: int
    author: str
    provisional_until: int
    sha256: bytes
    changes: int
    time: int
    def __init__(self, id: _Optional[bytes] = ..., created: _Optional[int] = ..., author: _Optional[str] = ..., provisional_until: _Optional[int] = ..., sha256: _Optional[bytes] = ..., changes: _Optional[int] = ..., time: _Optional[int] = ...) -> None: ...

class SnapshotPreamble(_message.Message):
    __slots__ = ("list_id", "sequence", "used", "count")
    LIST_ID_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    USED_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    list_id: bytes
    sequence: int
    used: _containers.RepeatedCompositeFieldContainer[UsedSet]
    count: int
    def __init__(self, list_id: _Optional[bytes] = ..., sequence: _Optional[int] = ..., used: _Optional[_Iterable[_Union[UsedSet, _Mapping]]] = ..., count: _Optional[int] = ...) -> None: ...
