"""MongoDB: the connection, the embedded server, the indexes and the version of the stored documents."""
