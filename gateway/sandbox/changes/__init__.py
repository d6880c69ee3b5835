"""Changes of the sandbox's data: what activities and resources may be, and the resources that were changed."""
