"""Tokens, codes and QR symbols."""
