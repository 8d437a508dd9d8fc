"""Who may come in, and what they did: operators, passwords, sessions, roles, actions."""
