"""What listeners would say of a track (energy, valence ...), learnt from tracks of which a provider has said it."""
