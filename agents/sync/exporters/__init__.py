"""Watchlists for other systems: CSV, STIX 2.1, GraphSense TagPack and MISP, as far as the handling allows."""
