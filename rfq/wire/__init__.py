"""The edge where messages become the desk's words, and the other way round."""
