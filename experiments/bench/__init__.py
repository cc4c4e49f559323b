"""The speed figures of the project, each beside the peer that it is held against."""
