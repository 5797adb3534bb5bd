"""What every reader yields: the beginnings of playlists and their rows, with names, plays and details of albums."""
