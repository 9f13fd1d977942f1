"""Following: what other agencies publish, taken from this desk's mailbox into the screening store, and nothing lost."""
