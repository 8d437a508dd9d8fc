"""The schema's revisions; run by certsvc.registry.sql.migrate()."""
