"""Traditional Chinese of `comity onward` and `comity recall`, and of what contradicts a rule."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

ONWARD: Final[Mapping[str, str]] = MappingProxyType(
    {
        # commands
        "Also what was set aside after a recall.": "連同追回後已擱置的內容一併顯示。",
        "Answered": "答覆",
        "Ask the originator whether its message may be passed on. Silence is no.": (
            "詢問來源機構可否轉交其訊息。不作答覆即為不同意。"
        ),
        "Asked": "追回時間",
        "Attachment id, or its beginning.": "附件編號或其開首部分。",
        "Case id, or its first 6 digits; else every case.": "個案編號或其首 6 位；不填則為所有個案。",
        "Conditions beyond the handling.": "處理限制以外的條件。",
        "Everybody was asked before, or has it no more.": "所有席位均已被要求追回，或已無該內容。",
        "Given by": "給予者",
        "Grant": "同意書",
        "Grant what was asked: that message, that desk, once. A second person approves it.": (
            "同意所請：限該訊息、該席位及一次。須由第二人核准。"
        ),
        "In the log": "登記於日誌",
        "It brings the words of {desk}; nobody here has compared that agency's fingerprint.": (
            "此訊息載有 {desk} 的原文；本處尚未核對該機構的指紋。"
        ),
        "Legal gateway there.": "該處的法律依據。",
        "May pass it on": "可轉交者",
        "Named in other cases, too: {kinds} ({cases}). Is it the same request?": (
            "其他個案亦載有相同的{kinds}（{cases}）。是否同一請求？"
        ),
        "No grant has that id: see `comity onward list`.": "沒有此編號的同意書：請參閱 `comity onward list`。",
        "OVERDUE: {time}": "已逾期：{time}",
        "Pass a message on as its originator's, under a grant. A second person approves it.": (
            "憑同意書以來源機構的名義轉交訊息。須由第二人核准。"
        ),
        "Passed on with consent: what follows is {desk}'s, proved.": "經同意轉交：以下為 {desk} 的原文，已獲證明。",
        "Passing on what others sent: with its originator's consent, once.": "轉交他人來文：須經來源機構同意，限一次。",
        "Recall a case from every desk that it reached, also from those that it was passed on to.": (
            "向個案所達的每個席位追回，包括獲轉交的席位。"
        ),
        "Recall at {desk}": "向 {desk} 追回",
        "Refuse what was asked, with a coded reason.": "拒絕所請，並附理由代碼。",
        "Save an attachment of what was passed on, under a safe name, after the whole of it was found genuine.": (
            "整份核實無誤後，以安全檔名儲存轉交內容的附件。"
        ),
        "Show the grants that this desk gave or was given, and what became of them.": (
            "顯示本席位給予或獲給予的同意書及其結果。"
        ),
        "Show what was passed on, proved, as the words of whoever wrote it.": "顯示經證明的轉交內容，即原作者的原文。",
        "Show whom a case has reached, through whom, and who has answered what of its recalls.": (
            "顯示個案到達何人、經何人轉交，以及各方對追回的答覆。"
        ),
        "Take a grant back while nobody has used it; afterwards it is a recall.": (
            "在同意書未獲使用前撤銷；使用後只可追回。"
        ),
        "Taking a case back, also from where it was passed on.": "追回個案，包括已轉交之處。",
        "The desk that is to have it.": "擬獲轉交的席位。",
        "The grant's id, or its first 6 digits.": "同意書編號或其首 6 位。",
        "The question's id, or its first 6 digits.": "詢問的編號或其首 6 位。",
        "Through": "經由",
        "Until / since": "有效至／自",
        "Until when: 8h, 3d, a date; else a week.": "有效至：8h、3d 或日期；不填則為一星期。",
        "What is to be passed on, and why it is needed there.": "轉交甚麼，以及該處為何需要。",
        "What it is to be used for there.": "在該處的用途。",
        "Who has answered": "答覆情況",
        "not asked": "未追回",
        "open": "可用",
        "over": "已過期",
        "out-of-scope, impairs-investigation, fundamental-principles, source-risk or third-party-consent-needed.": (
            "out-of-scope、impairs-investigation、fundamental-principles、source-risk 或 third-party-consent-needed。"
        ),
        "person": "人士",
        "platform account": "平台帳戶",
        "identity document": "身分證明文件",
        "reference": "檔號",
        "revoked": "已撤銷",
        "transaction": "交易",
        "used": "已使用",
        "wallet": "錢包",
        "{desk} was not asked: first compare fingerprints with {agency}.": (
            "尚未向 {desk} 追回：請先與 {agency} 核對指紋。"
        ),
        # standings
        "CONTRADICTS: what it says breaks a rule. Do not act on it; call the sender back.": (
            "有違規則：內容違反規則。請勿據此行動，並致電發件者查證。"
        ),
        "DESTROYED: its originator recalled it and it was destroyed here.": "已銷毀：來源機構已追回，本處已予銷毀。",
        "RECALLED: its originator recalled it and it was set aside here. Do not act on it.": (
            "已追回：來源機構已追回，本處已予擱置。請勿據此行動。"
        ),
        # words
        "Ask onward": "詢問可否轉交",
        "Conditions": "條件",
        "Contradicts": "有違規則",
        "Forward": "轉交",
        "Forwarded": "已轉交",
        "Grant onward": "同意轉交",
        "Grant receipt": "同意書收據",
        "Impairs investigation": "妨礙調查",
        "Nobody; it reached this desk under a grant, and only a recall follows.": (
            "無須行動；憑同意書轉交至此席位，其後只可追回。"
        ),
        "Original attachment": "原件附件",
        "Original blobs": "原件的密封附件",
        "Refuse onward": "拒絕轉交",
        "Revoke grant": "撤銷同意書",
        "Source risk": "危及來源",
        "Third party consent needed": "須第三方同意",
        # what contradicts
        "A message breaks a rule of its family. It is shown and not acted on; call its sender at the duty telephone.": (
            "一則訊息違反其類別的規則。只予顯示，不得據此行動；請致電發件者的值勤電話。"
        ),
        "are not the original's": "並非原件所有",
        "does not open": "無法開啟",
        "does not verify": "未能核實",
        "has a receipt of another message": "所附為另一訊息的收據",
        "has it already": "該席位已有此訊息",
        "is a message: only FORWARD passes one on": "是一則訊息：只可以 FORWARD 轉交",
        "is from after it was passed on": "時間在轉交之後",
        "is from after its use": "時間在使用之後",
        "is no message": "並非訊息",
        "is not of the grant": "並非該同意書所有",
        "is not signed by its originator": "並非由來源機構簽署",
        "is not signed by those who could": "並非由有權者簽署",
        "is not signed by two people who could give it": "並非由兩名有權給予者簽署",
        "is not the message that was granted": "並非獲同意轉交的訊息",
        "is not the one original": "並非唯一的原件",
        "is not what was asked for": "與所請不符",
        "is over what its originator could not recall here": "所涉訊息，來源機構無法在此追回",
        "is said by one person's word: only the full form is passed on": "屬一人所言：只可轉交完整表格",
        "is past, or more than {n} days ahead": "已過，或在 {n} 日以後",
        "of the original forbids to pass it on": "：原件的處理限制禁止轉交",
        "permits more than the original's": "寬於原件的處理限制",
        "was revoked": "已被撤銷",
        "was used before": "曾被使用",
        "was used: it is a recall now": "已被使用：現只可追回",
    }
)
"""English text to Traditional Chinese text."""
