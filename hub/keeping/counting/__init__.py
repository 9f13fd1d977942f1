"""Figures of a hub from its own tables: how many, how fast, how much. Never what, of whom or about whom."""
