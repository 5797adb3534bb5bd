"""Text as rows below headings: what the columns hold, how the file writes its values, and the tracks of its rows."""
