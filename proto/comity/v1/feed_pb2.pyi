from comity.v1 import directory_pb2 as _directory_pb2
from comity.v1 import envelope_pb2 as _envelope_pb2
from comity.v1 import exchange_pb2 as _exchange_pb2
from comity.v1 import log_pb2 as _log_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ReadFeedRequest(_message.Message):
    __slots__ = ("from_index", "follow")
    FROM_INDEX_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_FIELD_NUMBER: _ClassVar[int]
    from_index: int
    follow: bool
    def __init__(self, from_index: _Optional[int] = ..., follow: _Optional[bool] = ...) -> None: ...

class ReadFeedResponse(_message.Message):
    __slots__ = ("item", "head")
    ITEM_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    item: FeedItem
    head: _directory_pb2.SignedHead
    def __init__(self, item: _Optional[_Union[FeedItem, _Mapping]] = ..., head: _Optional[_Union[_directory_pb2.SignedHead, _Mapping]] = ...) -> None: ...

class FeedItem(_message.Message):
    __slots__ = ("number", "delivery_salt", "receipt", "envelope", "ack", "consistency_size", "consistency_path")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_SALT_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    ACK_FIELD_NUMBER: _ClassVar[int]
    CONSISTENCY_SIZE_FIELD_NUMBER: _ClassVar[int]
    CONSISTENCY_PATH_FIELD_NUMBER: _ClassVar[int]
    number: int
    delivery_salt: bytes
    receipt: _log_pb2.Receipt
    envelope: _envelope_pb2.Envelope
    ack: _exchange_pb2.SignedAck
    consistency_size: int
    consistency_path: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, number: _Optional[int] = ..., delivery_salt: _Optional[bytes] = ..., receipt: _Optional[_Union[_log_pb2.Receipt, _Mapping]] = ..., envelope: _Optional[_Union[_envelope_pb2.Envelope, _Mapping]] = ..., ack: _Optional[_Union[_exchange_pb2.SignedAck, _Mapping]] = ..., consistency_size: _Optional[int] = ..., consistency_path: _Optional[_Iterable[bytes]] = ...) -> None: ...
