"""The channels between the stages: one protocol (`base`) and its implementations."""
