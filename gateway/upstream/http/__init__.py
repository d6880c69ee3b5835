"""One read of the upstream over HTTP: coalesced, retried, limited, and translated when it fails."""
