"""Panes, windows, the detector, and the engines that drive them."""
