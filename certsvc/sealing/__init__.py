"""Keys, seals and their checks; seal and check of one format lie in one file."""
