"""Re-checks everything issued with code of its own and judges from outside (docs/audit.md)."""
