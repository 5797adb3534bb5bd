"""What a recording sounds like, from its samples: a vector to find sound-alikes by, and tags of genre and mood."""
