"""Ways to run the network: one protocol, one module for each implementation."""
