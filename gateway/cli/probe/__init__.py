"""`gateway probe`: asks the real REST API whether the gateway's assumptions hold, and reports shapes, never values."""
