"""The made-up world: two accounts, their clients, and what happened to each, from a seed."""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from itertools import chain, cycle, islice
from random import Random

from gateway.sandbox.world.appointments import appointment_thread
from gateway.sandbox.world.catalogue import Catalogue, catalogue
from gateway.sandbox.world.conferences import conference_thread
from gateway.sandbox.world.entities import Client
from gateway.sandbox.world.forms import form_thread
from gateway.sandbox.world.malformed import CLIENT_ID as MALFORMED_CLIENT, malformed_entries
from gateway.sandbox.world.malformed_entities import healthy_note, with_malformed
from gateway.sandbox.world.messages import call_thread, newsletter_thread
from gateway.sandbox.world.notes import consent_thread, note_thread
from gateway.sandbox.world.quirks import Quirks
from gateway.sandbox.world.story import Happening, Story
from gateway.sandbox.world.texts import FIRST_NAMES, LAST_NAMES, mailbox
from gateway.sandbox.world.timeline import Entry, Timeline, written_down
from gateway.sandbox.world.today import today

CLIENTS: Mapping[str, Mapping[str, int]] = {
    "1": {"1000": 0, "1001": 1, "1020": 20, "1100": 100, "2000": 1_000},
    "2": {"3000": 0, "3005": 5, "3050": 50},
}
"""How many activities each client of each account has."""

MALFORMED_ACCOUNT = "1"
EXTRA_CLIENT = "5000"
MOST_ACTIVITIES = 100_000
COMPANIES_MET = {"1100": 2}
"""How many of its account's companies a client has to do with, where that is not all."""

Thread = Callable[[Story], Iterator[Happening]]

OPENING: tuple[Thread, ...] = (
    appointment_thread,
    consent_thread,
    conference_thread,
    note_thread,
    form_thread,
    call_thread,
    newsletter_thread,
)
"""The first twenty activities of every client: each kind once or more."""

ROUND: tuple[Thread, ...] = (
    appointment_thread,
    appointment_thread,
    note_thread,
    appointment_thread,
    conference_thread,
    appointment_thread,
    consent_thread,
    form_thread,
    call_thread,
    newsletter_thread,
)
"""What follows, again and again."""

FIRST_ACTIVITY_ID = 9_007_199_254_740_993
"""Sixteen digits, and one more than a double can hold."""


class Life:
    """A client's story, told up to its last activity, and the timeline that it left."""

    def __init__(self, story: Story, entries: Iterator[Entry]) -> None:
        self.story = story
        self.timeline = Timeline(entries)


class World:
    """Everything behind the sandbox; a client's life is made up when it is first asked for."""

    def __init__(self, seed: int = 1, activities: int | None = None) -> None:
        """`activities` adds a client that has so many."""
        if activities is not None and not 0 <= activities <= MOST_ACTIVITIES:
            raise ValueError(f"activities must be between 0 and {MOST_ACTIVITIES}.")
        self._seed = seed
        self._lives: dict[str, Life] = {}
        self.clients = {account: dict(counts) for account, counts in CLIENTS.items()}
        if activities is not None:
            self.clients["1"][EXTRA_CLIENT] = activities

    @cached_property
    def catalogues(self) -> Mapping[str, Catalogue]:
        """What each account owns."""
        return {account: catalogue(account, self._seed) for account in CLIENTS}

    @cached_property
    def today(self) -> Mapping[str, Catalogue]:
        """What each account owns now that all is told."""
        owned = {account: today(one) for account, one in self.catalogues.items()}
        return {**owned, MALFORMED_ACCOUNT: with_malformed(owned[MALFORMED_ACCOUNT])}

    @cached_property
    def _malformed(self) -> Life:
        story = self._story(MALFORMED_ACCOUNT, MALFORMED_CLIENT)
        note = healthy_note()
        story.notes[note.id] = note
        return Life(story, malformed_entries())

    def timeline(self, account: str, client_id: str) -> Timeline | None:
        """None where this account has no such client."""
        life = self.life(account, client_id)
        return None if life is None else life.timeline

    def life(self, account: str, client_id: str) -> Life | None:
        """None where this account has no such client."""
        if (account, client_id) == (MALFORMED_ACCOUNT, MALFORMED_CLIENT):
            return self._malformed
        activities = self.clients[account].get(client_id)
        if activities is None:
            return None
        if client_id not in self._lives:
            story = self._story(account, client_id)
            self._lives[client_id] = Life(story, _told(story, activities))
        return self._lives[client_id]

    def story_of(self, account: str, thing_id: str) -> Story | None:
        """Of the client who has this appointment, note, form result or registration, if any has."""
        life = self.life(account, thing_id[2:-6])
        return None if life is None else life.story

    def _story(self, account: str, client_id: str) -> Story:
        draw = Random(f"{self._seed}/{client_id}")
        first, last = draw.choice(FIRST_NAMES), draw.choice(LAST_NAMES)
        phone = f"+331{draw.randrange(10**8):08d}"
        owned = self.catalogues[account]
        companies = tuple(owned.companies.values())[: COMPANIES_MET.get(client_id)]
        return Story(
            Client(client_id, first, last, mailbox(first, last), phone), owned, companies, draw
        )


def _told(story: Story, activities: int) -> Iterator[Entry]:
    """Threads are told lazily: what the last activity leaves is how things are today."""
    threads = chain(OPENING, cycle(ROUND))
    happenings = chain.from_iterable(thread(story) for thread in threads)
    quirks = Quirks()
    activity_id = FIRST_ACTIVITY_ID + int(story.client.id) * 10**9
    for happening in islice(happenings, activities):
        story.remember(happening)
        yield written_down(happening, str(activity_id), quirks)
        activity_id += 1 + int(story.draw.random() * 8)
