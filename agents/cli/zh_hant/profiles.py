"""What `comity profile` says."""

from __future__ import annotations

from typing import Final

PROFILES: Final = {
    "1 working day": "1 個工作天",
    "{n} working days": "{n} 個工作天",
    "A holiday that the library lacks: HK=2028-10-03.": "程式庫所缺的假期：HK=2028-10-03。",
    (
        "A library of holidays is no gazette, and dates by the moon are reckoned ahead: compare them. Every hub and"
        " every desk that is to use it needs this very file in its folder of profiles."
    ): ("假期程式庫並非憲報，農曆等日期屬推算，請逐一核對。凡使用此規範的樞紐及席位，其規範資料夾須存放同一檔案。"),
    "A profile's name has letters, digits, points and dashes.": "規範名稱只可用英文字母、數字、點及連字號。",
    "After {date} only weekends count: agree on a newer profile.": "{date} 之後只計週末：請議定較新的規範。",
    "all others": "其他各地",
    "At most": "最長",
    "Binds the holder": "對持有人有約束力",
    "Calendar to make: HK=Asia/Hong_Kong, or GB/ENG=Europe/London for a part; may be repeated.": (
        "要製作的日曆：HK=Asia/Hong_Kong；部分地區則為 GB/ENG=Europe/London；可重複使用。"
    ),
    "Calendars": "日曆",
    "Days without work, Monday is 1: AE=6,7.": "每週休息日，星期一為 1：AE=6,7。",
    "Deadline profile: see `comity profile show`.": "期限規範：見 `comity profile show`。",
    "Family of the case.": "個案類別。",
    "File to write; else the folder of profiles in this home.": "要寫入的檔案；不填則寫入此節點的規範資料夾。",
    "Friday": "星期五",
    "Holidays": "假期數目",
    "Hours": "辦公時間",
    "Instruments": "法律文書",
    "Place": "地區",
    "Jurisdiction of the other side, two letters.": "對方的司法管轄區，兩個字母。",
    "Jurisdiction of the sender, two letters.": "發出方的司法管轄區，兩個字母。",
    "Lapses": "失效",
    "Lapses at the latest": "最遲失效時間",
    "Make a deadline profile with new calendars. Counsel reads it before anybody agrees on it.": (
        "以新日曆製作期限規範；議定之前須由法律顧問審閱。"
    ),
    "May be extended": "可延期",
    "Monday": "星期一",
    "More than one profile is called so: name the first digits of its digest.": (
        "有多於一份規範用此名稱：請指明其摘要值的首幾位。"
    ),
    "Name of a profile, its digest's first 6 digits, or its file.": "規範名稱、其摘要值首 6 位，或其檔案。",
    "Name of the new profile.": "新規範的名稱。",
    "No holiday, whatever the library says: HK=2028-10-03; may be repeated.": (
        "不論程式庫所載，此日並非假期：HK=2028-10-03；可重複使用。"
    ),
    "Not covered: {listed}.": "未涵蓋：{listed}。",
    "Office hours, HK=09:00-17:30; may be repeated.": "辦公時間，HK=09:00-17:30；可重複使用。",
    "other side": "對方",
    "Other side, {place}": "對方（{place}）",
    "Other side answers by": "對方答覆限期",
    "own side": "本方",
    "Own side acts by": "本方行動限期",
    "Profile whose spans, instruments and other calendars it has.": "沿用其期限、文書及其他日曆的規範。",
    "Reminders": "提示",
    "Saturday": "星期六",
    "Sender, {place}": "發出方（{place}）",
    "Show what a deadline profile says: who must do what by when, calendars, instruments.": (
        "顯示期限規範的內容：何方須於何時辦理何事、日曆及文書。"
    ),
    "Show what a profile makes of a message: its limits, in the local times of both sides.": (
        "顯示按規範計算的訊息限期，並列雙方當地時間。"
    ),
    "Source": "資料來源",
    "Sunday": "星期日",
    "That date is none.": "並無此日期。",
    "That deadline profile says nothing about: {listed}.": "該期限規範並無涵蓋：{listed}。",
    "Then must act": "其後須行動者",
    "There is no deadline profile of that name, digest or file here.": "此處沒有該名稱、摘要值或檔案的期限規範。",
    "Thursday": "星期四",
    "Time zone": "時區",
    "Tuesday": "星期二",
    "Wednesday": "星期三",
    "Weekend": "週末",
    "What is due by when: deadline profiles and their calendars.": "何時須辦何事：期限規範及其日曆。",
    "What would be sent, for example request or ask-release.": "擬發出的訊息，例如 request 或 ask-release。",
    "When it is sealed, 2026-12-24T16:00; else now.": "密封時間，2026-12-24T16:00；不填則為現在。",
    "When the case's first message was sealed; else the same.": "個案首份訊息的密封時間；不填則相同。",
    "Years whose holidays are pinned, 2027-2029.": "收錄假期的年份，2027-2029。",
    "{digest}: not known here, so nothing could be sent under it": "{digest}：本處沒有此規範，不能據此發送",
    "{option} is written like {example}.": "{option} 的寫法如 {example}。",
    "{span} after it": "其後 {span}",
    "{span} after the opening": "開案後 {span}",
}
