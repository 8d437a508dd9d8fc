"""Whole flows through the real services."""
