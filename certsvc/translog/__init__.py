"""The transparency log as mathematics and text: hashes, tiles, proofs, notes. No database, no network."""
