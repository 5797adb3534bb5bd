"""Converts musicnn's weights and scores what they find."""
