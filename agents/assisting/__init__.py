"""Cross-border assistance at the agency's side: its verbs, the rules of its content, and how a request's story reads.

Never does: move a case (`agents/intake.py`), seal or send (`agents/drafting.py`).
"""
