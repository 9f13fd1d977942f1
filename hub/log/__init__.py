"""The audit trail: the one road by which anything changes, the two logs it appends to, and proofs made from them."""
