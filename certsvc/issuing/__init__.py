"""FLOW 1: from an event or a request to a sealed file (docs/issuing-cycle.md)."""
