"""The rules of the register: pure functions over frozen values; no clock, disk, network or environment."""
