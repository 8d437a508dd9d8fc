"""The sample registration desk, and the tale that is our test from end to end."""
