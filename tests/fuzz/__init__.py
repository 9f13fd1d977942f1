"""Long searches for failures, with short forms that run as tests: `make fuzz`."""
