"""Envelopes and acknowledgements: checked, sequenced, answered with receipts."""
