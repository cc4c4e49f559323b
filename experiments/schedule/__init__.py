"""`greensplit schedule`: plans by the time of day, their periods found in the demand."""
