"""The one road out: each desk's items, in the order of the log."""
