"""The desk: pages for operators, behind a login."""

from certsvc.web.desk import batches, condition, deeds, door, expiring, lookups, registrations, staff

DESK_MODULES = (door, deeds, staff, registrations, expiring, batches, lookups, condition)
"""Modules whose blueprint is under /desk; all others import door.py and stand here too."""
