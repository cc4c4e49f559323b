"""The only package that touches SUMO."""
