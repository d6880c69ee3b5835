"""The requests of `httpx` without TLS: each would load the certificates of all authorities, in 30 ms."""

from functools import partial

import httpx

delete = partial(httpx.delete, verify=False)
get = partial(httpx.get, verify=False)
options = partial(httpx.options, verify=False)
post = partial(httpx.post, verify=False)
put = partial(httpx.put, verify=False)
