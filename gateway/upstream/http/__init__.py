"""HTTP reads of the upstream: single-flight, stale-if-error, retry, bulkhead, circuit breaker, transport."""
