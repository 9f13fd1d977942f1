"""What operators do with the data of a hub beside serving it: check it, copy it, put it back, count it."""
