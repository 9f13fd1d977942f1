"""The directory: who exists, with which keys. Replayed in full by every client and by the hub, with the same code.

`statements` parses and makes what is signed; `records` is what a replay remembers; `state` answers questions as of a
size; `replay` is the only road by which an entry gets into a state, with the `rules` of PROTOCOL.md, section
"Directory".
"""

from comity.directory.heads import Head, sign_head, verify_head
from comity.directory.replay import Directory
from comity.directory.state import View
from comity.directory.statements import SignedStatement, parse_entry, parse_statement, sign_body

__all__ = [
    "Directory",
    "Head",
    "SignedStatement",
    "View",
    "parse_entry",
    "parse_statement",
    "sign_body",
    "sign_head",
    "verify_head",
]
