"""Where tracks come from: the sources, gathering from them, uploaded files, and the runs of all these."""
