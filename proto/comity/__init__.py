"""What both sides of Comity must agree on, byte for byte.

The hub and the agencies' software meet only here. Nothing in this package does I/O, reads a clock or knows a database.
"""
