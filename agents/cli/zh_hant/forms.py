"""Forms: what their comments say, and what is wrong with one. `{n}` stands for a number."""

from __future__ import annotations

from typing import Final

FORMS: Final = {
    "fill in, delete what you do not need. Required fields are marked with *.": (
        "請填寫並刪去不需要的部分；標有 * 者必須填寫。"
    ),
    "What may be done with it; delete the whole for the default.": "可作何用途；整段刪去即採用預設。",
    "up to {n}": "最多 {n} 項",
    "up to {n} bytes": "不超過 {n} 位元組",
    "{n} bytes": "{n} 位元組",
    "hexadecimal": "十六進制",
    "text on one line": "單行文字",
    "text": "文字",
    "a number": "數字",
    "yes or no": "yes（是）或 no（否）",
    "date and time with zone: 2026-12-01T18:00+08:00 or 2026-12-01T18:00 Asia/Hong_Kong": (
        "附時差或時區名稱的日期時間，例如 2026-12-01T18:00+08:00 或 2026-12-01T18:00 Asia/Hong_Kong"
    ),
    "an exact decimal: digits and at most one point": "精確小數：只可有數字及最多一個小數點",
    "an ISO 8601 date": "日期（例如 2026-03-01）",
    "an ISO 8601 date, or date and time with offset": "日期，或附時差的日期時間",
    "an ISO 8601 year, month or date, or date and time with offset": "年、月、日期，或附時差的日期時間",
    "an E.164 telephone number": "國際格式電話號碼（例如 +85212345678）",
    "an e-mail address": "電郵地址",
    "a BCP 47 language tag": "BCP 47 語言標籤",
    "an agency id": "機構代號",
    "a desk, agency/desk": "席位（機構/席位）",
    "a record": "一組欄位",
    "is not a date and time with its time zone": "並非附時區的日期時間",
    "has no time zone: write the offset, for example +08:00": "沒有時區：請寫明時差，例如 +08:00",
    "names a time zone that there is not": "所列時區並不存在",
    "does not exist in that time zone: the clocks go forward over it": "該時區並無此時間：當時時鐘撥快",
    "comes twice in that time zone: write the offset": "該時區有兩個此時間：請寫明時差",
    "is missing: say which memorandum": "欠缺：請指明備忘錄",
    "is missing: say how statements are to be taken": "欠缺：請說明如何錄取陳述",
    "name no freeze: it is a case of its own": "未列明凍結：凍結須自成個案",
    "is missing: say when more will be known": "欠缺：請說明何時可再答覆",
    "is more than there are parts": "超過部分總數",
    "is not that of the last part": "並非最後一部分的編號",
    "is missing: the message is urgent": "欠缺：緊急訊息必須說明",
    "is a date that went by": "日期已過",
    "is a time that went by": "時間已過",
    "is later than the message": "遲於此訊息",
    "is more than a blob can have": "超過附件上限",
    "is missing: who decided is on record": "欠缺：須記錄由誰決定",
    "is not the number of the next part": "並非下一部分的編號",
    "is not the total that the parts before have": "與先前各部分所列總數不符",
    "is the last part: that is a reply": "為最後一部分，須用 reply",
    "is later than the clock allows": "遲於時限",
    "is missing: it was first made orally": "欠缺：該請求先以口頭提出",
    "leave out somebody whom the oral notice named": "遺漏口頭通知所指的人",
    "is missing: it asks for more than the oral notice did": "欠缺：所請求者超出口頭通知",
    "is not later than the date that was promised before": "並不遲於先前承諾的日期",
    "do not say that a freeze is asked for": "未列明請求凍結",
    "was answered before": "先前已有答覆",
    "names no freeze between the same desks": "所列並非相同席位之間的凍結個案",
}
"""English text to Traditional Chinese text."""
