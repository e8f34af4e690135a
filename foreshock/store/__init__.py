"""Where records rest: one protocol (`base`), the tables (`schema`) and their implementation."""
