"""The user's own music: scans of folders, tags and covers, and opening files safely."""
