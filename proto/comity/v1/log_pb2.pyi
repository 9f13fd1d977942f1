from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LogKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LOG_KIND_UNSPECIFIED: _ClassVar[LogKind]
    LOG_KIND_DIRECTORY: _ClassVar[LogKind]
    LOG_KIND_EXCHANGE: _ClassVar[LogKind]

class EventKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EVENT_KIND_UNSPECIFIED: _ClassVar[EventKind]
    EVENT_KIND_SUBMITTED: _ClassVar[EventKind]
    EVENT_KIND_ACKNOWLEDGED: _ClassVar[EventKind]
    EVENT_KIND_REFUSED: _ClassVar[EventKind]
    EVENT_KIND_WITHDRAWN: _ClassVar[EventKind]
    EVENT_KIND_GRANT_USED: _ClassVar[EventKind]
    EVENT_KIND_GRANT_REVOKED: _ClassVar[EventKind]
    EVENT_KIND_OVERDUE: _ClassVar[EventKind]
    EVENT_KIND_LAPSED: _ClassVar[EventKind]
    EVENT_KIND_EXPIRED: _ClassVar[EventKind]
    EVENT_KIND_EQUIVOCATION: _ClassVar[EventKind]
    EVENT_KIND_ERASED: _ClassVar[EventKind]
    EVENT_KIND_OPERATOR: _ClassVar[EventKind]
    EVENT_KIND_STARTED: _ClassVar[EventKind]
LOG_KIND_UNSPECIFIED: LogKind
LOG_KIND_DIRECTORY: LogKind
LOG_KIND_EXCHANGE: LogKind
EVENT_KIND_UNSPECIFIED: EventKind
EVENT_KIND_SUBMITTED: EventKind
EVENT_KIND_ACKNOWLEDGED: EventKind
EVENT_KIND_REFUSED: EventKind
EVENT_KIND_WITHDRAWN: EventKind
EVENT_KIND_GRANT_USED: EventKind
EVENT_KIND_GRANT_REVOKED: EventKind
EVENT_KIND_OVERDUE: EventKind
EVENT_KIND_LAPSED: EventKind
EVENT_KIND_EXPIRED: EventKind
EVENT_KIND_EQUIVOCATION: EventKind
EVENT_KIND_ERASED: EventKind
EVENT_KIND_OPERATOR: EventKind
EVENT_KIND_STARTED: EventKind

class Event(_message.Message):
    __slots__ = ("version", "kind", "message_hash", "signatures_digest", "kids", "deliveries", "other_hash", "effective_time", "ack_state")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_HASH_FIELD_NUMBER: _ClassVar[int]
    SIGNATURES_DIGEST_FIELD_NUMBER: _ClassVar[int]
    KIDS_FIELD_NUMBER: _ClassVar[int]
    DELIVERIES_FIELD_NUMBER: _ClassVar[int]
    OTHER_HASH_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    ACK_STATE_FIELD_NUMBER: _ClassVar[int]
    version: int
    kind: EventKind
    message_hash: bytes
    signatures_digest: bytes
    kids: _containers.RepeatedScalarFieldContainer[bytes]
    deliveries: _containers.RepeatedScalarFieldContainer[bytes]
    other_hash: bytes
    effective_time: int
    ack_state: int
    def __init__(self, version: _Optional[int] = ..., kind: _Optional[_Union[EventKind, str]] = ..., message_hash: _Optional[bytes] = ..., signatures_digest: _Optional[bytes] = ..., kids: _Optional[_Iterable[bytes]] = ..., deliveries: _Optional[_Iterable[bytes]] = ..., other_hash: _Optional[bytes] = ..., effective_time: _Optional[int] = ..., ack_state: _Optional[int] = ...) -> None: ...

class Leaf(_message.Message):
    __slots__ = ("version", "time_seconds", "directory_size", "directory_root", "commitment")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    TIME_SECONDS_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_SIZE_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_ROOT_FIELD_NUMBER: _ClassVar[int]
    COMMITMENT_FIELD_NUMBER: _ClassVar[int]
    version: int
    time_seconds: int
    directory_size: int
    directory_root: bytes
    commitment: bytes
    def __init__(self, version: _Optional[int] = ..., time_seconds: _Optional[int] = ..., directory_size: _Optional[int] = ..., directory_root: _Optional[bytes] = ..., commitment: _Optional[bytes] = ...) -> None: ...

class Receipt(_message.Message):
    __slots__ = ("event", "salt", "index", "leaf", "inclusion_path", "checkpoint")
    EVENT_FIELD_NUMBER: _ClassVar[int]
    SALT_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    LEAF_FIELD_NUMBER: _ClassVar[int]
    INCLUSION_PATH_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    event: bytes
    salt: bytes
    index: int
    leaf: bytes
    inclusion_path: _containers.RepeatedScalarFieldContainer[bytes]
    checkpoint: bytes
    def __init__(self, event: _Optional[bytes] = ..., salt: _Optional[bytes] = ..., index: _Optional[int] = ..., leaf: _Optional[bytes] = ..., inclusion_path: _Optional[_Iterable[bytes]] = ..., checkpoint: _Optional[bytes] = ...) -> None: ...

class GetCheckpointRequest(_message.Message):
    __slots__ = ("log",)
    LOG_FIELD_NUMBER: _ClassVar[int]
    log: LogKind
    def __init__(self, log: _Optional[_Union[LogKind, str]] = ...) -> None: ...

class GetCheckpointResponse(_message.Message):
    __slots__ = ("checkpoint",)
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    checkpoint: bytes
    def __init__(self, checkpoint: _Optional[bytes] = ...) -> None: ...

class GetTileRequest(_message.Message):
    __slots__ = ("log", "level", "index", "width")
    LOG_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    log: LogKind
    level: int
    index: int
    width: int
    def __init__(self, log: _Optional[_Union[LogKind, str]] = ..., level: _Optional[int] = ..., index: _Optional[int] = ..., width: _Optional[int] = ...) -> None: ...

class GetTileResponse(_message.Message):
    __slots__ = ("hashes",)
    HASHES_FIELD_NUMBER: _ClassVar[int]
    hashes: bytes
    def __init__(self, hashes: _Optional[bytes] = ...) -> None: ...

class GetLeavesRequest(_message.Message):
    __slots__ = ("log", "start", "count")
    LOG_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    log: LogKind
    start: int
    count: int
    def __init__(self, log: _Optional[_Union[LogKind, str]] = ..., start: _Optional[int] = ..., count: _Optional[int] = ...) -> None: ...

class GetLeavesResponse(_message.Message):
    __slots__ = ("leaves",)
    LEAVES_FIELD_NUMBER: _ClassVar[int]
    leaves: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, leaves: _Optional[_Iterable[bytes]] = ...) -> None: ...

class GetInclusionProofRequest(_message.Message):
    __slots__ = ("log", "index", "size")
    LOG_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    log: LogKind
    index: int
    size: int
    def __init__(self, log: _Optional[_Union[LogKind, str]] = ..., index: _Optional[int] = ..., size: _Optional[int] = ...) -> None: ...

class GetInclusionProofResponse(_message.Message):
    __slots__ = ("path",)
    PATH_FIELD_NUMBER: _ClassVar[int]
    path: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, path: _Optional[_Iterable[bytes]] = ...) -> None: ...

class GetConsistencyProofRequest(_message.Message):
    __slots__ = ("log", "first", "second")
    LOG_FIELD_NUMBER: _ClassVar[int]
    FIRST_FIELD_NUMBER: _ClassVar[int]
    SECOND_FIELD_NUMBER: _ClassVar[int]
    log: LogKind
    first: int
    second: int
    def __init__(self, log: _Optional[_Union[LogKind, str]] = ..., first: _Optional[int] = ..., second: _Optional[int] = ...) -> None: ...

class GetConsistencyProofResponse(_message.Message):
    __slots__ = ("path",)
    PATH_FIELD_NUMBER: _ClassVar[int]
    path: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, path: _Optional[_Iterable[bytes]] = ...) -> None: ...

class GetOpeningRequest(_message.Message):
    __slots__ = ("index",)
    INDEX_FIELD_NUMBER: _ClassVar[int]
    index: int
    def __init__(self, index: _Optional[int] = ...) -> None: ...

class GetOpeningResponse(_message.Message):
    __slots__ = ("receipt", "delivery_salt", "delivery_number")
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_SALT_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_NUMBER_FIELD_NUMBER: _ClassVar[int]
    receipt: Receipt
    delivery_salt: bytes
    delivery_number: int
    def __init__(self, receipt: _Optional[_Union[Receipt, _Mapping]] = ..., delivery_salt: _Optional[bytes] = ..., delivery_number: _Optional[int] = ...) -> None: ...
