from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Family(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FAMILY_UNSPECIFIED: _ClassVar[Family]
    FAMILY_REFERRAL: _ClassVar[Family]
    FAMILY_WATCHLIST: _ClassVar[Family]
    FAMILY_FREEZE: _ClassVar[Family]
    FAMILY_ASSISTANCE: _ClassVar[Family]

class Verb(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERB_UNSPECIFIED: _ClassVar[Verb]
    VERB_REFER: _ClassVar[Verb]
    VERB_ACKNOWLEDGE: _ClassVar[Verb]
    VERB_REQUEST_INFO: _ClassVar[Verb]
    VERB_SUPPLY: _ClassVar[Verb]
    VERB_ACCEPT: _ClassVar[Verb]
    VERB_ACCEPT_IN_PART: _ClassVar[Verb]
    VERB_DECLINE: _ClassVar[Verb]
    VERB_REDIRECT: _ClassVar[Verb]
    VERB_REPORT_PROGRESS: _ClassVar[Verb]
    VERB_REPORT_OUTCOME: _ClassVar[Verb]
    VERB_WITHDRAW: _ClassVar[Verb]
    VERB_RECALL: _ClassVar[Verb]
    VERB_ANSWER_RECALL: _ClassVar[Verb]
    VERB_CLOSE: _ClassVar[Verb]
    VERB_CONFIRM: _ClassVar[Verb]
    VERB_COMPLETE: _ClassVar[Verb]
    VERB_ASK_ONWARD: _ClassVar[Verb]
    VERB_GRANT_ONWARD: _ClassVar[Verb]
    VERB_REFUSE_ONWARD: _ClassVar[Verb]
    VERB_FORWARD: _ClassVar[Verb]
    VERB_REVOKE_GRANT: _ClassVar[Verb]
    VERB_OFFER: _ClassVar[Verb]
    VERB_SUBSCRIBE: _ClassVar[Verb]
    VERB_UNSUBSCRIBE: _ClassVar[Verb]
    VERB_PUBLISH: _ClassVar[Verb]
    VERB_SNAPSHOT: _ClassVar[Verb]
    VERB_RESYNC: _ClassVar[Verb]
    VERB_CHALLENGE: _ClassVar[Verb]
    VERB_ANSWER: _ClassVar[Verb]
    VERB_SIGHTING: _ClassVar[Verb]
    VERB_REQUEST: _ClassVar[Verb]
    VERB_REQUEST_PROVISIONAL: _ClassVar[Verb]
    VERB_REFUSE: _ClassVar[Verb]
    VERB_REPORT_EXECUTION: _ClassVar[Verb]
    VERB_ASK_EXTENSION: _ClassVar[Verb]
    VERB_EXTEND: _ClassVar[Verb]
    VERB_REFUSE_EXTENSION: _ClassVar[Verb]
    VERB_ASK_VARIATION: _ClassVar[Verb]
    VERB_VARY: _ClassVar[Verb]
    VERB_CONVERT: _ClassVar[Verb]
    VERB_REPORT_CHALLENGE: _ClassVar[Verb]
    VERB_ASK_RELEASE: _ClassVar[Verb]
    VERB_RELEASE: _ClassVar[Verb]
    VERB_ORAL_NOTICE: _ClassVar[Verb]
    VERB_ANSWER_FIRST: _ClassVar[Verb]
    VERB_SUSPEND: _ClassVar[Verb]
    VERB_RESUME: _ClassVar[Verb]
    VERB_REPLY_PART: _ClassVar[Verb]
    VERB_REPLY: _ClassVar[Verb]
    VERB_FOLLOW_UP: _ClassVar[Verb]
    VERB_FEEDBACK: _ClassVar[Verb]

class Precedence(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRECEDENCE_UNSPECIFIED: _ClassVar[Precedence]
    PRECEDENCE_ROUTINE: _ClassVar[Precedence]
    PRECEDENCE_URGENT: _ClassVar[Precedence]
    PRECEDENCE_FLASH: _ClassVar[Precedence]

class SignatureRole(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SIGNATURE_ROLE_UNSPECIFIED: _ClassVar[SignatureRole]
    SIGNATURE_ROLE_AUTHOR: _ClassVar[SignatureRole]
    SIGNATURE_ROLE_APPROVER: _ClassVar[SignatureRole]
FAMILY_UNSPECIFIED: Family
FAMILY_REFERRAL: Family
FAMILY_WATCHLIST: Family
FAMILY_FREEZE: Family
FAMILY_ASSISTANCE: Family
VERB_UNSPECIFIED: Verb
VERB_REFER: Verb
VERB_ACKNOWLEDGE: Verb
VERB_REQUEST_INFO: Verb
VERB_SUPPLY: Verb
VERB_ACCEPT: Verb
VERB_ACCEPT_IN_PART: Verb
VERB_DECLINE: Verb
VERB_REDIRECT: Verb
VERB_REPORT_PROGRESS: Verb
VERB_REPORT_OUTCOME: Verb
VERB_WITHDRAW: Verb
VERB_RECALL: Verb
VERB_ANSWER_RECALL: Verb
VERB_CLOSE: Verb
VERB_CONFIRM: Verb
VERB_COMPLETE: Verb
VERB_ASK_ONWARD: Verb
VERB_GRANT_ONWARD: Verb
VERB_REFUSE_ONWARD: Verb
VERB_FORWARD: Verb
VERB_REVOKE_GRANT: Verb
VERB_OFFER: Verb
VERB_SUBSCRIBE: Verb
VERB_UNSUBSCRIBE: Verb
VERB_PUBLISH: Verb
VERB_SNAPSHOT: Verb
VERB_RESYNC: Verb
VERB_CHALLENGE: Verb
VERB_ANSWER: Verb
VERB_SIGHTING: Verb
VERB_REQUEST: Verb
VERB_REQUEST_PROVISIONAL: Verb
VERB_REFUSE: Verb
VERB_REPORT_EXECUTION: Verb
VERB_ASK_EXTENSION: Verb
VERB_EXTEND: Verb
VERB_REFUSE_EXTENSION: Verb
VERB_ASK_VARIATION: Verb
VERB_VARY: Verb
VERB_CONVERT: Verb
VERB_REPORT_CHALLENGE: Verb
VERB_ASK_RELEASE: Verb
VERB_RELEASE: Verb
VERB_ORAL_NOTICE: Verb
VERB_ANSWER_FIRST: Verb
VERB_SUSPEND: Verb
VERB_RESUME: Verb
VERB_REPLY_PART: Verb
VERB_REPLY: Verb
VERB_FOLLOW_UP: Verb
VERB_FEEDBACK: Verb
PRECEDENCE_UNSPECIFIED: Precedence
PRECEDENCE_ROUTINE: Precedence
PRECEDENCE_URGENT: Precedence
PRECEDENCE_FLASH: Precedence
SIGNATURE_ROLE_UNSPECIFIED: SignatureRole
SIGNATURE_ROLE_AUTHOR: SignatureRole
SIGNATURE_ROLE_APPROVER: SignatureRole

class Recipient(_message.Message):
    __slots__ = ("desk", "desk_key_id")
    DESK_FIELD_NUMBER: _ClassVar[int]
    DESK_KEY_ID_FIELD_NUMBER: _ClassVar[int]
    desk: str
    desk_key_id: bytes
    def __init__(self, desk: _Optional[str] = ..., desk_key_id: _Optional[bytes] = ...) -> None: ...

class BlobRef(_message.Message):
    __slots__ = ("sha256", "length")
    SHA256_FIELD_NUMBER: _ClassVar[int]
    LENGTH_FIELD_NUMBER: _ClassVar[int]
    sha256: bytes
    length: int
    def __init__(self, sha256: _Optional[bytes] = ..., length: _Optional[int] = ...) -> None: ...

class WatchlistPosition(_message.Message):
    __slots__ = ("list_id", "sequence", "previous_head", "head")
    LIST_ID_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_HEAD_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    list_id: bytes
    sequence: int
    previous_head: bytes
    head: bytes
    def __init__(self, list_id: _Optional[bytes] = ..., sequence: _Optional[int] = ..., previous_head: _Optional[bytes] = ..., head: _Optional[bytes] = ...) -> None: ...

class Grant(_message.Message):
    __slots__ = ("id", "origin", "original_hash", "holder", "new_desk", "expires", "uses")
    ID_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_HASH_FIELD_NUMBER: _ClassVar[int]
    HOLDER_FIELD_NUMBER: _ClassVar[int]
    NEW_DESK_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_FIELD_NUMBER: _ClassVar[int]
    USES_FIELD_NUMBER: _ClassVar[int]
    id: bytes
    origin: str
    original_hash: bytes
    holder: str
    new_desk: str
    expires: int
    uses: int
    def __init__(self, id: _Optional[bytes] = ..., origin: _Optional[str] = ..., original_hash: _Optional[bytes] = ..., holder: _Optional[str] = ..., new_desk: _Optional[str] = ..., expires: _Optional[int] = ..., uses: _Optional[int] = ...) -> None: ...

class OnwardGrant(_message.Message):
    __slots__ = ("terms", "header", "seal", "signatures")
    TERMS_FIELD_NUMBER: _ClassVar[int]
    HEADER_FIELD_NUMBER: _ClassVar[int]
    SEAL_FIELD_NUMBER: _ClassVar[int]
    SIGNATURES_FIELD_NUMBER: _ClassVar[int]
    terms: bytes
    header: bytes
    seal: bytes
    signatures: _containers.RepeatedCompositeFieldContainer[Signature]
    def __init__(self, terms: _Optional[bytes] = ..., header: _Optional[bytes] = ..., seal: _Optional[bytes] = ..., signatures: _Optional[_Iterable[_Union[Signature, _Mapping]]] = ...) -> None: ...

class Header(_message.Message):
    __slots__ = ("version", "suite", "origin", "envelope_id", "family", "verb", "case_id", "previous", "about", "sender", "recipients", "author", "precedence", "created", "deliver_by", "respond_by", "lapses_at", "directory_size", "directory_root", "blobs", "grant", "watchlist", "joint")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SUITE_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    ENVELOPE_ID_FIELD_NUMBER: _ClassVar[int]
    FAMILY_FIELD_NUMBER: _ClassVar[int]
    VERB_FIELD_NUMBER: _ClassVar[int]
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_FIELD_NUMBER: _ClassVar[int]
    ABOUT_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    RECIPIENTS_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    PRECEDENCE_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    DELIVER_BY_FIELD_NUMBER: _ClassVar[int]
    RESPOND_BY_FIELD_NUMBER: _ClassVar[int]
    LAPSES_AT_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_SIZE_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_ROOT_FIELD_NUMBER: _ClassVar[int]
    BLOBS_FIELD_NUMBER: _ClassVar[int]
    GRANT_FIELD_NUMBER: _ClassVar[int]
    WATCHLIST_FIELD_NUMBER: _ClassVar[int]
    JOINT_FIELD_NUMBER: _ClassVar[int]
    version: int
    suite: int
    origin: str
    envelope_id: bytes
    family: Family
    verb: Verb
    case_id: bytes
    previous: bytes
    about: bytes
    sender: str
    recipients: _containers.RepeatedCompositeFieldContainer[Recipient]
    author: bytes
    precedence: Precedence
    created: int
    deliver_by: int
    respond_by: int
    lapses_at: int
    directory_size: int
    directory_root: bytes
    blobs: _containers.RepeatedCompositeFieldContainer[BlobRef]
    grant: OnwardGrant
    watchlist: WatchlistPosition
    joint: bool
    def __init__(self, version: _Optional[int] = ..., suite: _Optional[int] = ..., origin: _Optional[str] = ..., envelope_id: _Optional[bytes] = ..., family: _Optional[_Union[Family, str]] = ..., verb: _Optional[_Union[Verb, str]] = ..., case_id: _Optional[bytes] = ..., previous: _Optional[bytes] = ..., about: _Optional[bytes] = ..., sender: _Optional[str] = ..., recipients: _Optional[_Iterable[_Union[Recipient, _Mapping]]] = ..., author: _Optional[bytes] = ..., precedence: _Optional[_Union[Precedence, str]] = ..., created: _Optional[int] = ..., deliver_by: _Optional[int] = ..., respond_by: _Optional[int] = ..., lapses_at: _Optional[int] = ..., directory_size: _Optional[int] = ..., directory_root: _Optional[bytes] = ..., blobs: _Optional[_Iterable[_Union[BlobRef, _Mapping]]] = ..., grant: _Optional[_Union[OnwardGrant, _Mapping]] = ..., watchlist: _Optional[_Union[WatchlistPosition, _Mapping]] = ..., joint: _Optional[bool] = ...) -> None: ...

class Seal(_message.Message):
    __slots__ = ("commitment", "ciphertext_sha256", "ciphertext_length", "wrap_sha256")
    COMMITMENT_FIELD_NUMBER: _ClassVar[int]
    CIPHERTEXT_SHA256_FIELD_NUMBER: _ClassVar[int]
    CIPHERTEXT_LENGTH_FIELD_NUMBER: _ClassVar[int]
    WRAP_SHA256_FIELD_NUMBER: _ClassVar[int]
    commitment: bytes
    ciphertext_sha256: bytes
    ciphertext_length: int
    wrap_sha256: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, commitment: _Optional[bytes] = ..., ciphertext_sha256: _Optional[bytes] = ..., ciphertext_length: _Optional[int] = ..., wrap_sha256: _Optional[_Iterable[bytes]] = ...) -> None: ...

class Wrap(_message.Message):
    __slots__ = ("desk", "data")
    DESK_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    desk: str
    data: bytes
    def __init__(self, desk: _Optional[str] = ..., data: _Optional[bytes] = ...) -> None: ...

class Signature(_message.Message):
    __slots__ = ("kid", "role", "sig")
    KID_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    SIG_FIELD_NUMBER: _ClassVar[int]
    kid: bytes
    role: SignatureRole
    sig: bytes
    def __init__(self, kid: _Optional[bytes] = ..., role: _Optional[_Union[SignatureRole, str]] = ..., sig: _Optional[bytes] = ...) -> None: ...

class Envelope(_message.Message):
    __slots__ = ("header", "seal", "ciphertext", "wraps", "signatures")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    SEAL_FIELD_NUMBER: _ClassVar[int]
    CIPHERTEXT_FIELD_NUMBER: _ClassVar[int]
    WRAPS_FIELD_NUMBER: _ClassVar[int]
    SIGNATURES_FIELD_NUMBER: _ClassVar[int]
    header: bytes
    seal: bytes
    ciphertext: bytes
    wraps: _containers.RepeatedCompositeFieldContainer[Wrap]
    signatures: _containers.RepeatedCompositeFieldContainer[Signature]
    def __init__(self, header: _Optional[bytes] = ..., seal: _Optional[bytes] = ..., ciphertext: _Optional[bytes] = ..., wraps: _Optional[_Iterable[_Union[Wrap, _Mapping]]] = ..., signatures: _Optional[_Iterable[_Union[Signature, _Mapping]]] = ...) -> None: ...
