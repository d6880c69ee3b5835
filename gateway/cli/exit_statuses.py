"""The exit statuses of commands, besides 0."""

FAILURE = 1
"""The check failed."""

USAGE = 2
"""The command line or the configuration is wrong, as Click has it."""

INTERRUPTED = 130
"""Ctrl-C ended the command, in the way of shells: 128, and the number of SIGINT."""
