"""The database: append-only events, versions, copies; every row under a MAC."""
