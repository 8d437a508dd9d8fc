"""One file per revision, named by it, never edited once released."""
