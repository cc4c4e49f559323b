"""`greensplit calibrate`: demand and driving fitted to what was counted, and judged on seeds that the fit never saw."""
