"""The functions of `httpx` for plain HTTP: they do not load the certificates of all authorities, in 30 ms a call."""

from functools import partial

import httpx

delete = partial(httpx.delete, verify=False)
get = partial(httpx.get, verify=False)
options = partial(httpx.options, verify=False)
post = partial(httpx.post, verify=False)
put = partial(httpx.put, verify=False)
