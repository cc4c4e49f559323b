"""`greensplit replay`: benchmark junctions, or a study, against what is on record."""
