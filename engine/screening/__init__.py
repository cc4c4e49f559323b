"""A traffic model that scores thousands of plans a minute, so that SUMO has to judge only the best of them."""
