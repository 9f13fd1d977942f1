"""What `comity watchlist export` says."""

from __future__ import annotations

from typing import Final

EXPORTS: Final = {
    "Title of a list, or the first 6 digits of its id.": "名單標題，或其編號的首 6 位。",
    "Every list that is held here.": "本處所持的全部名單。",
    "What is written.": "檔案格式。",
    "Agency that is to have it; else this agency's own systems.": "接收機構；不填則供本機構系統使用。",
    "Replace the file where there is one.": "如檔案已存在則取代。",
    "Write lists to a file for other systems, as far as their handling allows.": (
        "在處理限制容許的範圍內，把名單寫成檔案供其他系統使用。"
    ),
    "Name the lists, or all with --all.": "請指明名單，或以 --all 選取全部。",
    "Export": "匯出",
    "No list is held here.": "本處沒有名單。",
    "Their handling keeps these lists here ({codes}): {why}.": "處理限制不容許匯出這些名單（{codes}）：{why}。",
    "That is no name of an agency.": "這不是機構代號。",
    "No list, or more than one, is called so: {name}": "沒有此名稱的名單，或有多於一份：{name}",
    "for named persons only": "只限指定人員",
    "to be passed to nobody": "不得轉交任何人",
    "nothing beyond reading is permitted": "只准閱讀",
    "it was to be deleted by now": "已過保存期限",
    "not for that agency unless the owner consents": "未經名單擁有者同意，不得交予該機構",
    "nobody may notice that it is listed": "不得讓人察覺已被列入",
    "suspended": "已暫停",
    "not yet confirmed by a second person": "尚未獲第二人確認",
    "expired": "已屆滿",
    "{name} stays here: {why} ({code})": "{name} 不予匯出：{why}（{code}）",
    "{name}: {n} entries": "{name}：{n} 項",
    "  left out: {n}, {why} ({code})": "  略去 {n} 項：{why}（{code}）",
    "{name} lags behind its owner; something newer is missing.": "{name} 落後於擁有者，欠缺較新內容。",
}
"""English text to Traditional Chinese text."""
