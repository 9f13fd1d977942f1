"""Watchlists on an agency's side: importing, owning, following, screening, exporting."""
