"""The check of attachments: totals, which envelopes name them, and whether their bytes are there."""
