"""What the page of a playlist shows: an overview of it, and its rows as columns."""
