"""One file for each kind of thing that is checked; checklist.py is their table."""
