"""What `--help` says."""

from __future__ import annotations

from typing import Final

HELP: Final = {
    "A draft's id, or a form's file.": "草稿編號或表格檔案。",
    "A message's id, or a receipt's file.": "訊息編號或回執檔案。",
    "A message's id, or its first 6 digits.": "訊息編號，或其首 6 位。",
    "Accept the case, or with --part some parts of it.": "受理個案；以 --part 只受理部分。",
    "Accept this part only; may be repeated.": "只受理此部分；可重複使用。",
    "Acknowledge a case: your reference, your officer, your expected date.": (
        "確認收悉個案：本方檔號、承辦人員及預計日期。"
    ),
    "An agency, or hub; your own where none is named.": "機構代號或 hub；不填即為本機構。",
    "Answer by: 8h, 3d, a date; else the agreed time.": "答覆限期：8h、3d 或日期；不填則按協定。",
    "Ask the originator for what is missing. The clock changes sides.": "要求轉介機構補充資料，期限轉由對方計算。",
    "Ask the recipient to destroy or quarantine what you sent.": "追回：要求收件機構銷毀或隔離已發出的資料。",
    "Attachment id, or its beginning; all where none is named.": "附件編號或其開首；不填即為全部。",
    "Case id, or its first 6 digits.": "個案編號，或其首 6 位。",
    "Case referrals: draft, approve, send, read, answer.": "個案轉介：草擬、核准、發出、閱讀、答覆。",
    "Show which processes of the hub answer, or change the list of them.": "顯示哪些樞紐程序有回應，或更改其清單。",
    "The new list, host:port, the preferred one first.": "新的清單（主機:埠），首選者排第一。",
    "Certify a member's keys and roles, and grant it the desk's key. Renews a member, too, and takes roles away.": (
        "認證成員的金鑰及角色，並授予席位金鑰；亦用於續期及取消角色。"
    ),
    "Check a receipt: event, leaf, inclusion proof, signed checkpoint.": (
        "核實回執：事件、日誌項、收錄證明及已簽署的檢查點。"
    ),
    "Check both logs whole, and every receipt held here against them.": "完整核實兩份日誌，並逐一核對本處所持回執。",
    "Choose another passphrase for your keys.": "更改金鑰的密語。",
    "Close a case that was answered.": "就已有答覆的個案結案。",
    "Close your keys now.": "立即為金鑰上鎖。",
    "Compare an agency's fingerprint: call its officer, type what you hear. Nothing is sent to it before.": (
        "核對機構指紋：致電對方人員，輸入所聽到的數字。核對之前不會向其發送。"
    ),
    "Copies of keys for the safe, and passphrases.": "金鑰的保管副本及密語。",
    "Date by which you expect to answer, or 14d.": "預計答覆日期，或 14d。",
    "Decline the case, with a coded reason. A second person approves it.": (
        "不予受理，並註明理由代號；須由第二人核准。"
    ),
    "Deliver by: 8h, 3d, a date; else the agreed time.": "送達限期：8h、3d 或日期；不填則按協定。",
    "Desk to refer to; may be repeated with --joint.": "收件席位；配合 --joint 可重複使用。",
    "Desk; may be repeated; else this home's.": "席位；可重複使用；不填即為此節點的席位。",
    "Directory of this desk's home; else COMITY_HOME.": "此席位節點的目錄；不填則用 COMITY_HOME。",
    "Dismiss an alarm that you have looked into.": "解除已查明原因的警報。",
    "Do not ask.": "不再詢問。",
    "Draft a case referral. It stays here until a second person has approved it.": (
        "草擬個案轉介；第二人核准前不會離開本處。"
    ),
    "Draft id, or its first 6 digits.": "草稿編號，或其首 6 位。",
    "Draft it; do not send.": "只草擬，不發出。",
    "Duty telephone, day and night: +85212345678.": "二十四小時值勤電話：+85212345678。",
    "E-mail of that officer.": "該人員的電郵。",
    "End an agreement at once, from this side alone.": "由本方單獨即時終止協議。",
    "File of one custodian.": "其中一名保管人的檔案。",
    "File of the agency's root.": "機構根金鑰檔案。",
    "File of the agency's root; keep it offline.": "機構根金鑰檔案；請離線保管。",
    "File of the first custodian.": "首名保管人的檔案。",
    "File of the other custodian.": "另一名保管人的檔案。",
    "File of the second custodian.": "次名保管人的檔案。",
    "File to attach; may be repeated. Sealed here, uploaded by send.": (
        "附件檔案；可重複使用。在本處密封，發出時上載。"
    ),
    "File to hand to the other agency.": "交予對方機構的檔案。",
    "File to write.": "寫入的檔案。",
    "File to write; it must not exist yet.": "寫入的檔案；不可已存在。",
    "Filled-in form instead of options; - for the standard input.": "以填妥的表格代替選項；- 為標準輸入。",
    "Filled-in form, YAML or JSON; - for the standard input.": "填妥的表格（YAML 或 JSON）；- 為標準輸入。",
    "Folder to save into.": "儲存的資料夾。",
    "For how many days.": "有效日數。",
    "From when its mail is suspect: a date and time.": "其訊息由何時起存疑：日期及時間。",
    "Grant the desk's keys to a member again.": "再次向成員授予席位金鑰。",
    "Grants as the admin handed them over.": "管理員交付的授權檔案。",
    "How useful the referral was, 1 to 5.": "轉介的用處，1 至 5。",
    "Hub process, host:port; may be repeated.": "樞紐地址 host:port；可重複使用。",
    "Id of the agreement, or its first 6 digits.": "協議編號，或其首 6 位。",
    "Id of the alarm, or its first 6 digits.": "警報編號，或其首 6 位。",
    "In words.": "文字說明。",
    "Its fingerprint as its officer read it out; else asked for.": "對方人員讀出的指紋；不填則會詢問。",
    "KIND, or KIND:AMOUNT:CURRENCY, for example freeze:120000:HKD; may be repeated.": (
        "KIND 或 KIND:金額:貨幣，例如 freeze:120000:HKD；可重複使用。"
    ),
    'KIND:text, for example identity:"Who is it?"; may be repeated.': (
        'KIND:文字，例如 identity:"此人是誰？"；可重複使用。'
    ),
    "Keep the passphrase in the OS keyring.": "將密語存入系統鑰匙圈。",
    "Language spoken there; may be repeated; else en and zh-Hant.": "接聽語言；可重複使用；不填即為 en 及 zh-Hant。",
    "Language; else that of the locale.": "語言；不填則按系統地區設定。",
    "Last day, 2027-12-31.": "最後一日，例如 2027-12-31。",
    "Leave out what is closed.": "略去已完結的個案。",
    "Legal basis, for example a memorandum and its clause.": "法律依據，例如諒解備忘錄及其條文。",
    "Let a member renew this desk's keys by itself while it watches. It may sign nothing else.": (
        "容許成員在監察期間自行更新此席位的金鑰；不得簽署其他事項。"
    ),
    "Lock the keys of every member of this home.": "為此節點所有成員的金鑰上鎖。",
    "Make and certify a new member of this home in one go; its owner types the new passphrase.": (
        "一次過建立及認證此節點的新成員；由本人輸入新密語。"
    ),
    "Make keys for a new member in this home, and a request for its admin. The keys stay here.": (
        "為新成員在此節點製作金鑰及致管理員的申請；金鑰不會離開本處。"
    ),
    "Make this desk's home, the agency's root, and its first member, who is its admin.": (
        "建立此席位的節點、機構根金鑰及首名成員（管理員）。"
    ),
    "Member id, for example the agent's.": "成員代號，例如代理程式的代號。",
    "Member id.": "成員代號。",
    "Message id, or its first 6 digits.": "訊息編號，或其首 6 位。",
    "Message, draft or case id, or its first 6 digits.": "訊息、草稿或個案編號，或其首 6 位。",
    "Name of the agency in Chinese.": "機構中文名稱。",
    "Name of the agency in English.": "機構英文名稱。",
    "New expected date, where the last one slips, or 14d.": "延期後的新預計日期，或 14d。",
    "Officer in charge.": "承辦人員。",
    "Only what nobody has opened.": "只顯示未開啟的訊息。",
    "Open a message and show it. The sender learns that a person has seen it.": (
        "開啟並顯示訊息；發件席位會得知已有人閱讀。"
    ),
    "Open your keys: type the passphrase once, then work until you are idle.": (
        "為金鑰解鎖：輸入密語一次，閒置後自動上鎖。"
    ),
    "Origin of the hub's directory, as its operators say it.": "樞紐名錄的來源代號，由營運者提供。",
    "Print JSON for a machine.": "輸出 JSON 供程式使用。",
    "Print a form with comments, to fill in: comity referral template refer > case.yaml.": (
        "列印附註解的空白表格：comity referral template refer > case.yaml。"
    ),
    "Proofs that a message is in the log.": "訊息已載入日誌的證明。",
    "Publish the desk's duty telephone: the only number that others will call back.": (
        "公布席位的值勤電話：其他機構只會回撥此號碼。"
    ),
    "Publish the desk's next key and grant it to every live member of the desk.": (
        "發布席位的下一把金鑰，並授予席位所有現任成員。"
    ),
    "Put the keys of a backup back into this home, under a new passphrase.": (
        "將備份的金鑰還原至此節點，並設定新密語。"
    ),
    "Read a colleague's draft in full and sign it as the second person.": (
        "完整閱讀同事的草稿，並以第二人身分核准簽署。"
    ),
    "Read an agreement, sign it, and enter it in the directory. From then on cases can be sent.": (
        "閱讀並簽署協議，載入名錄；其後即可發送個案。"
    ),
    "Read passphrases from this descriptor, one a line.": "由此檔案描述符讀取密語，每行一個。",
    "Report how far the work is.": "匯報工作進度。",
    "Report what came of the case.": "匯報個案結果。",
    "Request to hand to the admin.": "交予管理員的申請檔案。",
    "Request to hand to the operators.": "交予營運者的申請檔案。",
    "Restore the root from both custodians' files.": "以兩名保管人的檔案還原根金鑰。",
    "Role; may be repeated: analyst, approver, supervisor, duty-desk, agent, auditor, admin.": (
        "角色；可重複使用：analyst（分析）、approver（核准）、supervisor（主管）、duty-desk（值勤）、agent（"
        "代理程式）、auditor（審計）、admin（管理）。"
    ),
    "Save attachments of a message or draft, under safe names, after the whole of each was found genuine.": (
        "核實訊息或草稿的附件完整無誤後，以安全檔名儲存。"
    ),
    "Say everything that is missing or wrong in a form, or that stands against sending a draft.": (
        "列出表格的缺漏及錯誤，或草稿未能發出的原因。"
    ),
    "Say what was done after a recall.": "回覆追回：說明已作何處置。",
    "Say which desk should have the case. Needs the originator's consent.": (
        "轉交：說明應由哪一席位處理；須得轉介機構同意。"
    ),
    "Seal a draft anew: a key has changed or it is too old. You become its author; both sign again.": (
        "重新密封草稿（金鑰已更換或草稿過舊）；你成為擬稿人，兩人須再次簽署。"
    ),
    "Sealed referrals between authorities: written here, read by the addressee, proved by the log.": (
        "主管機構之間的密封轉介：在此撰寫，只有收件方可讀，日誌為證。"
    ),
    "Seconds without use until the keys are locked again.": "閒置多少秒後重新上鎖。",
    "Send a draft that is ready: attachments first, then the message. Safe to repeat.": (
        "發出已備妥的草稿：先上載附件，再發訊息；可安全重複執行。"
    ),
    "Send it at once.": "隨即發出。",
    "Sent and discarded ones, too.": "連同已發出及已作廢的草稿。",
    "Several desks together, which see one another.": "多個席位共同處理，彼此可見。",
    "Show a draft in full and who will be able to read it, without signing.": "完整顯示草稿及可閱讀者，不作簽署。",
    "Show a fingerprint to read out or to compare; comparing is what `agency pin` does.": (
        "顯示指紋以供讀出或核對；核對請用 `agency pin`。"
    ),
    "Show all that waits for you, the most urgent first.": "顯示你的所有待辦事項，最緊急者先行。",
    "Show received messages, without opening them.": "顯示收到的訊息，但不開啟。",
    "Show sent messages and how far each has come, as far as it is proved.": "顯示已發出的訊息及已獲證明的進度。",
    "Show the agencies, their desks and duty telephones, and whose fingerprint was compared here.": (
        "顯示各機構、席位、值勤電話及本處已核對的指紋。"
    ),
    "Show the agreements of this agency that stand.": "顯示本機構現行的協議。",
    "Show the alarms that nobody has dismissed.": "顯示尚未解除的警報。",
    "Show the cases of this desk and whose turn it is.": "顯示本席位的個案及輪到哪一方。",
    "Show the drafts of this desk, and who must act on them.": "顯示本席位的草稿及須採取行動的人。",
    "Show the members of this agency: roles, desks, and until when.": "顯示本機構成員：角色、席位及有效期。",
    "Show what is here; do not ask the hub.": "只顯示本處資料，不連接樞紐。",
    "Show where a failure came from.": "顯示失敗的來源。",
    "Show whose keys lie in this home, and whether they are unlocked.": "顯示此節點存有哪些成員的金鑰及是否已解鎖。",
    "Sign with the agency's root instead of an admin's key.": "以機構根金鑰代替管理員金鑰簽署。",
    "Split a copy of the root between two custodians; neither file says anything alone.": (
        "將根金鑰副本分予兩名保管人；單獨一份毫無用處。"
    ),
    "Stay connected and show what arrives, as it arrives. Stop with Ctrl-C.": (
        "保持連線，即時顯示收到的訊息；按 Ctrl-C 停止。"
    ),
    "Stop after so many seconds.": "多少秒後停止。",
    "Supply what was asked for.": "提交對方要求補充的資料。",
    "Take a case back before it was delivered; afterwards it is a recall.": ("在送達之前撤回個案；送達之後須用追回。"),
    "Take a sealed draft from another home of this desk.": "匯入本席位另一節點的密封草稿。",
    "Take grants of the desk's key that were made in another home.": "接收在另一節點製作的席位金鑰授權。",
    "Take the operators' answer, after comparing the hub's fingerprint with them by telephone.": (
        "以電話與營運者核對樞紐指紋後，接收其答覆。"
    ),
    "Take the passphrase from the OS keyring.": "由系統鑰匙圈取得密語。",
    "Telephone of that officer; else the desk's duty telephone.": "該人員的電話；不填即為席位的值勤電話。",
    "The agency.": "機構代號。",
    "The agreement as the other agency signed it.": "對方機構已簽署的協議檔案。",
    "The audit log, checked from the bytes.": "審計日誌：逐位元核實。",
    "The backup file.": "備份檔案。",
    "The desk that should have it.": "應處理個案的席位。",
    "The desk's key, its duty telephone, and who renews it.": "席位金鑰、值勤電話及負責更新者。",
    "The desk, agency/desk.": "席位，格式為 機構/席位。",
    "The hub's fingerprint as an operator read it out; else asked for.": "營運者讀出的樞紐指紋；不填則會詢問。",
    "The message it is about; else the one that opened the case.": "所關乎的訊息；不填即為開立個案的訊息。",
    "The new member's request.": "新成員的申請檔案。",
    "The operators' answer.": "營運者的答覆檔案。",
    "The other agency.": "對方機構。",
    "The people of this agency and their keys.": "本機構的成員及其金鑰。",
    "The recall that it answers; else the newest.": "所回覆的追回；不填即為最新者。",
    "The sealed draft.": "密封草稿檔案。",
    "This agency's home, joining, and other agencies' fingerprints.": "本機構的節點、加入程序及其他機構的指紋。",
    "Throw a draft away.": "作廢草稿。",
    "Two letters, for example HK.": "兩個字母，例如 HK。",
    "Unit of that officer.": "該人員的單位。",
    "What a person must look at.": "須由人員查看的事項。",
    "What for: refer, ack, ask, supply …": "用途：refer、ack、ask、supply …",
    "What it covers; may be repeated.": "涵蓋範圍；可重複使用。",
    "What the form is for.": "表格用途。",
    "What two agencies have agreed to send each other.": "兩個機構議定可互相發送的事項。",
    "When the telephone is answered.": "電話接聽時間。",
    "Where cases stand, and what happened in them.": "個案的進展及經過。",
    "Who acts; else the one who is unlocked.": "操作人；不填即為已解鎖的成員。",
    "Who may open cases: both, ours or theirs.": "何方可開立個案：both（雙方）、ours（我方）或 theirs（對方）。",
    "Who owns it now.": "現由何人負責。",
    "Why it slips.": "延期原因。",
    "Write a message's receipt to a file, to hand to somebody who checks it.": "將訊息的回執寫入檔案，以供他人核實。",
    "Write a sealed draft and its attachments to a file, for an approver who works in another home of this desk.": (
        "將密封草稿及附件寫入檔案，供本席位另一節點的核准人使用。"
    ),
    "Write an agreement, signed by this agency, for the other one to sign.": "製作並簽署協議，供對方機構簽署。",
    "Write the request to join, for the operators, and show the root's fingerprint.": (
        "製作致營運者的加入申請，並顯示根金鑰指紋。"
    ),
    "Write your keys and the desk's to a file for the safe, under a passphrase of its own.": (
        "將你的金鑰及席位金鑰寫入備份檔案，另設密語，存於夾萬。"
    ),
    "Your own reference.": "本方檔號。",
    "authority, holder or issuer.": "authority（主管機構）、holder（持有機構）或 issuer（發行機構）。",
    "destroyed, quarantined or cannot-comply.": (
        "destroyed（已銷毀）、quarantined（已隔離）或 cannot-comply（未能照辦）。"
    ),
    "false-positive, wrong-recipient or legal.": (
        "false-positive（資料有誤）、wrong-recipient（誤送）或 legal（法律原因）。"
    ),
    "left, compromised, superseded or error.": (
        "left（離任）、compromised（外洩）、superseded（已取代）或 error（錯誤）。"
    ),
    "no-power, not-in-public-interest, insufficient, duplicate, capacity, conflict or time-barred.": (
        "no-power（無權處理）、not-in-public-interest（不符公眾利益）、insufficient（資料不足）、duplicate（"
        "重複）、capacity（人手不足）、conflict（利益衝突）或 time-barred（已過時效）。"
    ),
    "routine, urgent or flash.": "routine（普通）、urgent（緊急）或 flash（特急）。",
    "Files to attach.": "附件檔案。",
    "Attach files to a draft that has none. It is sealed anew; you become its author and both sign again.": (
        "為未有附件的草稿加入附件；草稿重新密封，你成為擬稿人，兩人須再次簽署。"
    ),
    "The desk, where the case is with several.": "收件席位（個案涉及多個席位時）。",
    "End a member's keys at once. The desk gets a new key at once, which leaves it out.": (
        "立即撤銷成員的金鑰；席位同時更換不含該成員的新金鑰。"
    ),
    "Key id, 64 hexadecimal digits.": "金鑰編號，64 位十六進制數字。",
    "Block a key that bears this agency's name though nobody here made it.": (
        "封鎖以本機構名義登記、但並非本處製作的金鑰。"
    ),
    "It begins now, not a day ahead.": "即時生效，而非一日後。",
    "Folder for the grants, for a member's other home.": "存放授權檔案的資料夾，供成員的另一節點使用。",
}
"""English text to Traditional Chinese text."""
