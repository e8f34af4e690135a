"""Foreshock: notices when bad news comes unusually fast. This package is kernel and program."""
