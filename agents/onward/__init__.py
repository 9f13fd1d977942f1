"""What all families share beyond one leg: onward consent, recall that reaches third holders, links, duplicates."""
