"""What to do next: one line for every reason and error, in English and in Traditional Chinese.

Never does: show content, names of persons, wallets or keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from comity.errors import (
    CannotOpenError,
    ComityError,
    MalformedError,
    Reason,
    RefusedError,
    VerificationError,
)
from comity.handling import HandlingLoweredError
from comity.payload_rules import Gap
from comity.workflow.profiles import UnknownProfileError

from agents.handlings import NotOnwardError
from agents.keyprocess import LockedError
from agents.keys import UnknownKeyError
from agents.passphrases import PassphraseError
from agents.store import StoreError
from agents.transport import NoIdentityError

ENGLISH: Final = "en"
"""BCP 47 tag of the first language."""
CHINESE: Final = "zh-Hant"
"""BCP 47 tag of the second language."""


class IncompleteError(ComityError):
    """A form or draft is not complete. Carries every gap."""

    gaps: tuple[Gap, ...]

    def __init__(self, gaps: tuple[Gap, ...]) -> None:
        """Takes everything that is missing or wrong."""
        super().__init__("not complete")
        self.gaps = gaps

    def diagnostics(self) -> str:
        """Returns one line that names every gap by its field."""
        return "not complete: " + "; ".join(f"{gap.path} {gap.problem}" for gap in self.gaps)


class NotUniqueError(ComityError):
    """An id was not found, or its beginning fits several."""


class UnpinnedError(ComityError):
    """Nobody here has compared that agency's fingerprint: nothing is sent to it and nothing of it is acted on."""


class SuspectError(ComityError):
    """The message was written under a key that is suspect: it is not acted on."""


class SplitViewError(VerificationError):
    """The hub has shown two histories, or cannot prove that it has one. Nothing is sealed until officers looked."""


class ReplacedKeyError(VerificationError):
    """A key of the hub that operators have replaced has signed what cannot be so: its thief, or the hub of its time."""


class DraftFileError(MalformedError):
    """A draft's file is not whole: an attachment in it is missing or was changed. Nothing of it was taken."""


class FolderError(MalformedError):
    """A file cannot be written there: no such folder, or not one that may be written to."""


class ContentRefusedError(ComityError):
    """What a message says breaks a rule that both sides' agents hold (`agents/contents.py`). Nothing was sent."""

    code: str
    path: str
    problem: str

    def __init__(self, code: str, path: str, problem: str = "") -> None:
        """Takes what is wrong; no content.

        Args:
            code: the rule's name, capital letters and underscores.
            path: the field, as in a `Gap`.
            problem: what is wrong with it, constant text.
        """
        super().__init__("what it says breaks a rule")
        self.code, self.path, self.problem = code, path, problem

    def diagnostics(self) -> str:
        """Returns one line: the rule and the field."""
        return f"{self.code}: {self.path} {self.problem}".rstrip()


class SetAsideError(ComityError):
    """The message was recalled and this desk has set it aside: it is shown to a second look alone."""


class UnprovedError(ComityError):
    """The original in a FORWARD was not proved here yet: nobody acts on it before."""


class ContradictsError(ComityError):
    """The message contradicts a rule of its family: nobody acts on it."""


NEXT: Final[Mapping[Reason, tuple[str, str]]] = MappingProxyType(
    {
        Reason.MALFORMED: ("Update this program; if it is current, report it.", "請更新程式；如已是最新版本，請回報。"),
        Reason.TOO_LARGE: ("Move the bulk into attachments and send again.", "請把大量內容改為附件後再發送。"),
        Reason.UNSUPPORTED_VERSION: ("Update this program.", "請更新程式。"),
        Reason.WRONG_ORIGIN: ("Check which hub this home belongs to.", "請核對此節點所屬的樞紐。"),
        Reason.UNKNOWN_TLS_KEY: (
            "Ask your admin to renew this desk's transport key.",
            "請管理員更新此席位的傳輸金鑰。",
        ),
        Reason.NOT_FOUND: ("Check the id; what is not yours looks absent.", "請核對編號；不屬於你的項目視同不存在。"),
        Reason.NOT_PERMITTED: (
            "Use an account of the right kind. Where operators have suspended your agency, call them.",
            "請使用具相應權限的帳戶。如貴機構已被樞紐營運者暫停，請致電營運者。",
        ),
        Reason.WRONG_SENDER: ("Send from the home of the sending desk.", "請從發送席位的節點發送。"),
        Reason.CREATED_TOO_OLD: ("Reseal the draft; both sign again.", "請重新密封草稿，並由兩人再次簽署。"),
        Reason.CREATED_IN_FUTURE: ("Set this computer's clock.", "請校正此電腦的時鐘。"),
        Reason.BAD_TIMES: ("Choose times that the agreed profile allows.", "請選擇協定期限內的時間。"),
        Reason.DIRECTORY_STALE: ("Refresh the directory and reseal.", "請更新名錄後重新密封。"),
        Reason.DESK_KEY_STALE: (
            "Refresh the directory and reseal: a recipient has a new key.",
            "收件席位已換金鑰，請更新名錄後重新密封。",
        ),
        Reason.NO_AGREEMENT: (
            "Check the desk's name and the agreement with that agency.",
            "請核對席位名稱及與該機構的協議。",
        ),
        Reason.FAMILY_NOT_OFFERED: ("This kind of work is not open to both sides.", "此類業務並非對雙方開放。"),
        Reason.BAD_SIGNATURE: (
            "Check that your certificate is live; ask your admin.",
            "請確認你的證書有效，並向管理員查詢。",
        ),
        Reason.WRONG_ROLE: ("Have somebody with the right role do it.", "請由具相應角色的人員處理。"),
        Reason.SECOND_PERSON_MISSING: ("Have a second person approve the draft.", "請由第二人核准草稿。"),
        Reason.WRONG_PRECEDENCE: ("Choose a precedence that the verb takes.", "請選擇該動作可用的緩急級別。"),
        Reason.CIPHERTEXT_MISMATCH: ("Reseal and send again.", "請重新密封後再發送。"),
        Reason.UNKNOWN_BLOB: ("Send again: the attachment uploads go on.", "請再次發送，附件會繼續上載。"),
        Reason.BLOB_OFFSET: ("Send again: the upload goes on where it stopped.", "請再次發送，上載會由中斷處繼續。"),
        Reason.BLOB_DIGEST: ("Send again: the upload begins anew.", "請再次發送，上載會重新開始。"),
        Reason.WRONG_STATE: ("Synchronise; the case has moved on.", "請同步；個案狀態已變更。"),
        Reason.WRONG_PREVIOUS: (
            "Synchronise and draft again: the other side was first.",
            "請同步後重新草擬：對方已先行動。",
        ),
        Reason.WRONG_ABOUT: ("Name a message of this case.", "請指明此個案中的訊息。"),
        Reason.WRONG_SEQUENCE: (
            "Nothing more is published: is this an older copy? `comity watchlist repair` reads back what is missing.",
            "已停止發布：此節點是否為舊副本？請執行：comity watchlist repair",
        ),
        Reason.UNKNOWN_CASE: ("Check the case id; synchronise.", "請核對個案編號並同步。"),
        Reason.NO_GRANT: ("Ask the originator for consent first.", "請先徵得來源機構同意。"),
        Reason.TOO_LATE: ("The time limit went by; open a new case.", "期限已過，請另開個案。"),
        Reason.ALREADY_EXISTS: (
            "Reseal: that envelope id was used for other content.",
            "請重新密封：該信封編號已用於其他內容。",
        ),
        Reason.ERASED: ("It was erased after its time; see the log index.", "內容已按期刪除，可參閱日誌編號。"),
        Reason.UNKNOWN_MESSAGE: ("Synchronise; the message is not for this desk.", "請同步；該訊息並非發給此席位。"),
        Reason.QUOTA: ("Wait, or ask the operators for a larger quota.", "請稍候，或向營運者申請更大配額。"),
        Reason.BUSY: ("Try again shortly; nothing is sent twice.", "請稍後重試；不會重複發送。"),
        Reason.STALLED: ("Nothing to do: the feed is read again.", "無須處理：系統會重新讀取。"),
        Reason.UNAVAILABLE: (
            "Check the network; try again, nothing is sent twice.",
            "請檢查網絡後重試；不會重複發送。",
        ),
        Reason.STATEMENT_REFUSED: (
            "See the rule named; ask your root holder.",
            "請參閱所列規則，並向根金鑰持有人查詢。",
        ),
        Reason.STALE_POSITION: (
            "Refresh and sign again: another statement came first.",
            "請更新後再簽署：另一聲明已先登記。",
        ),
        Reason.INTERNAL: ("Try again; give the operators the trace id.", "請重試，並將追蹤編號交給營運者。"),
    }
)
"""By reason: (English, Traditional Chinese)."""

_OTHERS: Final[tuple[tuple[type[ComityError], tuple[str, str]], ...]] = (
    (LockedError, ("Run: comity unlock", "請執行：comity unlock")),
    (
        PassphraseError,
        ("Give the passphrase by prompt, --passphrase-fd or OS keyring.", "請以提示、檔案描述符或系統鑰匙圈提供密語。"),
    ),
    (
        UnknownKeyError,
        ("Ask an admin of your agency to grant this desk's key to you.", "請所屬機構的管理員授予此席位金鑰。"),
    ),
    (
        UnknownProfileError,
        (
            "Put the file of the agreed deadline profile into this home's profiles; its digest is in the agreement.",
            "請將協定所用的時限規範檔案放入此節點的規範資料夾；其摘要載於協定。",
        ),
    ),
    (NoIdentityError, ("Ask your admin to register and certify your TLS key.", "請管理員登記並認證你的傳輸金鑰。")),
    (StoreError, ("Update this program; the store was made by a newer one.", "請更新程式：資料庫由較新版本建立。")),
    (
        UnpinnedError,
        ("Compare fingerprints with that agency by telephone, then pin it.", "請以電話核對該機構的指紋後予以確認。"),
    ),
    (SuspectError, ("Call the originator at the directory's number before acting.", "行動前請致電名錄所載號碼查證。")),
    (
        SplitViewError,
        (
            "Stop; keep the evidence file, call operators and another agency.",
            "請停止並保存證據，聯絡營運者及另一機構。",
        ),
    ),
    (
        VerificationError,
        ("Do not use it; refresh, and report it if it recurs.", "請勿使用；請更新，若再次發生請回報。"),
    ),
    (
        CannotOpenError,
        ("Wrong passphrase, damaged file, or a key you do not hold.", "密語錯誤、檔案損毀，或你並無該金鑰。"),
    ),
    (IncompleteError, ("Fill in what is named and try again.", "請補齊所列項目後重試。")),
    (NotUniqueError, ("Give the whole id.", "請輸入完整編號。")),
    (
        DraftFileError,
        ("Have the draft exported again and take the whole file.", "請重新匯出草稿，並取得完整檔案。"),
    ),
    (
        ContentRefusedError,
        ("Correct the field that is named; nothing was drafted or sent.", "請更正所列欄位；沒有草擬或發出任何內容。"),
    ),
    (
        ContradictsError,
        ("Call the sender at the directory's number; nothing follows from it.", "請致電名錄所載號碼；不得據此行事。"),
    ),
    (SetAsideError, ("Look again with --second-look, where you must.", "如確有需要，請加 --second-look 再看。")),
    (
        UnprovedError,
        ("Show the original first: comity onward show MESSAGE", "請先顯示原件：comity onward show MESSAGE"),
    ),
    (
        HandlingLoweredError,
        ("Say it at least as strictly as what it is made of.", "處理限制須不低於所依據的訊息。"),
    ),
    (
        NotOnwardError,
        ("Ask its originator first: comity onward ask", "請先徵求來源機構同意：comity onward ask"),
    ),
    (FolderError, ("Name a folder that is there and may be written to.", "請指定已存在且可寫入的資料夾。")),
    (MalformedError, ("Check what was given.", "請核對輸入內容。")),
)
"""By kind of error, the particular before the general: (English, Traditional Chinese)."""


def explain(error: BaseException, language: str = ENGLISH) -> str:
    """Returns one line on what to do next.

    Args:
        error: what was raised.
        language: `en` or `zh-Hant`; anything else is English.
    """
    column = 1 if language == CHINESE else 0
    if isinstance(error, RefusedError) and not isinstance(error, UnknownProfileError):
        return NEXT[error.reason][column]
    if isinstance(error, MalformedError) and error.reason is not Reason.MALFORMED:
        return NEXT[error.reason][column]
    for kind, lines in _OTHERS:
        if isinstance(error, kind):
            return lines[column]
    if isinstance(error, ComityError):
        return error.diagnostics()
    return ("Try again; report it if it happens again.", "請重試；若再次發生請回報。")[column]
