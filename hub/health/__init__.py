"""Feature: whether the hub is well, in gRPC's standard form."""
