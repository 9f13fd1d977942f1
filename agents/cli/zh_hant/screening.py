"""Traditional Chinese of `comity screen`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

SCREENING: Final[Mapping[str, str]] = MappingProxyType(
    {
        "  DISCREET: nobody outside may notice. Do not tip off.": "  保密：不得讓外界察覺，切勿通風報信。",
        "  {n} more things are said about it.": "  另有 {n} 項相關記載。",
        "Actor": "行為人",
        "Age": "距今",
        "Asked for": "要求行動",
        "Batch": "批次",
        "CLEAR: no list held here says anything in force": "未列入：本處持有的名單均無有效記載",
        "Category": "類別",
        "Chain of all: CAIP-2, symbol or name.": "全部錢包所屬的鏈：CAIP-2、代號或名稱。",
        "Column with the chain.": "載有鏈名的欄位。",
        "Column with the wallet; else address, wallet or account.": (
            "載有錢包的欄位；不填即為 address、wallet 或 account。"
        ),
        "Column with your own reference; else the number of the row.": "載有本方參考編號的欄位；不填即為行號。",
        "Either --csv or --json.": "只可選用 --csv 或 --json 其中之一。",
        "Entry": "條目",
        "File with wallets: lines, CSV or JSON lines.": "載有錢包的檔案：逐行文字、CSV 或 JSON Lines。",
        "HIT: listed": "命中：已列入名單",
        "Holds": "有效期",
        "INVALID: no address, or a wrong checksum": "無效：並非地址，或校驗碼不符",
        "Label": "標籤",
        "List": "名單",
        "Listed as": "列入形式",
        "Minutes after which a list is too old to say clear; else the agent's.": (
            "名單超過多少分鐘即屬過時，不得稱為未列入；不指定則按代理程式的設定。"
        ),
        "Name wallets, or a file with --file, or - for standard input.": (
            "請指明錢包，或以 --file 指明檔案，或以 - 表示標準輸入。"
        ),
        "No list is held here: nothing can be called clear.": "本處未持有任何名單，不能稱任何錢包為未列入。",
        "Owner desk": "擁有席位",
        "Print CSV, a row for each thing that is said.": "輸出 CSV，每項記載一行。",
        "Report hits back by the rules in this file; the agent sends them.": "按此檔案的規則回報命中，由代理程式發送。",
        "STALE: nothing found, but a list is too old to say clear": "過時：未有發現，但名單過時，不能稱為未列入",
        "Said by": "提供者",
        "Say whether wallets are listed. Ends with 0 clear, 10 hit, 11 no address, 12 lists too old.": (
            "查核錢包是否列入名單。結束代碼：0 未列入、10 命中、11 並非地址、12 名單過時。"
        ),
        "Show clear wallets of a file, too.": "同時顯示檔案中未列入的錢包。",
        "Standing": "狀況",
        "The screening store; else that of the home.": "查核資料庫；不填即為本節點者。",
        "Wallets, in any spelling; - for standard input.": "錢包，寫法不限；- 表示標準輸入。",
        "What is in the file; else by its name.": "檔案格式；不填即按檔名判斷。",
        "batch {n}": "第 {n} 批",
        "capital and small letters mixed where they must not be": "大小寫混用，不合格式",
        "clear": "未列入",
        "current": "有效",
        "hits": "命中",
        "in force": "生效中",
        "invalid": "無效",
        "its row cannot be read: cells shifted, a quotation mark left open, or a text that is too long": (
            "該行無法讀取：欄位錯位、引號未關閉，或文字過長"
        ),
        "no address": "並非地址",
        "not here yet": "尚未收到",
        "not subscribed to: nothing can be called clear": "未訂閱，不能稱任何錢包為未列入",
        "not yet in force": "尚未生效",
        "of a chain that is not supported": "不支援該鏈",
        "of a test network": "屬測試網絡",
        "of another chain than the one named": "與所指明的鏈不符",
        "something is missing: nothing can be called clear": "內容有缺，不能稱任何錢包為未列入",
        "stale": "過時",
        "the checksum is wrong": "校驗碼不符",
        "too old to say clear": "過時，不能稱為未列入",
        "wrong length: cut off, or of a chain that is not supported": "長度不符：已被截斷，或不支援該鏈",
    }
)
"""English text to Traditional Chinese text."""
