from comity.v1 import payload_pb2 as _payload_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ScreenVerdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCREEN_VERDICT_UNSPECIFIED: _ClassVar[ScreenVerdict]
    SCREEN_VERDICT_HIT: _ClassVar[ScreenVerdict]
    SCREEN_VERDICT_INVALID: _ClassVar[ScreenVerdict]
    SCREEN_VERDICT_STALE: _ClassVar[ScreenVerdict]
    SCREEN_VERDICT_CLEAR: _ClassVar[ScreenVerdict]

class AssertionState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ASSERTION_STATE_UNSPECIFIED: _ClassVar[AssertionState]
    ASSERTION_STATE_ACTIVE: _ClassVar[AssertionState]
    ASSERTION_STATE_SUSPENDED: _ClassVar[AssertionState]
    ASSERTION_STATE_EXPIRED: _ClassVar[AssertionState]
    ASSERTION_STATE_NOT_YET: _ClassVar[AssertionState]
SCREEN_VERDICT_UNSPECIFIED: ScreenVerdict
SCREEN_VERDICT_HIT: ScreenVerdict
SCREEN_VERDICT_INVALID: ScreenVerdict
SCREEN_VERDICT_STALE: ScreenVerdict
SCREEN_VERDICT_CLEAR: ScreenVerdict
ASSERTION_STATE_UNSPECIFIED: AssertionState
ASSERTION_STATE_ACTIVE: AssertionState
ASSERTION_STATE_SUSPENDED: AssertionState
ASSERTION_STATE_EXPIRED: AssertionState
ASSERTION_STATE_NOT_YET: AssertionState

class ScreenRequest(_message.Message):
    __slots__ = ("queries",)
    QUERIES_FIELD_NUMBER: _ClassVar[int]
    queries: _containers.RepeatedCompositeFieldContainer[ScreenQuery]
    def __init__(self, queries: _Optional[_Iterable[_Union[ScreenQuery, _Mapping]]] = ...) -> None: ...

class ScreenStreamRequest(_message.Message):
    __slots__ = ("queries",)
    QUERIES_FIELD_NUMBER: _ClassVar[int]
    queries: _containers.RepeatedCompositeFieldContainer[ScreenQuery]
    def __init__(self, queries: _Optional[_Iterable[_Union[ScreenQuery, _Mapping]]] = ...) -> None: ...

class ScreenQuery(_message.Message):
    __slots__ = ("address", "chain", "reference")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    CHAIN_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    address: str
    chain: str
    reference: str
    def __init__(self, address: _Optional[str] = ..., chain: _Optional[str] = ..., reference: _Optional[str] = ...) -> None: ...

class Assertion(_message.Message):
    __slots__ = ("owner", "list_id", "list_title", "sequence", "entry_id", "version", "account", "giver", "category", "label", "actor", "confidence", "confidence_level", "action", "discreet", "valid_from", "valid_until", "state", "handling")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    LIST_ID_FIELD_NUMBER: _ClassVar[int]
    LIST_TITLE_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    ENTRY_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    GIVER_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_LEVEL_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    DISCREET_FIELD_NUMBER: _ClassVar[int]
    VALID_FROM_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    HANDLING_FIELD_NUMBER: _ClassVar[int]
    owner: str
    list_id: bytes
    list_title: str
    sequence: int
    entry_id: bytes
    version: int
    account: str
    giver: str
    category: str
    label: str
    actor: str
    confidence: _payload_pb2.ConfidenceKind
    confidence_level: int
    action: _payload_pb2.WatchAction
    discreet: bool
    valid_from: int
    valid_until: int
    state: AssertionState
    handling: _payload_pb2.Handling
    def __init__(self, owner: _Optional[str] = ..., list_id: _Optional[bytes] = ..., list_title: _Optional[str] = ..., sequence: _Optional[int] = ..., entry_id: _Optional[bytes] = ..., version: _Optional[int] = ..., account: _Optional[str] = ..., giver: _Optional[str] = ..., category: _Optional[str] = ..., label: _Optional[str] = ..., actor: _Optional[str] = ..., confidence: _Optional[_Union[_payload_pb2.ConfidenceKind, str]] = ..., confidence_level: _Optional[int] = ..., action: _Optional[_Union[_payload_pb2.WatchAction, str]] = ..., discreet: _Optional[bool] = ..., valid_from: _Optional[int] = ..., valid_until: _Optional[int] = ..., state: _Optional[_Union[AssertionState, str]] = ..., handling: _Optional[_Union[_payload_pb2.Handling, _Mapping]] = ...) -> None: ...

class ScreenResult(_message.Message):
    __slots__ = ("address", "reference", "account", "verdict", "problem", "assertions", "assertions_left_out")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    ASSERTIONS_FIELD_NUMBER: _ClassVar[int]
    ASSERTIONS_LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    address: str
    reference: str
    account: str
    verdict: ScreenVerdict
    problem: str
    assertions: _containers.RepeatedCompositeFieldContainer[Assertion]
    assertions_left_out: int
    def __init__(self, address: _Optional[str] = ..., reference: _Optional[str] = ..., account: _Optional[str] = ..., verdict: _Optional[_Union[ScreenVerdict, str]] = ..., problem: _Optional[str] = ..., assertions: _Optional[_Iterable[_Union[Assertion, _Mapping]]] = ..., assertions_left_out: _Optional[int] = ...) -> None: ...

class ListAge(_message.Message):
    __slots__ = ("owner", "list_id", "title", "sequence", "batch_time", "age", "stale")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    LIST_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    BATCH_TIME_FIELD_NUMBER: _ClassVar[int]
    AGE_FIELD_NUMBER: _ClassVar[int]
    STALE_FIELD_NUMBER: _ClassVar[int]
    owner: str
    list_id: bytes
    title: str
    sequence: int
    batch_time: int
    age: int
    stale: bool
    def __init__(self, owner: _Optional[str] = ..., list_id: _Optional[bytes] = ..., title: _Optional[str] = ..., sequence: _Optional[int] = ..., batch_time: _Optional[int] = ..., age: _Optional[int] = ..., stale: _Optional[bool] = ...) -> None: ...

class ScreenResponse(_message.Message):
    __slots__ = ("results", "lists")
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    LISTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[ScreenResult]
    lists: _containers.RepeatedCompositeFieldContainer[ListAge]
    def __init__(self, results: _Optional[_Iterable[_Union[ScreenResult, _Mapping]]] = ..., lists: _Optional[_Iterable[_Union[ListAge, _Mapping]]] = ...) -> None: ...

class ScreenStreamResponse(_message.Message):
    __slots__ = ("results", "lists")
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    LISTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[ScreenResult]
    lists: _containers.RepeatedCompositeFieldContainer[ListAge]
    def __init__(self, results: _Optional[_Iterable[_Union[ScreenResult, _Mapping]]] = ..., lists: _Optional[_Iterable[_Union[ListAge, _Mapping]]] = ...) -> None: ...
