"""What runs: networks, plans, simulations, workers, the ledger, search and statistics."""
