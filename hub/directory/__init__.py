"""Feature: the directory, replayed by the hub with the code that every client replays it with."""
