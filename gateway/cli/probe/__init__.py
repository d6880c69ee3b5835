"""`gateway probe`: checks the gateway's assumptions against the real REST API, and reports shapes, never values."""
