"""What validation and forgotten plans leave behind in cycles, collected before it is much."""

import gc

_MORE_OFTEN = 20
"""How many times as often as the collector's own are collections here: they count for as much less."""


def collect() -> None:
    """Collect the youngest objects, or those of middle age as well where that is due.

    To validate a document leaves thousands of objects in cycles. Just now they take half a millisecond;
    when there are as many as the collector waits for, they hold up everybody for fifty. But it counts
    from the last time: whoever collects keeps it from coming. So the others have their turns here too,
    and when it is that of the oldest, nothing is done: the collector comes, and knows whether it pays.
    """
    _, young_collections, middle_collections = gc.get_count()
    _, most_young, most_middle = gc.get_threshold()
    if young_collections <= _MORE_OFTEN * most_young:
        gc.collect(0)
    elif middle_collections <= most_middle:
        gc.collect(1)


def collect_forgotten() -> None:
    """Collect objects of all ages: the classes of plans that are no more, which are cycles that lived long.

    It takes as long as looking at all that is remembered, so it is seldom done.
    """
    gc.collect()
