"""The owner's side of watchlists: lists, change sets that people sign, batches, and their way to every subscriber."""
