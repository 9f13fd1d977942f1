"""The hub: routes, orders, enforces the workflow and proves what happened, and cannot read a word of it."""
