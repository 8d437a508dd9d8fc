"""The benchmark behind ``make bench``: rows measured side by side on one core (docs/benchmark.md)."""
