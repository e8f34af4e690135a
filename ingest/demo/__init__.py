"""The demo: a simulated fortnight of real headlines, and the script that made it."""
