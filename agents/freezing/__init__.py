"""Asset freezes at an agency: what is said, what the ledger of each line adds up to, who is called back.

Never does: move a case (`agents/intake.py` does, by the log), say "frozen" before the holder has reported.
"""
