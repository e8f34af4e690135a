"""Turn spikes into alerts and get them to people, once, with their evidence."""
