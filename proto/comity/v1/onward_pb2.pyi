from comity.v1 import envelope_pb2 as _envelope_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EmbeddedOriginal(_message.Message):
    __slots__ = ("header", "seal", "ciphertext", "signatures", "cek", "receipt")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    SEAL_FIELD_NUMBER: _ClassVar[int]
    CIPHERTEXT_FIELD_NUMBER: _ClassVar[int]
    SIGNATURES_FIELD_NUMBER: _ClassVar[int]
    CEK_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    header: bytes
    seal: bytes
    ciphertext: bytes
    signatures: _containers.RepeatedCompositeFieldContainer[_envelope_pb2.Signature]
    cek: bytes
    receipt: bytes
    def __init__(self, header: _Optional[bytes] = ..., seal: _Optional[bytes] = ..., ciphertext: _Optional[bytes] = ..., signatures: _Optional[_Iterable[_Union[_envelope_pb2.Signature, _Mapping]]] = ..., cek: _Optional[bytes] = ..., receipt: _Optional[bytes] = ...) -> None: ...
