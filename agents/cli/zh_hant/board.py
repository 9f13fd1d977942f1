"""The board, reminders, pagers, the story of linked cases, and statistics."""

from __future__ import annotations

from typing import Final

BOARD: Final = {
    "A FLASH message is past its answer's limit and no person has opened it. Call the duty telephone or superiors.": (
        "特急訊息逾期未覆，且未有人開啟；請致電值勤電話或其上級。"
    ),
    "A family is one of: {names}": "類別須為以下之一：{names}",
    "A state is one of: {names}": "狀態須為以下之一：{names}",
    "CONFIRMED": "已獲第二人確認",
    "Cases": "個案數",
    "Confirm": "確認",
    "Held": "已扣存",
    "Kind": "類別",
    "Lapsed / expired": "屆滿失效／逾期",
    "Limit": "限期",
    "No open case.": "沒有未結個案。",
    "Only this family; may be given again.": "只顯示此類別；可重複指定。",
    "Only this state; may be given again.": "只顯示此狀態；可重複指定。",
    "Only those in which this desk acts next.": "只顯示輪到本席位行動的個案。",
    "Only with this agency or desk.": "只顯示與此機構或席位的個案。",
    "Overdue: we / they": "逾期：我方／對方",
    "PROVISIONAL": "臨時",
    "Print it once; do not stay.": "只列印一次，不持續顯示。",
    "Print so many at most.": "最多列印的行數。",
    "Program to run for urgent mail; given again: who is paged next. Kept in the home. Empty for none.": (
        "收到緊急訊息時執行的程式；重複指定即為下一個傳呼對象。儲存於席位資料夾；留空即無。"
    ),
    "Refusals": "拒絕",
    "Show every open case by time left. On a terminal it stays and follows; stop with Ctrl-C.": (
        "按剩餘時間顯示所有未結個案。在終端機上會持續更新，按 Ctrl-C 停止。"
    ),
    "Show everything that happened in a case and those it is linked with, in the order of the log.": (
        "按日誌次序顯示個案及其相連個案的全部經過。"
    ),
    "Show how cases went: times to acknowledge and to execute, lapses, refusals by code, by counterpart.": (
        "顯示個案處理情況：確認及執行所需時間、失效、拒絕原因，按對方席位列出。"
    ),
    "THE HUB DOES NOT ANSWER": "樞紐沒有回應",
    "The same, while an approver must confirm. Empty for the pagers of urgent mail.": (
        "同上，用於等候核准人確認時；留空即使用緊急訊息的傳呼程式。"
    ),
    "Time left": "剩餘時間",
    "To acknowledge": "確認需時",
    "To execute": "執行需時",
    "What comes first: time, state, family or with.": (
        "排序：time（時間）、state（狀態）、family（類別）或 with（對方）。"
    ),
    "Without the cases that it is linked with.": "不包括相連個案。",
    "a recall waits for our answer": "追回要求待我方回覆",
    "a recall waits for their answer": "追回要求待對方回覆",
    "answer due": "待覆",
    "both": "雙方",
    "connected": "已連線",
    "connecting": "正在連接",
    "ends by itself": "自動失效",
    "it ends by itself unless they act": "如對方不採取行動，將自動失效",
    "it ends by itself unless we act": "如我方不採取行動，將自動失效",
    "it has ended by its own date, by this desk's clock": "按本席位時鐘，已屆滿失效",
    "lapses {when}": "失效時間：{when}",
    "not delivered yet": "尚未送達",
    "our clock": "本方時鐘",
    "recall to answer": "待覆追回",
    "stored, no person yet: call {telephone}": "已儲存但未有人閱讀：請致電 {telephone}",
    "{median}, 90 % within {p90} ({n})": "{median}，九成於 {p90} 內（{n} 宗）",
    "{n} more: use --rows, or a filter.": "另有 {n} 宗：請用 --rows 或篩選。",
    "{n} open, {late} past a limit": "{n} 宗未結，{late} 宗已過限期",
    "{state} (by our clock)": "{state}（按本方時鐘）",
}
"""English text to Traditional Chinese text."""
