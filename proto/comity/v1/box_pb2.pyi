from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BoxWrap(_message.Message):
    __slots__ = ("kid", "data")
    KID_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    kid: bytes
    data: bytes
    def __init__(self, kid: _Optional[bytes] = ..., data: _Optional[bytes] = ...) -> None: ...

class Box(_message.Message):
    __slots__ = ("wraps", "commitment", "ciphertext")
    WRAPS_FIELD_NUMBER: _ClassVar[int]
    COMMITMENT_FIELD_NUMBER: _ClassVar[int]
    CIPHERTEXT_FIELD_NUMBER: _ClassVar[int]
    wraps: _containers.RepeatedCompositeFieldContainer[BoxWrap]
    commitment: bytes
    ciphertext: bytes
    def __init__(self, wraps: _Optional[_Iterable[_Union[BoxWrap, _Mapping]]] = ..., commitment: _Optional[bytes] = ..., ciphertext: _Optional[bytes] = ...) -> None: ...
