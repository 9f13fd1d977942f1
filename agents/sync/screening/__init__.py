"""Screening: the lists that an agency follows, kept so that a wallet is found in microseconds, hub or no hub."""
