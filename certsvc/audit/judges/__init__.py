"""Readers and cryptography of other people, each behind the one question the audit asks it."""
