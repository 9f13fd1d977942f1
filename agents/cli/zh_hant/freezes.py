"""Traditional Chinese of `comity freeze`. Held is 扣存; 已凍結 is said only of what a holder has reported."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

FREEZES: Final[Mapping[str, str]] = MappingProxyType(
    {
        # commands
        "A line is LINE:NAME=VALUE,NAME=VALUE; names: {listed}": (
            "每項資產寫作「編號:名稱=數值,名稱=數值」；名稱：{listed}"
        ),
        'A loss is an amount and a currency or token: "120000 USDT".': "損失須寫明金額及貨幣或代幣：「120000 USDT」。",
        "A request for assistance to the next country, instead of a freeze.": "改為向下一個國家或地區請求協助。",
        "An amount is digits with at most one point: 1200.5": "金額只可有數字及最多一個小數點：1200.5",
        "An instrument is of a request: leave the verb out.": "文書只屬請求：請勿指明動作。",
        "As of which date; else today.": "截至日期；不填則為今天。",
        "Ask at once, alone, to hold what is at a wallet. It lapses by itself unless a second person confirms.": (
            "單獨即時請求扣存錢包內的資產；如無第二人確認，請求自動失效。"
        ),
        "Ask for a later end. A second person approves it; nothing is extended by silence.": (
            "請求延後終止日期，須由第二人核准；不作答覆並不等於延期。"
        ),
        "Ask to let a part go, or to hold more: --line 1:release=50 or --line 1:increase=200.": (
            "請求放行部分或增加扣存：--line 1:release=50 或 --line 1:increase=200。"
        ),
        "Ask to release everything that is held, after a call. A second person approves it; a part is a variation.": (
            "回電核實後請求全部放行，須由第二人核准；部分放行屬更改。"
        ),
        "Asset freezes: hold, report, extend, release.": "資產凍結：扣存、報告、延期、放行。",
        "Before that, a second person of this desk confirms": "在此之前，須由本席位第二人確認",
        "CALL FIRST, AT THE DIRECTORY'S NUMBER": "請先致電名錄所載號碼",
        "CALL NOW": "請立即致電",
        "Chain of the wallet: CAIP-2, symbol or name.": "錢包所屬區塊鏈：CAIP-2、代號或名稱。",
        "Change what was asked to be changed, or less; the sums add up.": "按請求或在其範圍內更改；各項金額須相符。",
        "Confirm a colleague's provisional hold as its second person, after reading it.": (
            "閱覽後以第二人身分確認同事的臨時扣存請求。"
        ),
        "Digits after the point of the token; else the usual ones.": "代幣的小數位數；不填則按慣例。",
        "Draft a request to hold assets. Not a byte leaves this desk before a second person has approved it.": (
            "草擬扣存資產的請求；第二人核准前，任何資料均不會離開本席位。"
        ),
        "Either --template to print the form, or --from to hand it in.": (
            "以 --template 列印表格，或以 --from 提交表格，二者擇一。"
        ),
        "Ended by itself": "已自動終止",
        "Ends by itself": "自動終止",
        "FROZEN, by the holder's report; first held {time}.": "已凍結（據持有人報告）；首次扣存：{time}。",
        "From when it is in force; else now.": "生效時間；不填則為現在。",
        "HELD by the holder's own decision, by its report; first held {time}.": (
            "已由持有人自行決定扣存（據其報告）；首次扣存：{time}。"
        ),
        "HOLDER;CHANNEL;ANSWER, with whom you dealt; may be repeated.": (
            "「持有人;途徑;答覆」，即曾聯絡的對象；可重複。"
        ),
        "How much is to be held; else all there is.": "請求扣存的數額；不填則為全部。",
        "IT LAPSES BY ITSELF": "自動失效時間",
        "It had ended here by its own date and goes on after all: report anew what is held.": (
            "此項曾按其日期在本方終止，現仍繼續有效：請重新報告扣存情況。"
        ),
        "Its number.": "文書編號。",
        "LINE:NAME=VALUE,NAME=VALUE, for example 1:held=1200.5,gone=300; may be repeated.": (
            "「編號:名稱=數值,名稱=數值」，例如 1:held=1200.5,gone=300；可重複。"
        ),
        "Leave the end as it is, and say why.": "維持終止日期不變，並說明理由。",
        "Line {n}": "第 {n} 項",
        "Line {n} has gone on to {where}. Ask the next holder": "第 {n} 項已轉往 {where}。請向下一持有人提出請求",
        "Needed: {options}.": "必須填寫：{options}。",
        "Never at a number out of a message.": "切勿使用訊息內的號碼。",
        "Next hearing or decision: a date, or 14d.": "下次聆訊或裁決：日期，或 14d。",
        "No address ({kind}): nothing was drafted.": "並非有效地址（{kind}）：沒有草擬任何內容。",
        "No desk of another agency can be asked: there is no agreement for freezes.": (
            "沒有其他機構的席位可供請求：並無凍結方面的協議。"
        ),
        "No report says where the assets of that line went.": "沒有報告說明該項資產的去向。",
        "Nobody else of this desk may confirm: an admin certifies somebody with `member add`.": (
            "本席位並無其他人可確認：請管理員以 `member add` 認證人員。"
        ),
        "None was applied. Ask the caller, then type the right one.": "系統並無採用任何一個。請向來電者查證後再輸入。",
        "Nothing is held before they report it.": "對方報告之前，任何資產均未扣存。",
        "Nothing is held now.": "現時並無扣存任何資產。",
        "Nothing is reported as held yet.": "尚未有報告稱已扣存任何資產。",
        "Nothing was drafted. The same again, as soon as the hub answers": (
            "沒有草擬任何內容。樞紐恢復回應後執行以下指令"
        ),
        "Not sent, or not known to be. The same hold again, as often as needed": (
            "尚未發送或未能確定。可重複發送同一請求，不會重複生效"
        ),
        "Nothing was drafted: say with --spoken-to who has confirmed it.": (
            "沒有草擬任何內容：請以 --spoken-to 註明由誰確認。"
        ),
        "Officer in charge; else the member who acts.": "負責人員；不填則為現時操作的成員。",
        "Payments that are allowed from now on.": "即日起准許的付款。",
        "Payments that are to be allowed.": "請求准許的付款。",
        "Print a form with comments in both languages: comity freeze template --instrument restriction-notice.": (
            "列印附雙語說明的表格：comity freeze template --instrument restriction-notice。"
        ),
        "Print the form of the next request, begun with where the assets went and linked to this case.": (
            "列印下一項請求的表格，已填上資產去向並與本個案相連。"
        ),
        "Print the form, begun with what the hold says, and do nothing else.": "只列印表格，並填上臨時扣存請求的內容。",
        "Put another instrument in the place of the one in force, without a gap. A second person approves it.": (
            "以另一文書無縫取代現行文書，須由第二人核准。"
        ),
        "Read back, in groups of four:": "請四字一組讀回：",
        "Refuse to hold assets, with a coded reason. A second person approves it.": (
            "拒絕扣存資產並註明理由代碼，須由第二人核准。"
        ),
        "Release everything that is held, after a call of your own. A second person approves it.": (
            "自行回電核實後全部放行，須由第二人核准。"
        ),
        "Report": "報告",
        "Report a challenge in court, and later its decision.": "報告法院質疑程序及其後裁決。",
        "Report what came of it: --line 1:returned=550,released=50. What is not named is 0; time to hold is added.": (
            "報告結果：--line 1:returned=550,released=50。未列明者為 0；扣存所需時間由系統加上。"
        ),
        "Report what is held, line by line: --line 1:held=600,gone=300,next_hop=… The rest is added up.": (
            "逐項報告扣存情況：--line 1:held=600,gone=300,next_hop=…，其餘由系統計算。"
        ),
        "SUGGESTED, NOT CHOSEN": "僅供參考，並未選定",
        "Say how each line stands with --line; lines: {lines}": "請以 --line 說明每項情況；項目：{lines}",
        "Say that it will be executed, and who decided. A binding instrument takes a second person.": (
            "表明將予執行及由誰決定；具約束力的文書須由第二人核准。"
        ),
        "Say whom to ask with --to: {desks}": "請以 --to 指明請求對象：{desks}",
        "Says so": "資料來源",
        "Second person": "第二人",
        "Send it to {desk} now?": "現在發送給 {desk}？",
        "Set the later end that was asked for.": "按請求延後終止日期。",
        "Show what is held, released, gone and outstanding, line by line, by the holder's reports.": (
            "按持有人的報告，逐項顯示已扣存、已放行、已轉走及未明的數額。"
        ),
        "Message of which it says something; may be repeated.": "內容所引用的訊息；可重複。",
        "Whoever is quoted was asked, and agreed that it is said to these desks.": (
            "已徵詢被引用方，並獲同意向該等席位轉述。"
        ),
        "Something of this case was signed with a key that is suspect: call before you act on it.": (
            "本個案有內容由可疑金鑰簽署：行動前請先致電核實。"
        ),
        "Something of this case is not here to be read: the sums may not be the other side's.": (
            "本個案有內容無法在此閱讀：金額或與對方不同。"
        ),
        "Supply the full form of a provisional hold. A second person approves it.": (
            "補交臨時扣存請求的完整表格，須由第二人核准。"
        ),
        "That freeze is no provisional hold: there is nothing to complete.": "該個案並非臨時扣存，無須補交表格。",
        "The address does not verify. One slip away, each of these does:": "地址核驗不符。以下各個只差一處而核驗相符：",
        "The case has no such line.": "該個案沒有此項資產。",
        "The case is not with that desk.": "該個案與該席位無關。",
        "The case is with several desks: name one with --to.": "該個案涉及多個席位：請以 --to 指明其一。",
        "The court or authority whose instrument it is.": "發出文書的法院或機關。",
        "The court's number.": "法院案件編號。",
        "The court.": "法院。",
        "The desk to ask; else choose among those suggested.": "請求對象席位；不填則從建議中選擇。",
        "The line of which something has gone on.": "已有資產轉走的項目。",
        "The message it is about; else the newest that it can answer.": "所關乎的訊息；不填則為可答覆的最新一則。",
        "The new end: 30d, a date, or a date with a time.": "新的終止日期：30d、日期或日期時間。",
        "The offence, in words.": "罪行說明。",
        "The offence?": "涉及何罪行？",
        "The originator does not confirm it; only with court-order.": "來源機構不予確認；只適用於法院命令。",
        "The provision and its words.": "條文及其內容。",
        "Nobody here has opened the request, or it may not be shown: nothing of it is told.": (
            "此處無人開啟過該請求，或該請求不可顯示，故不顯示其內容。"
        ),
        "The request is not here to be read: nothing can be added up.": "無法在此閱讀請求內容，不能計算金額。",
        "The victim's reference.": "受害人檔號。",
        "The victim's reference?": "受害人檔號？",
        "The wallet, in any spelling, or CAIP-10.": "錢包地址，寫法不限，或 CAIP-10。",
        "Then the full form": "其後補交完整表格",
        "This text carries no checksum: a slip would go unnoticed. Have every group confirmed.": (
            "此地址沒有核對碼，錯字不會被發現。請逐組確認。"
        ),
        "Transaction of the loss, as the chain or bank writes it.": "涉及損失的交易編號，按區塊鏈或銀行的寫法。",
        "Transaction of the loss?": "涉及損失的交易編號？",
        "What for: request, hold, report, convert …": "用途：request、hold、report、convert 等。",
        "What is to be held; else what was lost.": "請求扣存的代幣；不填則為所損失者。",
        "What was done since, and why it takes longer.": "其後已採取的行動，以及需時較長的原因。",
        "That is none of them: {desks}": "並非其中之一：{desks}",
        'What was lost, for example "120000 USDT".': "所損失者，例如「120000 USDT」。",
        'What was lost? For example "120000 USDT"': "損失了甚麼？例如「120000 USDT」",
        "When it ends: 90d, a date; else at its review.": "終止時間：90d 或日期；不填則待覆核。",
        "When it happened, for example the loss: a date or time.": "事發時間，例如損失發生時：日期或時間。",
        "When it is reviewed, where it has no end.": "沒有終止日期時的覆核時間。",
        "Where they went is the other side's word: ask its consent before you pass it on.": (
            "資產去向由對方提供：轉告他人前請先徵得其同意。"
        ),
        "Reported by the holder": "持有人已報告",
        "With the holder": "已交持有人處理",
        "Which desk?": "哪個席位？",
        "Who decided.": "由誰決定。",
        "Who holds the wallet, where that is known.": "錢包由誰持有（如已知）。",
        "With whom you spoke at the directory's number.": "致電名錄號碼時與誰通話。",
        "You have read it. Confirm it as the second person?": "你已閱覽。以第二人身分確認？",
        "all": "全部",
        "case-ended, court-order, return-to-victim, replaced, mistake or other.": (
            "case-ended（案件結束）、court-order（法院命令）、return-to-victim（歸還受害人）、replaced（已被取代）、"
            "mistake（錯誤）或 other（其他）。"
        ),
        "filed, upheld, varied, lifted or withdrawn.": (
            "filed（已提出）、upheld（維持）、varied（更改）、lifted（撤銷）或 withdrawn（撤回）。"
        ),
        "no-power, incomplete, no-link, not-our-customer, self-hosted, formal-mla-needed …": (
            "no-power（無權）、incomplete（不完整）、no-link（無關連）、not-our-customer（非客戶）、self-hosted（自託管）、"
            "formal-mla-needed（須正式司法互助）等。"
        ),
        "restriction-notice, restraint-order, injunction …": (
            "restriction-notice（限制通知書）、restraint-order（限制令）、injunction（強制令）等。"
        ),
        "restriction-notice, voluntary-hold, restraint-order, stop-payment …": (
            "restriction-notice（限制通知書）、voluntary-hold（自願扣存）、restraint-order（限制令）、"
            "stop-payment（止付）等。"
        ),
        "the directory": "名錄",
        "the directory has no duty telephone": "名錄並無值勤電話",
        "{place} {problem}.": "{place}：{problem}。",
        # alarms
        "A message of a freeze was not read by its recipient. The two sides' sums may differ: call the other desk.": (
            "凍結個案中有一則訊息未獲收件席位讀取，雙方數額可能不一致：請致電對方席位。"
        ),
        "A freeze that had ended here by its own date goes on: word of that came late, and was in time. Report anew.": (
            "曾按其日期在本方終止的凍結仍然有效：確認及時作出而遲到。請重新報告。"
        ),
        # what does not fit
        "has more digits after the point than the token": "小數位數多於該代幣",
        "is negative": "為負數",
        "goes on with what cannot be read here": "所承接的內容無法在此閱讀",
        "destroys what a freeze that goes on rests on: quarantine it": "會銷毀未完結凍結所依據的內容：請改作隔離",
        "is larger than a ledger can hold": "超出帳本上限",
        "is nothing at all": "為零",
        "belongs to a freeze that was not asked for": "所屬凍結並未有人請求",
        "is a line that was not asked for": "並非所請求的項目",
        "is a line that stands twice": "項目重複",
        "leaves out a line of which something was held": "遺漏曾扣存的項目",
        "leaves out or changes a line of the provisional hold": "遺漏或更改了臨時扣存的項目",
        "does not add up: requested = held + released + gone + outstanding": (
            "不相符：請求數額 = 已扣存 + 已放行 + 已轉走 + 未明"
        ),
        "has a status that its amounts contradict": "情況與金額不符",
        "does not go on from the totals before": "與先前總數不連貫",
        "reports an inflow, and the line covers none": "報告新轉入，但該項目不包括其後轉入",
        "reports as released what no release or variation let go": "報告已放行者並無放行或更改為據",
        "speaks of assets as held, and no report has said so": "稱資產已扣存，但並無報告為據",
        "is more than what is held": "多於已扣存數額",
        "leaves something held, now or before: a part is a variation, no release": "仍有或曾有扣存：部分放行屬更改",
        "goes beyond what was asked": "超出所請求者",
        "was not asked for, or what asked for it is not here": "並無請求，或所據請求不在此處",
        "reports as gone what was held": "將已扣存者報告為已轉走",
        "leaves a crumb of a line, with the variations before it: that is a release": (
            "連同先前更改，該項目所餘無幾：實屬放行"
        ),
        "extends what was passed on: a conversion to an instrument of one's own goes on from it": (
            "所延長者為轉交之凍結：須以本機構文書轉換方可繼續"
        ),
        "is later than when the original ends": "遲於原凍結的終止時間",
        "begins after the one before has ended": "在先前文書終止後才開始",
        "is not later than the end that is set": "不遲於現定終止日期",
        "is another end than the header's lapses_at": "與信封所載終止時間不同",
        "does not confirm it: nothing is released": "未獲確認：不得放行",
        "is no time between the request and now": "並非請求與現在之間的時間",
        "is not the desk that had to be called": "並非應致電的席位",
        "is not the directory's duty telephone": "並非名錄所載值勤電話",
        "the directory has no duty contact of that desk": "名錄並無該席位的值勤聯絡",
        "cannot be checked here": "無法在此核對",
        "is agreed not to be extended: convert it": "按協議不得延期：請轉換文書",
        "is agreed to bind nobody": "按協議並無約束力",
        "is later than was agreed for that instrument": "遲於該文書的協定期限",
        "is missing: that instrument is agreed to have an end": "欠缺：按協議該文書須有終止時間",
        "binds, comes into force or lets go: two people sign": "具約束力、使其生效或放行：須兩人簽署",
        "are missing: a variation changes lines, or payments that are allowed": "欠缺：更改須涉及項目或准許付款",
        "changes nothing": "並無更改",
        "is after the end: nothing would hold between": "遲於終止時間：其間將無文書",
        "is before the event": "早於事發時間",
        "is either an amount or all": "須為金額或全部，二者擇一",
        "is missing: an account, or the platform's": "欠缺：帳戶或平台帳戶",
        "is missing: an instrument has an end, or a review": "欠缺：文書須有終止或覆核時間",
        "is missing: say where it went, or who holds it now": "欠缺：請說明去向或現時持有人",
        "is missing: say why": "欠缺：請說明理由",
        "is missing: the instrument is a notice or an order": "欠缺：文書屬通知或命令",
        "is missing: the order's image is attached": "欠缺：已附上文書影像",
        "is no attachment of this message": "並非本訊息的附件",
        "is not CONFIRMED: nothing is released on paper alone": "並非 CONFIRMED：不得只憑文件放行",
        "is not after the start": "不遲於生效時間",
        "is set, and this instrument never binds": "已標示，但此文書從無約束力",
        "stands where something was held, and there only": "只在曾扣存時填寫",
        "stands with the planned instrument, and with it only": "只與計劃文書同時填寫",
    }
)
"""English text to Traditional Chinese text."""
