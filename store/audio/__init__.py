"""The listener's own audio files, and what they sound like."""
