"""certsvc: issues and verifies electronic registration certificates of first-class constructors."""
