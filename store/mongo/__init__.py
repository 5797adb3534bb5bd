"""MongoDB: the connection, the embedded server, the indexes and the version of what is stored."""
