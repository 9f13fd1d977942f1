"""Cross-border assistance: commands, screens, fields, codes."""

from __future__ import annotations

from typing import Final

ASSISTANCE: Final = {
    "A question; may be repeated.": "問題；可重複指定。",
    "Acceptable if": "如何方可接納",
    "All that was asked is answered.": "所問各項均已答覆。",
    "Already prosecuted": "已在當地檢控",
    "Ask again after a reply, within the same scope.": "在收到答覆後，於原有範圍內再次提問。",
    "Asked orally: it lapses at {time} unless it is completed in writing.": (
        "以口頭提出：如未以書面補正，將於 {time} 失效。"
    ),
    "Audit papers": "審計工作底稿",
    "Beyond oral": "超出口頭通知之處",
    "Bilateral": "雙邊備忘錄",
    "Carries freeze": "附帶凍結",
    "Case id": "個案編號",
    "Case, message or draft id, or its first 6 digits.": "個案、訊息或草稿編號，或其首 6 位。",
    "Communication records": "通訊記錄",
    "Competence": "職權依據",
    "Condition of use": "使用條件",
    "Condition of use of this part alone; may be repeated.": "只適用於此部分的使用條件；可重複指定。",
    "Conditions not accepted": "條件不獲接受",
    "Confidentiality": "保密要求",
    "Confidentiality not assured": "未能確保保密",
    "Confirmation by a second person": "第二人確認",
    "Cost": "費用",
    "Courtesy": "禮讓協助",
    "Cross-border assistance: ask, answer in parts, follow up.": "跨境協助：提出請求、分部答覆、跟進。",
    "Danger to person": "危及人身安全",
    "Date by which more is expected, or 14d.": "預計可再答覆的日期，或 14d。",
    "Date on which that is looked at again, or 14d.": "再行檢視的日期，或 14d。",
    "Decided by": "決定者",
    "Desk that was asked by telephone.": "曾以電話請求的席位。",
    "Desk to ask; may be repeated with --joint.": "請求協助的席位；與 --joint 併用時可重複指定。",
    "Disproportionate": "不相稱",
    "Draft a request for assistance. It stays here until a second person has approved it.": (
        "草擬協助請求；經第二人核准前不會送出。"
    ),
    "Earlier": "較早個案",
    "Earlier requests": "先前及並行的請求",
    "Egmont": "埃格蒙特集團",
    "Evidence form": "證據形式",
    "Family": "業務類別",
    "Feedback": "使用回饋",
    "File with the handling of this part alone; else the case's own.": (
        "只適用於此部分的處理規限檔案；不填即沿用個案的規限。"
    ),
    "Final": "已全部答覆",
    "First answer": "首次答覆",
    "Follow on": "後續追查",
    "Follow-up": "跟進提問",
    "Fundamental principles": "違反基本法律原則",
    "Harms own investigation": "妨礙本方調查",
    "Hit": "有資料",
    "How useful the answer was, 1 to 5.": "答覆的用處，1 至 5。",
    "IOSCO EMMoU": "IOSCO 加強版多邊備忘錄（EMMoU）",
    "IOSCO MMoU": "IOSCO 多邊備忘錄（MMoU）",
    "Incomplete": "資料不全",
    "Information held": "對方所持資料",
    "Instrument": "文書",
    "Instrument text": "文書說明",
    "Intended uses": "擬作用途",
    "Joint work": "聯合行動",
    "Judicial authority refused": "司法機關拒絕",
    "Jurisdiction link": "與該司法管轄區的關聯",
    "Kinds": "請求類別",
    "Laid aside": "擱置原因",
    "Latest useful date": "最後有用日期",
    "Lay the work aside until a date.": "擱置工作，至指定日期再檢視。",
    "Legal deadlines": "法定期限",
    "Linked cases": "相關個案",
    "Links": "相關個案",
    "Made orally": "曾以口頭提出",
    "Must not know": "不得知悉者",
    "No hit": "沒有資料",
    "No legal power": "沒有法定權力",
    "Nobody has read this yet": "尚未有人閱讀",
    "Nobody; it ended by its own date, because too few people stood behind it.": (
        "無須行動；因支持人數不足，已按期失效。"
    ),
    "Nobody; it was not stored in time, or reached its end. The originator may open a new case.": (
        "無須行動；逾期未儲存或已屆終止，來源機構可另開個案。"
    ),
    "Not held": "並無持有",
    "Not yet known": "尚未得知",
    "Number": "編號",
    "Number of parts": "部分總數",
    "Number of parts that there will be.": "答覆將分為多少部分。",
    "Number of this part; else the next one.": "此部分的編號；不填即為下一部分。",
    "On site": "實地工作",
    "Only complete is filled from a case.": "只有 complete 可由個案預填。",
    "Only request, oral and complete have an instrument and kinds.": (
        "只有 request、oral 及 complete 設有文書及請求類別。"
    ),
    "Onward parties": "擬再披露對象",
    "Oral notice": "口頭通知",
    "Out of scope": "超出文書範圍",
    "Part of a reply": "部分答覆",
    "Part {n} of {total}": "第 {n} 部分，共 {total} 部分",
    "Parts of the answer": "答覆各部分",
    "Police": "警務合作",
    "Print a form with comments, to fill in: comity assist template request > request.yaml.": (
        "列印附註解的空白表格：comity assist template request > request.yaml。"
    ),
    "Public interest": "公眾利益",
    "Put an oral notice in writing, with the same subject and scope. A second person approves it.": (
        "以書面補正口頭通知，對象及範圍須相同；由第二人核准。"
    ),
    "Put it in writing before it lapses": "請在失效前以書面補正",
    "Then hand it in; a second person approves it": "然後遞交，由第二人核准",
    "Put on record what was asked by telephone. It lapses unless two people complete it in writing in time.": (
        "記錄以電話提出的請求；如兩人未及時以書面補正，即告失效。"
    ),
    "Reciprocity": "互惠",
    "Records": "機構記錄",
    "Refusal": "拒絕協助",
    "Refuse, with a coded reason and what would make the request acceptable. A second person approves it.": (
        "拒絕協助，須列明理由代號及如何方可接納；由第二人核准。"
    ),
    "Relation": "關係",
    "Replied": "已答覆",
    "Reply": "答覆",
    "Request": "請求",
    "Request in full": "完整請求",
    "Requested authority": "被請求機關",
    "Requesting authority": "請求機關",
    "Resumption": "恢復工作",
    "Review date": "覆檢日期",
    "SFO s.186": "《證券及期貨條例》第 186 條",
    "Same facts": "案情相同",
    "Say what the answer was good for. Due 90 days after it.": "回饋答覆的用處；須於答覆後 90 日內提交。",
    "Say whether there is anything, before it is sent.": "在送出資料前，先答覆有否資料。",
    "Say with --of how many parts there will be.": "請以 --of 指明答覆將分為多少部分。",
    "Second a colleague's oral notice. It still has to be completed in writing.": (
        "以第二人身分確認同事的口頭通知；其後仍須以書面補正。"
    ),
    "Send one part of the answer, under a handling and conditions of its own. The last part is a reply.": (
        "送出答覆的一部分，處理規限及使用條件自成一套；最後一部分為 reply。"
    ),
    "Send the last part of the answer, or the only one.": "送出答覆的最後一部分，或唯一一部分。",
    "Service": "送達文書",
    "Show how a request stands; or open a message of it, so that the sender learns that a person has seen it.": (
        "顯示請求的進展；或開啟其中訊息，發件方會得知已有人閱讀。"
    ),
    "Signatory": "獲授權簽署人",
    "Spoken at": "通話時間",
    "Spoken to": "通話對象",
    "Spontaneous information": "主動提供的資料",
    "Statement conduct": "錄取陳述的方式",
    "Suspension": "擱置",
    "Take the work up again.": "恢復工作。",
    "That case began in writing: there is nothing to complete.": "該個案以書面提出，無須補正。",
    "That case belongs to `comity {noun}`.": "該個案屬於 `comity {noun}`。",
    "The freeze case that this request carries.": "此請求附帶的凍結個案。",
    "The oral notice that the form is to put in writing.": "表格所要補正的口頭通知。",
    "The originator gives feedback, asks on or closes.": "待請求方回饋、跟進或結案。",
    "The recipient resumes, or refuses, by its review date.": "待被請求方於覆檢日期前恢復工作或拒絕。",
    "The recipient works, and reports the outcome or replies.": "收件機構處理中，其後匯報結果或答覆。",
    "Third party refused": "第三方拒絕",
    "Use conditions": "使用條件",
    "Used for": "用於",
    "What for: request, oral, complete, reply-part …": "用於：request、oral、complete、reply-part 等。",
    "What is asked for: information-held, records, freeze …; may be repeated.": (
        "請求類別：information-held、records、freeze 等；可重複指定。"
    ),
    "What it was used for; may be repeated.": "曾用於何事；可重複指定。",
    "What was asked.": "所請求的事項。",
    "What would make the request acceptable.": "如何方可接納此請求。",
    "When: 2026-03-01T14:05; else now.": "通話時間：2026-03-01T14:05；不填即為現在。",
    "Why it could not wait for writing.": "為何不能待書面提出。",
    "Why the work is laid aside.": "擱置工作的原因。",
    "Why useful": "有何用處",
    "With whom it was spoken.": "與何人通話。",
    "hit, no-hit or not-yet-known.": "hit（有）、no-hit（沒有）或 not-yet-known（尚未得知）。",
    "iosco-mmou, iosco-emmou, bilateral, egmont, police, sfo-s186 or courtesy.": (
        "iosco-mmou、iosco-emmou、bilateral、egmont、police、sfo-s186 或 courtesy。"
    ),
    "out-of-scope, no-legal-power, incomplete, not-held …; --reason ? lists them.": (
        "out-of-scope、no-legal-power、incomplete、not-held 等；--reason ? 可列出全部。"
    ),
}
"""English text to Traditional Chinese text."""
