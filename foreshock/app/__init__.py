"""The composition root: which parts make a live run, a demo, a replay."""
