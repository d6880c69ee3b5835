"""The upstream REST API: makes a read of an endpoint, or of a client's activities."""

import asyncio
import time
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import httpx
from msgspec import Raw

from gateway.config.settings import Settings
from gateway.errors import InvalidUpstreamResponse
from gateway.upstream.credentials import Caller
from gateway.upstream.endpoints import Endpoint
from gateway.upstream.http.fetcher import UpstreamFetcher
from gateway.upstream.http.futures import completed_future
from gateway.upstream.http.instrumentation import UpstreamInstrumentation
from gateway.upstream.http.read import Read, ReadTemplate, encode_parameter
from gateway.upstream.http.read_result import Err, ReadResult
from gateway.upstream.records import decoding, survey
from gateway.upstream.records.enums import ActivityKind
from gateway.upstream.surprises import observe_surprises

_TIMELINE_ID_NAMES = ("clientId", "appointmentId")


class UpstreamApi:
    """The upstream REST API. Safe to share between requests: responses are shared within one identity only.

    A read starts at the call. Its result is an `Err` where the upstream gives no usable response.
    """

    def __init__(
        self,
        settings: Settings,
        transport: httpx.AsyncBaseTransport,
        *,
        instrumentation: UpstreamInstrumentation | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._instrumentation = instrumentation or UpstreamInstrumentation()
        self._fetcher = UpstreamFetcher(
            settings, transport, instrumentation=self._instrumentation, now=now
        )
        self._settings = settings
        self._activities_path = f"{settings.activities_prefix}/activities"
        self._template_by_endpoint: dict[Endpoint[Any], ReadTemplate[Any]] = {}

    def record_unknown_company(self) -> None:
        """Record that a resource cannot be read, because its company is unknown."""
        self._instrumentation.record_unknown_company()

    async def sample_responses(self) -> None:
        """Survey some responses as a whole until cancelled: what differs from the contract is counted."""
        await self._fetcher.pipeline.sampler.run()

    def report_timeline_surprises(self) -> AbstractContextManager[None]:
        """Context manager around the decoding of activities: surprises in them are counted."""
        return observe_surprises(
            partial(self._instrumentation.record_surprise, self._activities_path)
        )

    def activities(
        self,
        caller: Caller,
        client_id: str,
        *,
        kinds: Collection[ActivityKind] | None = None,
        appointment_id: str | None = None,
        newest_first: bool = False,
    ) -> asyncio.Future[ReadResult[list[Raw]]]:
        """A client's timeline in any order, each activity still to be decoded.

        Where the upstream fails, the timeline may be a stale one, with further kinds in it. Entities are
        never stale: nothing in an entity could say so.

        Args:
            caller: The caller of the read.
            client_id: The client whose timeline is read.
            kinds: Only these kinds; None for all, including kinds that are not known yet.
            appointment_id: Only activities of this appointment.
            newest_first: The order requested from the upstream. The response may have another order: that of
                an equal read, or of the stale timeline.
        """
        path = self._activities_path
        subject = f"{path}?clientId={encode_parameter(client_id)}"
        order = "&sort=desc" if newest_first else "&sort=asc"
        types = "" if kinds is None else f"&type={_type_parameter(kinds)}"
        appointment = (
            "" if appointment_id is None else f"&appointmentId={encode_parameter(appointment_id)}"
        )
        ids = (client_id,) if appointment_id is None else (client_id, appointment_id)
        key = caller.identity, subject + types + appointment
        all_kinds_key = caller.identity, subject + appointment
        return self._fetcher.fetch(
            Read(
                caller,
                path,
                subject + order + types + appointment,
                key,
                ((path, client_id),),
                decoding.items,
                survey.survey_timeline,
                stale_keys=(key, all_kinds_key),
                id_names=_TIMELINE_ID_NAMES[: len(ids)],
                ids=ids,
            )
        )

    def fetch(
        self, caller: Caller, endpoint: Endpoint[Any], *ids: str
    ) -> asyncio.Future[ReadResult[Any]]:
        """A resource, or None where the upstream does not know it; of a list endpoint, the `ResourceIndex`.

        Args:
            caller: The caller of the read.
            endpoint: The endpoint.
            ids: The ids in the path, and those in the query.
        """
        template = self._template_by_endpoint.get(endpoint)
        if template is None:
            template = self._template_by_endpoint[endpoint] = self._template(endpoint)
        try:
            read = template.fill(caller, ids)
        except InvalidUpstreamResponse as error:
            return completed_future(Err(error.with_traceback(None), None, 0, attempts=0))
        return self._fetcher.fetch(read)

    def _template(self, endpoint: Endpoint[Any]) -> ReadTemplate[Any]:
        return ReadTemplate(
            getattr(self._settings, endpoint.setting) + endpoint.path,
            partial(
                decoding.index_resources if endpoint.is_list else decoding.entity,
                declared=endpoint.record,
            ),
            survey=partial(
                survey.survey_resource, declared=endpoint.record, is_list=endpoint.is_list
            ),
            query=endpoint.query,
            is_cacheable=endpoint.cacheable,
            none_if_not_found=not endpoint.is_list,
        )


def _type_parameter(kinds: Collection[ActivityKind]) -> str:
    """The names of kinds in one order, separated by percent-encoded commas."""
    return "%2C".join([kind.value for kind in ActivityKind if kind in kinds])
