"""The command line. Modules here import at the top only what is quick to import: --help must not wait."""
