"""The messages and services of the wire, generated from the `.proto` files beside them. Never edited."""
