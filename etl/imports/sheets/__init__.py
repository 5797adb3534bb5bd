"""Text as rows with headings: the meaning of columns, how the file writes values, and the tracks of its rows."""
