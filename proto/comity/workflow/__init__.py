"""What may happen next: one engine, one table a family, one file of deadlines.

The hub and the agents run the same code, so what the hub refuses the agents refuse. Nothing here does I/O but to read
its own packaged profile, reads a clock, or knows protobuf.
"""
