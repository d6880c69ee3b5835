"""Made-up clients, people and activities, all seven kinds, from a seed."""
