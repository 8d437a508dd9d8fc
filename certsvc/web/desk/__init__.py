"""The desk: pages for operators, behind a login."""

from certsvc.web.desk import door

DESK_MODULES = (door,)
"""Modules whose blueprint is under /desk; all others import door.py and stand here too."""
