"""The pages as people meet them: a real browser, a real server, nothing else on the network."""
