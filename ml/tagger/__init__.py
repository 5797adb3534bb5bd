"""Analysis of a recording's samples: a vector by which sound-alikes are found, and tags of genre and mood."""
