"""The bench: what one hub process takes, beside a bare gRPC echo of the same bytes in the same run."""
