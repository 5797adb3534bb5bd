"""Converts musicnn's weights to LiteRT and scores its vectors."""
