"""The whole deployment as plain processes, and what its files say."""
