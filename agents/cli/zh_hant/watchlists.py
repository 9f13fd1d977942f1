"""Watchlists: the words of their codes and fields, and what their commands say."""

from __future__ import annotations

from typing import Final

_WORDS: Final = {
    "A person of the recipient subscribes; the owner may take the offer back.": "接收方人員訂閱；擁有者可收回提供。",
    "Nobody; the owner may offer the list anew, as a new case.": "無人；擁有者可另以新個案再次提供名單。",
    "The owner publishes; the subscriber may challenge.": "由擁有者發布；訂閱者可提出異議。",
    "The owner's agent sends a snapshot.": "由擁有者的代理程式發送快照。",
    "The owner's agent sends again what the subscriber asked for.": "由擁有者的代理程式重發訂閱者所求。",
    "Active": "生效",
    "Action": "行動",
    "Actor": "行為者",
    "Alert me": "通知我方",
    "Amount band": "金額範圍",
    "Asset": "資產",
    "Attachment": "附件",
    "Batch": "批次",
    "Block": "封鎖",
    "Category": "類別",
    "Challenge": "異議",
    "Count": "數目",
    "Current": "已同步",
    "Delisted": "已除名",
    "Done": "完成",
    "Default action": "預設行動",
    "Deflated": "壓縮內容",
    "Entries": "項目數",
    "Entry id": "項目編號",
    "Entry version": "項目版本",
    "From sequence": "起始序號",
    "Heartbeat minutes": "訊號間隔（分鐘）",
    "Held": "已扣起",
    "Held back": "已扣起",
    "Hold and call": "扣起並致電",
    "Kept": "維持",
    "Label": "名稱",
    "Lagging": "落後",
    "Length": "長度",
    "List id": "名單編號",
    "Not yet": "尚未生效",
    "Published": "已發布",
    "Running": "進行中",
    "Stale": "已不合現況",
    "Stopped": "已停止",
    "Not that person": "並非該人",
    "Observe": "觀察",
    "Offer": "提供名單",
    "Offered": "已提供",
    "Other": "其他",
    "Outdated": "已過時",
    "Publish": "發布",
    "Purpose": "用途",
    "Result": "結果",
    "Resync": "要求重新同步",
    "Retracted": "已撤銷",
    "Review days": "檢討周期（日）",
    "Revoked": "已終止",
    "Seen deposit": "見於存入",
    "Seen withdrawal": "見於提取",
    "Sequence": "序號",
    "Head": "鏈首摘要",
    "Service wallet": "服務機構錢包",
    "Sighting": "發現通報",
    "Snapshot": "快照",
    "Standing": "狀況",
    "Subscribe": "訂閱",
    "Subscribers visible": "訂閱者可互知",
    "Suspended": "已暫停",
    "Syncing": "同步中",
    "Title": "標題",
    "Unsubscribe": "終止訂閱",
    "Wrong address": "地址有誤",
}

_SCREENS: Final = {
    "The hub knows a watchlist of this desk further than this home does, or otherwise. Nothing more is published: run "
    "`comity watchlist repair`.": (
        "樞紐所知的本席位監察名單較此節點更新，或有不同。已停止發布：請執行 `comity watchlist repair`。"
    ),
    "A batch of this desk's own does not verify. Nothing was changed; evidence is saved.": (
        "本席位自己的一個批次未能核實。未作任何更改；證據已保存。"
    ),
    "A column is COLUMN=FIELD.": "欄位的格式為 COLUMN=FIELD。",
    "A confidence is KIND:LEVEL, for example official:90, or require.": (
        "可信程度的格式為 KIND:LEVEL，例如 official:90，或填 require。"
    ),
    "Answer it so?": "如此答覆？",
    "Answered: {result}.": "已答覆：{result}。",
    "Change": "變更",
    "Changed": "更改",
    "Changes": "變更數",
    "Column": "欄",
    "Confirm this as the second person?": "以第二人身分確認？",
    "Digest": "摘要值",
    "Discarded: {id}": "已作廢：{id}",
    "End this subscription?": "終止此訂閱？",
    "Entry": "項目",
    "Fault": "故障",
    "Format": "格式",
    "Giver": "提供者",
    "Import": "匯入",
    "Import {id}. If it is cut off, go on with --resume {id}.": "匯入 {id}。如中斷，可用 --resume {id} 繼續。",
    "Last batch": "最近批次",
    "Look at it twice: {why}.": "請再三核對：{why}。",
    "Look at these twice": "請再三核對",
    "Merged": "合併",
    "Name a file, or an import with --resume.": "請指明檔案，或以 --resume 指明匯入。",
    "New": "新增",
    "No challenge has that id: see `comity watchlist challenges LIST`.": (
        "沒有此編號的異議：請執行 `comity watchlist challenges LIST`。"
    ),
    "No publication has that id: see `comity watchlist show LIST`.": (
        "沒有此編號的發布：請執行 `comity watchlist show LIST`。"
    ),
    "Not all of it was published.": "未能全部發布。",
    "Not published. A second person of this desk now runs": "尚未發布。請本席位第二人執行",
    "Not sent to everybody yet: {n} wait. See `comity watchlist subscribers`.": (
        "尚未發給所有訂閱者：{n} 份待發。請執行 `comity watchlist subscribers`。"
    ),
    "Nothing changes.": "沒有變更。",
    "Offer {title} to {desk}?": "向 {desk} 提供 {title}？",
    "Offered to {desk}.": "已向 {desk} 提供。",
    "One person has signed. A second one confirms within 60 minutes, or it suspends itself.": (
        "只有一人簽署。須由第二人於 60 分鐘內確認，否則自動暫停。"
    ),
    "One person has signed: it suspends itself at {time} unless it is confirmed.": (
        "只有一人簽署：如未獲確認，將於 {time} 自動暫停。"
    ),
    "Passed over": "略過",
    "Publication": "發布",
    "Publications": "發布紀錄",
    "Published: sequence {n}, {count} entries live.": "已發布：序號 {n}，現有 {count} 項。",
    "Reading": "讀取中",
    "Removed": "移除",
    "Row": "列",
    "Rows": "列數",
    "Rows refused": "拒收列",
    "Says": "內容",
    "Second person": "第二人",
    "Sequence {n}; {sent} sent, {held} wait.": "序號 {n}；已發 {sent} 份，待發 {held} 份。",
    "Several entries are about it; name one by its id: {listed}": "有多個項目關於此錢包，請以編號指明：{listed}",
    "Sign and publish": "簽署並發布",
    "Sign this as the second person?": "以第二人身分簽署？",
    "Sign this?": "簽署？",
    "Signing": "簽署中",
    "Some of it fits the list no more: the entries were changed meanwhile. Make the change again.": (
        "部分內容已不合名單現況：有關項目期間已變更。請重新作出變更。"
    ),
    "Stored": "已儲存",
    "Subscribers": "訂閱者",
    "Suspension ends": "解除暫停",
    "Suspensions that end": "解除暫停",
    "The desk's agent sends it, or its author with": "由本席位代理程式發出，或由擬稿人執行",
    "The import cannot be used ({code}).": "不能使用此匯入（{code}）。",
    "Nothing is missing: the log has no batch of it that this home lacks.": "沒有缺漏：紀錄中沒有此節點所缺的批次。",
    "Of batch {n} the hub has no copy for this desk. Make the list anew.": (
        "樞紐沒有批次 {n} 的本席位副本。請重新建立名單。"
    ),
    "Read a list back from this desk's own copies at the hub, after this home was put back from an older copy.": (
        "節點以舊副本還原後，從樞紐上本席位自己的副本讀回名單。"
    ),
    "Read back: batches {first} to {last}, {count} entries live.": (
        "已讀回：批次 {first} 至 {last}，現有 {count} 項。"
    ),
    "Stopped: {n} rows are staged, nothing is published. Go on: {command}": (
        "已停止：已暫存 {n} 行，未發布任何內容。繼續執行：{command}"
    ),
    "The import did not come to its end ({why}). Nothing can be published.": "匯入未完成（{why}）。不能發布任何內容。",
    "The list has halted: the hub knows it otherwise than this home does. Run `comity watchlist repair`; else put the "
    "newer home back, or make the list anew.": (
        "名單已停止：樞紐所知與此節點不同。請執行 `comity watchlist repair`；"
        "如不成功，請放回較新的節點，或重新建立名單。"
    ),
    "The list is made: {id}": "名單已建立：{id}",
    "The list says nothing of it.": "名單內沒有相關項目。",
    "The subscription has ended.": "訂閱已終止。",
    "The desk's agent goes on, or": "由本席位代理程式繼續，或執行",
    "The log has the list as this home has it. It goes on.": "紀錄中的名單與此節點相同。名單繼續發布。",
    "Nothing is missing, but the hub does not take the list as it is here, or nobody follows it. Call the operators; "
    "else make the list anew: see the runbook.": (
        "沒有缺漏，但樞紐不接受此節點的名單，或沒有訂閱者。請致電營運者；如不成功，請重新建立名單：見操作手冊。"
    ),
    "The hub withholds something that this desk may have sent. The list stays as it is: call the operators.": (
        "樞紐扣起可能由本席位發出的訊息。名單維持不變：請致電營運者。"
    ),
    "It was signed before this copy was made, and may have been taken back since. Ask its author.": (
        "以上內容在製作此副本前已簽署，其後可能已撤回。請向擬稿人查詢。"
    ),
    "It goes out with": "如要發布，請執行",
    "It is taken back with": "如要撤回，請執行",
    "Not published": "未發布",
    "Let a publication go out that was signed in the older copy and is held back since; may be given again.": (
        "發布在舊副本中已簽署、其後扣起的內容；可重複使用。"
    ),
    "This home has gone on otherwise since batch {n} or before. Put the copy back once more and repair the list before "
    "anything else, or make the list anew.": (
        "此節點自批次 {n} 或更早起已另行發布。請再次放回該副本，並先修復名單；或重新建立名單。"
    ),
    "There is no such import: see `comity watchlist import`.": "沒有此匯入：請執行 `comity watchlist import`。",
    "There is no such subscription here.": "本處沒有此訂閱。",
    "This desk follows no list yet: `comity-sync run` follows what was subscribed to.": (
        "本席位尚未追蹤任何名單：`comity-sync run` 會追蹤已訂閱的名單。"
    ),
    "Unchanged": "不變",
    "Warnings": "警告",
    "What was refused": "拒收內容",
    "What would change": "將有的變更",
    "Why": "原因",
    "With the action block": "行動為封鎖",
    "halted": "已停止",
    "… and {n} more.": "……另有 {n} 項。",
}

_HELP: Final = {
    "Wallet watchlists: own, publish, follow, challenge.": "錢包監察名單：擁有、發布、追蹤、異議。",
    "A name for it.": "名稱。",
    "Amount band, for example 1000-10000.": "金額範圍，例如 1000-10000。",
    "An entry's id, or the wallet: show what is said of it.": "項目編號或錢包：顯示名單所述。",
    "Answer a challenge. What the answer says is done to the list first, everywhere.": (
        "答覆異議。先按答覆更改名單，並傳至各處。"
    ),
    "Answered ones, too.": "包括已答覆者。",
    "Asset, for example USDT.": "資產，例如 USDT。",
    "COLUMN=FIELD, where the name does not say it; may be repeated.": "COLUMN=FIELD，欄名不明時使用；可重複。",
    "CSV of further wallets to warn of.": "另須警告的錢包（CSV）。",
    "CSV, TagPack, OFAC extract, STIX 2.1 or MISP.": "CSV、TagPack、OFAC 摘錄、STIX 2.1 或 MISP。",
    "Case of the offer or subscription, or its first 6 digits.": "提供或訂閱的個案編號，或其首 6 位。",
    "Category of rows without one.": "沒有類別的列所用的類別。",
    "Chain of rows that name none.": "沒有註明鏈的列所用的鏈。",
    "Confirm an urgent publication as its second person; unconfirmed it suspends itself after 60 minutes.": (
        "以第二人身分確認緊急發布；未獲確認則於 60 分鐘後自動暫停。"
    ),
    "Create a list. It is empty, and nobody knows of it before it is offered.": (
        "建立名單。名單為空，提供之前無人知悉。"
    ),
    "Days after which every entry is looked at again.": "每個項目須再檢討的日數。",
    "Days that rows without an end stand; 0 refuses them.": "沒有終止日的列的有效日數；0 為拒收。",
    "End a subscription, from either side. Whoever is removed gets nothing newer.": (
        "由任何一方終止訂閱。被移除者不再收到較新內容。"
    ),
    "File with the handling of all of it; else the usual one.": "載有處理限制的檔案；不填則用慣常限制。",
    "Giver whose entries go where the file has them no more; may be repeated.": (
        "如檔案不再載有，即移除此提供者的項目；可重複。"
    ),
    "Go on with an import that was cut off.": "繼續中斷的匯入。",
    "Go out with one signature; a second person confirms within 60 minutes.": (
        "以一人簽署發出；須由第二人於 60 分鐘內確認。"
    ),
    "How sure, 1 to 100.": "把握程度，1 至 100。",
    "Id of the challenge, or its first 6 digits.": "異議編號，或其首 6 位。",
    "Import id, or its beginning; else the newest.": "匯入編號或其開首；不填則為最新。",
    "Import to sign; without it, what was signed before goes out.": "要簽署的匯入；不填則發出先前已簽署的內容。",
    "List one wallet, or change what is said of it.": "列入一個錢包，或更改其內容。",
    "Look at what a colleague signed, sign it as the second person, and publish it.": (
        "查看同事所簽內容，以第二人身分簽署並發布。"
    ),
    "Minutes between signs of life.": "訊號間隔（分鐘）。",
    "Nobody may notice that it is listed.": "不得讓人察覺已被列入。",
    "Nobody may notice that they are listed.": "不得讓人察覺已被列入。",
    "Of a list of events, only those up to this day.": "事件清單只計至此日。",
    "Of rows without one: a kind and a level, official:90; else lowest; `require` refuses.": (
        "沒有註明者的種類及程度，例如 official:90；不填為最低；`require` 為拒收。"
    ),
    "Of rows without one; else the list's.": "沒有註明者所用；不填則用名單的。",
    "Offer a list to a desk. It follows the list once a person there has subscribed.": (
        "向席位提供名單。該處人員訂閱後即追蹤名單。"
    ),
    "Only what this giver says.": "只限此提供者所述。",
    "Publication id, or its first 6 digits.": "發布編號，或其首 6 位。",
    "Read a file and show what it would change. Nothing is published.": "讀取檔案並顯示將有的變更。不會發布。",
    "Read an offer and take its terms. The list follows by itself.": "閱讀提供內容並接受條款。名單隨後自動送達。",
    "Report to a list's owner that a listed wallet was seen.": "向名單擁有者通報發現列入的錢包。",
    "Show the challenges of a list, and by when each is to be answered.": "顯示名單的異議及各答覆限期。",
    "Show the lists of this desk, one list, or what a list says of a wallet.": (
        "顯示本席位的名單、某一名單，或名單對某錢包所述。"
    ),
    "Show what an import would change in a list.": "顯示匯入對名單的變更。",
    "Show where and when wallets of a list were seen, newest first.": "顯示名單錢包被發現的時地，最新在先。",
    "Show which rows of an import were refused, by row and column, and which wallets to look at twice.": (
        "按列及欄顯示匯入中被拒收的列，以及須再三核對的錢包。"
    ),
    "Show who was offered a list, who follows it, and how far each has come.": (
        "顯示名單曾提供予誰、誰在追蹤，以及各自進度。"
    ),
    "Sign an import, and publish what has every signature to all subscribers.": (
        "簽署匯入，並向所有訂閱者發布已齊備簽署的內容。"
    ),
    "Subscribers may know of one another.": "訂閱者可互相知悉。",
    "Take back what was signed and is not published.": "收回已簽署而未發布的內容。",
    "Take entries off a list, everywhere.": "從名單移除項目，各處一致。",
    "Tell a list's owner that an entry should not stand. A person there answers within one working day.": (
        "向名單擁有者指出項目不應成立。該處人員於一個工作天內答覆。"
    ),
    "The desk that may follow it.": "可追蹤名單的席位。",
    "The law that lets it be shared.": "容許分享的法律依據。",
    "The wallet, as anybody writes it.": "錢包，任何寫法均可。",
    "The wallet, or an entry's id.": "錢包，或項目編號。",
    "Their telephone, +85212345678.": "其電話，+85212345678。",
    "This desk's own reference.": "本席位檔號。",
    "Title of a list, or the first 6 digits of its id; all where none is named.": (
        "名單標題，或其編號的首 6 位；不填則為全部。"
    ),
    "Until when it stands: a date, or 365d.": "有效至何時：日期，或 365d。",
    "What a refused row does.": "遇拒收列時如何處理。",
    "What it is said to be, for example sanctions.": "所屬類別，例如 sanctions。",
    "What it may be used for.": "可作何用途。",
    "What the file is; else it shows.": "檔案格式；不填則自動辨認。",
    "What the list is called.": "名單標題。",
    "When it was seen: 2026-03-01T14:05; else now.": "發現時間：2026-03-01T14:05；不填為現在。",
    "Who answers challenges.": "由誰答覆異議。",
    "Who looks after it here.": "本處負責人員。",
    "Who says so where the rows do not.": "各列未註明時的提供者。",
    "Who says so, whatever the rows say.": "不論各列如何註明，均以此為提供者。",
    "Who says so.": "提供者。",
    "Why, for the second person and the subscribers.": "原因，供第二人及訂閱者參閱。",
    "Why, sealed.": "原因，密封。",
    "Write every refused row and why to this CSV.": "把每個拒收列及原因寫入此 CSV。",
    "false-positive, delisted, outdated, duplicate or other.": (
        "false-positive、delisted、outdated、duplicate 或 other。"
    ),
    "kept, suspended or retracted.": "kept、suspended 或 retracted。",
    "not-that-person, service-wallet, outdated, wrong-address or other.": (
        "not-that-person、service-wallet、outdated、wrong-address 或 other。"
    ),
    "observe, alert-me, hold-and-call or block.": "observe、alert-me、hold-and-call 或 block。",
    "observe, alert-me, hold-and-call or block; else the list's.": (
        "observe、alert-me、hold-and-call 或 block；不填則用名單的。"
    ),
    "seen-deposit, seen-withdrawal, held or false-positive.": "seen-deposit、seen-withdrawal、held 或 false-positive。",
    "unknown, heuristic, public-source, record, own-trace or official.": (
        "unknown、heuristic、public-source、record、own-trace 或 official。"
    ),
}

WATCHLISTS: Final = {**_HELP, **_WORDS, **_SCREENS}
"""English text to Traditional Chinese text."""
