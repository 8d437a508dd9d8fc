"""HTTP: the API and the public pages."""
