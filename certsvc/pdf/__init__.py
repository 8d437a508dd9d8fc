"""PDF syntax (ISO 32000-1): objects, cross-references, a file with a hole for its signature."""
