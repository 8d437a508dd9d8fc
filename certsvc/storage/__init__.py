"""Issued bytes under their reserved id and format: written once, never changed."""
