"""What the things behind the endpoints look like as JSON (upstream contract, sections 5 to 10)."""
