"""Peers: programs as a user without Greensplit writes them. Their arguments are SUMO's own options."""
