"""What an agency runs: the SDK, the key process, the agents and the command line. Meets the hub in `comity` only."""
