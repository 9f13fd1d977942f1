"""`comity-hub …`: what the people who run a hub type. The only part of the hub that prints."""
