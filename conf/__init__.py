"""Hydra configuration: one group of options a folder."""
