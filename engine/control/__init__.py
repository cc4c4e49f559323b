"""Signals that answer to the traffic: controllers say what they want, a monitor shows what is safe."""
