"""The desk: pages for operators, behind a login."""

from certsvc.web.desk import deeds, door, registrations, staff

DESK_MODULES = (door, deeds, staff, registrations)
"""Modules whose blueprint is under /desk; all others import door.py and stand here too."""
