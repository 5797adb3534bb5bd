"""One's own music: scans of folders, tags and covers, and the safe opening of what is played."""
