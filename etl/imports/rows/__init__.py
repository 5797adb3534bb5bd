"""What every reader gives: the beginnings of playlists and their rows; names, plays and details of albums in them."""
