"""Many at once: plan, run, follow, resume, cancel, hand out. The registry's item table holds the truth."""
