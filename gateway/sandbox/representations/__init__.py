"""The JSON representations of resources (upstream contract, sections 5 to 10)."""
