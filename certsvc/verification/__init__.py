"""FLOW 2: from what somebody holds to a Report."""
