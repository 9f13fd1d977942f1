"""Rows as the check of everything reads them."""
