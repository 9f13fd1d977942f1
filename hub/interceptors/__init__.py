"""What every call passes before a feature sees it. The list is in `chain`."""
