"""A second implementation of the protocol, in JavaScript, and what plays it against the first."""
