"""What the SDK and the contract say in constant English: alarms, gaps, warnings. `{n}` stands for a number."""

from __future__ import annotations

from typing import Final

SDK: Final = {
    "The hub showed a directory entry that breaks the rules. It was not taken; evidence is saved.": (
        "樞紐出示違反規則的名錄項目；未予採納，證據已保存。"
    ),
    ("The directory has a statement in this agency's name that was not made here. If nobody made it, dispute it."): (
        "名錄有以本機構名義作出、但並非出自本處的聲明。如無人作出，請提出異議。"
    ),
    ("The hub has shown two histories, or cannot prove that it has one. Nothing is sealed; evidence is saved."): (
        "樞紐出示兩個版本的日誌，或無法證明只有一個版本。已停止密封，證據已保存。"
    ),
    "A hub key that was replaced has signed what cannot be so. It does not count; send operators the evidence.": (
        "樞紐已更換的舊金鑰簽署了不可能成立的內容；不予計算，請把證據交給營運者。"
    ),
    "The hub delivered something that does not verify, or owes a message. It does not count; evidence is saved.": (
        "樞紐送來未能核實的資料，或欠交訊息；不予計算，證據已保存。"
    ),
    "The hub left out a delivery to this desk. Evidence is saved; call the operators.": (
        "樞紐漏送致本席位的訊息。證據已保存，請致電營運者。"
    ),
    "An acknowledgement does not verify. It does not count; evidence is saved.": (
        "有確認未能核實，不予計算；證據已保存。"
    ),
    "A recipient acknowledges a message that this home does not have. If no other home sent it, look for a stolen "
    "key.": ("有收件方確認了此節點所無的訊息。如非本席位其他節點發出，請追查金鑰是否被盜。"),
    "One envelope id of this desk was used for two contents. Look for a stolen key.": (
        "本席位同一信封編號用於兩份不同內容，請查究金鑰是否被盜。"
    ),
    "A message was not stored by its recipient in time. Call its duty desk.": (
        "訊息未在限期前由收件席位儲存，請致電其值勤席位。"
    ),
    "A message that only a thief of a hub key had did not go out again. Look at it; draft it anew.": (
        "一則只有盜得樞紐金鑰者持有的訊息，未能再次發出。請查看該訊息，並重新草擬。"
    ),
    "Stored, no person yet: a FLASH message was not opened. Call the duty telephone.": (
        "已儲存但未有人閱讀：特急訊息尚未開啟，請致電值勤電話。"
    ),
    "The newest head is older than 10 minutes: nothing can be sealed. Check the network.": (
        "最新日誌首端已逾 10 分鐘：不能密封，請檢查網絡。"
    ),
    "A watchlist is behind. What is missing was asked for again; if that lasts, call the list's owner.": (
        "監察名單落後，已再次索取所缺部分；如持續，請致電名單擁有席位。"
    ),
    "A batch of a watchlist does not verify. It was not taken, what was held stays; call the list's owner.": (
        "監察名單有一批更新未能核實，未予採納，原有內容不變；請致電名單擁有席位。"
    ),
    "The subscription to a watchlist has ended: it is not screened against any more. Call its owner.": (
        "名單訂閱已終止，不再以該名單查核。請致電名單擁有者。"
    ),
    "A watchlist cannot be caught up. It stays as it was: call its owner, who offers it anew; a person subscribes.": (
        "監察名單無法追回所缺部分，內容維持原狀；請致電名單擁有席位重新提供，由人員再次訂閱。"
    ),
    "A watchlist that this agent is to follow was offered. A person subscribes once, then it is followed.": (
        "此代理程式須跟從的監察名單已獲提供，須由人員訂閱一次，其後自動跟從。"
    ),
    "Something that this desk's agent needs ends soon. See `comity-sync doctor`.": (
        "本席位代理程式所需的某項即將到期，請執行 `comity-sync doctor` 查看。"
    ),
    "Disk, clock or release do not fit. See `comity-sync doctor`.": (
        "磁碟、時鐘或版本不符，請執行 `comity-sync doctor` 查看。"
    ),
    "is not 1": "並非 1",
    "is more than a day": "超過一日",
    "is more than ten years": "超過十年",
    "stands where the list was changed, and there only": "只可在名單有更改時填寫，且屆時必須填寫",
    "is either here or in an attachment": "必須載於本處或附件，二者擇一",
    "is above the limit": "超過上限",
    "are not those that the body names": "與正文所列不符",
    "is missing: the verb carries it": "欠缺：此類訊息必須包含",
    "stands with H3, and with H3 only": "只可與 H3 並用，且 H3 必須有此項",
    "stand with LISTED, and with LISTED only": "只可與 LISTED 並用，且 LISTED 必須有此項",
    "contradicts H2, which forbids onward sharing": "與 H2 不得再轉發相抵觸",
    "is not that of a sealed blob of the plain length": "與附件原長度不符",
    "one stands twice": "有重複項目",
    "is missing: the referral is urgent": "欠缺：緊急轉介必須說明",
    "stands with the loss amount, and with it only": "須與損失金額並列",
    "stand with ACCEPT_IN_PART, and with it only": "只可用於部分受理，且部分受理必須列明",
    "stands with a new expected date, and with it only": "須與新預計日期並列",
    "is not 1 to 5": "並非 1 至 5",
    "is missing: say why it cannot be done": "欠缺：請說明未能照辦的原因",
    "is missing: the outcome has one": "欠缺：此結果必須填寫",
    "stands with the amount, and with it only": "須與金額並列",
    "is not a canonical CAIP-10 account": "並非標準 CAIP-10 帳戶",
    "is not the account that the canonical form names": "與標準格式所指的帳戶不同",
    "is missing": "欠缺",
    "has more than {n} items": "超過 {n} 項",
    "is not {n} bytes long": "長度並非 {n} 位元組",
    "is longer than {n} bytes": "超過 {n} 位元組",
    "text is longer than {n} bytes": "文字超過 {n} 位元組",
    "text is not in Unicode normal form C": "文字並非 Unicode NFC 格式",
    "text holds a control, bidirectional or unassigned character": "文字含有控制、雙向或未編定字元",
    "is not text on one line": "並非單行文字",
    "is not text": "並非文字",
    "is not a value of the list": "並非可選的值",
    "is not a number": "並非數字",
    "is not yes or no": "並非是或否",
    "is not Unix milliseconds UTC": "並非有效時間",
    "is not bytes": "並非位元組",
    "is not an exact decimal: digits and at most one point": "並非精確小數：只可有數字及最多一個小數點",
    "is not an ISO 8601 date": "並非日期（例如 2026-03-01）",
    "is not an ISO 8601 date, or date and time with offset": "並非日期，或附時差的日期時間",
    "is not an ISO 8601 year, month or date, or date and time with offset": "並非年、月、日期，或附時差的日期時間",
    "is not an E.164 telephone number": "並非國際格式電話號碼（例如 +85212345678）",
    "is not an e-mail address": "並非電郵地址",
    "is not a BCP {n} language tag": "並非 BCP {n} 語言標籤",
    "is not an agency id": "並非機構代號",
    "is not a desk, agency/desk": "並非席位（機構/席位）",
    "is not a media type": "並非媒體類型",
    "is not a record": "並非記錄",
    "TLP:RED: the recipient desk's members can all read it": "TLP:RED：收件席位的成員均可閱讀",
    "joint: the recipient desks see one another": "聯合處理：各收件席位彼此可見",
    "the do-not-contact list is part of it": "內容包括不得接觸名單",
    "the same request went through other channels": "同一要求已經其他渠道提出",
    "exchange: the hub withholds leaf {n}": "交換日誌：樞紐拒絕提供第 {n} 項",
    "directory: the hub withholds leaf {n}": "名錄：樞紐拒絕提供第 {n} 項",
    "exchange: leaf {n} is not the one of the receipt kept here": "交換日誌：第 {n} 項與本處所持回執不符",
    "exchange: leaf {n} is from before one that stands before it": "交換日誌：第 {n} 項的時間或名錄早於其前一項",
    "exchange: the leaves do not hash to the checkpoint of size {n}": "交換日誌：各項的雜湊與 {n} 項的檢查點不符",
    "directory: the leaves do not hash to the checkpoint of size {n}": "名錄：各項的雜湊與 {n} 項的檢查點不符",
    "exchange: leaf {n}, of which a receipt is kept here, is not in the log": (
        "交換日誌：本處持有第 {n} 項的回執，但日誌並無此項"
    ),
    "directory: size {n} has another root than the one replayed here": "名錄：{n} 項時的根值與本處重演的不同",
    "exchange: the receipt of leaf {n} belongs to no history seen here": (
        "交換日誌：第 {n} 項的回執不屬於本處所見的版本"
    ),
    "exchange: the receipt of leaf {n} does not verify": "交換日誌：第 {n} 項的回執未能核實",
    "has a field that there is not": "含有不存在的欄位",
    "is another account than the one received": "與收到的帳戶不符",
    "is misspelt": "欄位名稱拼寫有誤",
    "is a list": "須為清單",
    "is no list": "不可為清單",
    "is text: put it in quotes": "須為文字：請加引號",
    "is not of the right kind": "類型不正確",
    "is not a record of fields": "並非一組欄位",
    "has no fields": "沒有欄位",
    "there is no such time zone": "沒有此時區",
    "the library of holidays knows no such jurisdiction, or no such part of one": "假期程式庫沒有此司法管轄區或地區",
    "the years of a calendar are none, or more than twenty": "日曆的年份有誤，或超過二十年",
    "only a profile of version 2 has calendars": "只有第 2 版規範設有日曆",
    "is neither YAML nor JSON": "既非 YAML 亦非 JSON",
    "is too large, or the verb has none in this version": "過大，或此版本沒有該類表格",
}
"""English text to Traditional Chinese text."""
