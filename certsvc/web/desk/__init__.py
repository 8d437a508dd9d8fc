"""The desk: pages for operators, behind a login."""

from certsvc.web.desk import deeds, door, staff

DESK_MODULES = (door, deeds, staff)
"""Modules whose blueprint is under /desk; all others import door.py and stand here too."""
