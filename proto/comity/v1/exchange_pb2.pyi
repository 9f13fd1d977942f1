from comity.v1 import envelope_pb2 as _envelope_pb2
from comity.v1 import log_pb2 as _log_pb2
from google.rpc import status_pb2 as _status_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AckState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACK_STATE_UNSPECIFIED: _ClassVar[AckState]
    ACK_STATE_STORED: _ClassVar[AckState]
    ACK_STATE_OPENED: _ClassVar[AckState]
    ACK_STATE_REFUSED: _ClassVar[AckState]
ACK_STATE_UNSPECIFIED: AckState
ACK_STATE_STORED: AckState
ACK_STATE_OPENED: AckState
ACK_STATE_REFUSED: AckState

class Ack(_message.Message):
    __slots__ = ("version", "origin", "message_hash", "desk", "kid", "state", "reason", "time")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_HASH_FIELD_NUMBER: _ClassVar[int]
    DESK_FIELD_NUMBER: _ClassVar[int]
    KID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    version: int
    origin: str
    message_hash: bytes
    desk: str
    kid: bytes
    state: AckState
    reason: str
    time: int
    def __init__(self, version: _Optional[int] = ..., origin: _Optional[str] = ..., message_hash: _Optional[bytes] = ..., desk: _Optional[str] = ..., kid: _Optional[bytes] = ..., state: _Optional[_Union[AckState, str]] = ..., reason: _Optional[str] = ..., time: _Optional[int] = ...) -> None: ...

class SignedAck(_message.Message):
    __slots__ = ("body", "sig")
    BODY_FIELD_NUMBER: _ClassVar[int]
    SIG_FIELD_NUMBER: _ClassVar[int]
    body: bytes
    sig: bytes
    def __init__(self, body: _Optional[bytes] = ..., sig: _Optional[bytes] = ...) -> None: ...

class SubmitRequest(_message.Message):
    __slots__ = ("envelope",)
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    envelope: _envelope_pb2.Envelope
    def __init__(self, envelope: _Optional[_Union[_envelope_pb2.Envelope, _Mapping]] = ...) -> None: ...

class SubmitResponse(_message.Message):
    __slots__ = ("receipt",)
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    receipt: _log_pb2.Receipt
    def __init__(self, receipt: _Optional[_Union[_log_pb2.Receipt, _Mapping]] = ...) -> None: ...

class SubmitBatchRequest(_message.Message):
    __slots__ = ("envelopes",)
    ENVELOPES_FIELD_NUMBER: _ClassVar[int]
    envelopes: _containers.RepeatedCompositeFieldContainer[_envelope_pb2.Envelope]
    def __init__(self, envelopes: _Optional[_Iterable[_Union[_envelope_pb2.Envelope, _Mapping]]] = ...) -> None: ...

class SubmitResult(_message.Message):
    __slots__ = ("receipt", "error", "ack")
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    ACK_FIELD_NUMBER: _ClassVar[int]
    receipt: _log_pb2.Receipt
    error: _status_pb2.Status
    ack: SignedAck
    def __init__(self, receipt: _Optional[_Union[_log_pb2.Receipt, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., ack: _Optional[_Union[SignedAck, _Mapping]] = ...) -> None: ...

class SubmitBatchResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[SubmitResult]
    def __init__(self, results: _Optional[_Iterable[_Union[SubmitResult, _Mapping]]] = ...) -> None: ...

class AcknowledgeRequest(_message.Message):
    __slots__ = ("acks",)
    ACKS_FIELD_NUMBER: _ClassVar[int]
    acks: _containers.RepeatedCompositeFieldContainer[SignedAck]
    def __init__(self, acks: _Optional[_Iterable[_Union[SignedAck, _Mapping]]] = ...) -> None: ...

class AcknowledgeResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[SubmitResult]
    def __init__(self, results: _Optional[_Iterable[_Union[SubmitResult, _Mapping]]] = ...) -> None: ...
