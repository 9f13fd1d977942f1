from comity.v1 import envelope_pb2 as _envelope_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Draft(_message.Message):
    __slots__ = ("version", "envelope", "content_key")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_KEY_FIELD_NUMBER: _ClassVar[int]
    version: int
    envelope: _envelope_pb2.Envelope
    content_key: bytes
    def __init__(self, version: _Optional[int] = ..., envelope: _Optional[_Union[_envelope_pb2.Envelope, _Mapping]] = ..., content_key: _Optional[bytes] = ...) -> None: ...

class DeskKeyGrant(_message.Message):
    __slots__ = ("version", "desk", "epoch", "member_kid", "sealed_seed")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DESK_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    MEMBER_KID_FIELD_NUMBER: _ClassVar[int]
    SEALED_SEED_FIELD_NUMBER: _ClassVar[int]
    version: int
    desk: str
    epoch: int
    member_kid: bytes
    sealed_seed: bytes
    def __init__(self, version: _Optional[int] = ..., desk: _Optional[str] = ..., epoch: _Optional[int] = ..., member_kid: _Optional[bytes] = ..., sealed_seed: _Optional[bytes] = ...) -> None: ...

class SignedDeskKeyGrant(_message.Message):
    __slots__ = ("body", "kid", "sig")
    BODY_FIELD_NUMBER: _ClassVar[int]
    KID_FIELD_NUMBER: _ClassVar[int]
    SIG_FIELD_NUMBER: _ClassVar[int]
    body: bytes
    kid: bytes
    sig: bytes
    def __init__(self, body: _Optional[bytes] = ..., kid: _Optional[bytes] = ..., sig: _Optional[bytes] = ...) -> None: ...

class JoinRequest(_message.Message):
    __slots__ = ("version", "statements", "csrs")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    STATEMENTS_FIELD_NUMBER: _ClassVar[int]
    CSRS_FIELD_NUMBER: _ClassVar[int]
    version: int
    statements: _containers.RepeatedScalarFieldContainer[bytes]
    csrs: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, version: _Optional[int] = ..., statements: _Optional[_Iterable[bytes]] = ..., csrs: _Optional[_Iterable[bytes]] = ...) -> None: ...

class JoinAnswer(_message.Message):
    __slots__ = ("version", "genesis", "certificates")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    GENESIS_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATES_FIELD_NUMBER: _ClassVar[int]
    version: int
    genesis: bytes
    certificates: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, version: _Optional[int] = ..., genesis: _Optional[bytes] = ..., certificates: _Optional[_Iterable[bytes]] = ...) -> None: ...
