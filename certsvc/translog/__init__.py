"""The transparency log as mathematics and text: hashes, tiles, proofs, checkpoints. No database, no network."""
