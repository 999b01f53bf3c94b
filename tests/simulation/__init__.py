"""The product in a simulated world: production code under a seed, broken on purpose, held against an oracle."""
