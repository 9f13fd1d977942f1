"""`comity`: the command line of an agency's desk. One noun a file; each is a face of `agents.client`.

Never does: cryptography, workflow rules, anything that the SDK does not prove.
"""
