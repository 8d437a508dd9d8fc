"""Pages whose commands a reader copies: they are run."""
