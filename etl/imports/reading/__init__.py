"""Bytes, texts and documents: what a file is made of, and what has been found out or said of it."""
