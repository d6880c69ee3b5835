"""The endpoints of the emulated REST API, each a function from a request to a response."""
