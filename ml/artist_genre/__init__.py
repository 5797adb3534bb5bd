"""What the artist says of the genre of a track: an expert that is pooled with the genre model."""
