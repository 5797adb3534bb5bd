"""From a file of sound to audio features and an audio analysis in Spotify's form."""
