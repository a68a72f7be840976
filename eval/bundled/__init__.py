"""The ladder that ships: the generator of its text, its training, its registration."""
