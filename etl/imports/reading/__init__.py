"""Reads files as bytes, text or documents, detects their form, and holds a person's options for reading them."""
