"""What feeds ticks to the machine: one module per way to run."""
