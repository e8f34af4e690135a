"""Ingest: from a source to items in their stories. One file per step of the way."""
