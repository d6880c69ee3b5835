"""The command line: serving, the sandbox, the schema and single operations."""
