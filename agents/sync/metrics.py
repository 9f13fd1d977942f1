"""The daemon's metrics, as Prometheus reads them.

Every expiry is one series, `comity_expiry_seconds{what, name}`, from far ahead until it is over: an alert on less than
60 days names what a person has to do.

Never does: show content, wallets, or who asked for one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from agents.sync.condition import Condition

_LIST: Final = ("owner", "list")


class Metrics(Collector):
    """Makes the metrics of a condition whenever somebody asks."""

    def __init__(self, condition: Condition, clock: Callable[[], int]) -> None:
        """Takes what is shown, and Unix milliseconds UTC."""
        self._condition, self._clock = condition, clock
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def text(self) -> bytes:
        """Returns the exposition."""
        return bytes(generate_latest(self._registry))

    def collect(self) -> Iterable[Metric]:
        """Yields every family."""
        now, at = self._clock(), self._condition
        yield _gauge("comity_sync_connected", "1 while the hub's feed is read.", float(at.connected))
        yield _gauge("comity_sync_uptime_seconds", "Since this process began.", (now - at.started) / 1000)
        yield _gauge("comity_sync_family_offered", "1 where the hub takes watchlists.", float(at.offered))
        silence = (now - at.heard) / 1000 if at.heard else (now - at.started) / 1000
        yield _gauge("comity_sync_silence_seconds", "Since the hub last said anything.", silence)
        yield _gauge("comity_clock_offset_seconds", "This clock less the hub's.", at.clock_offset_ms / 1000)
        yield _gauge("comity_alarms", "Alarms that nobody has dismissed.", float(at.alarms))
        yield _gauge("comity_disk_free_bytes", "Free on the home's disk.", float(at.disk_free))
        yield _gauge("comity_screening_store_bytes", "Size of the screening store.", float(at.store_bytes))
        yield _gauge("comity_mailbox_bytes", "Size of the mailbox.", float(at.mail_bytes))
        yield from self._lists(now)
        expiry = GaugeMetricFamily("comity_expiry_seconds", "Until something ends.", labels=("what", "name"))
        for one in at.expiries:
            expiry.add_metric((one.what.value, one.name), (one.ends - now) / 1000)
        yield expiry
        events = CounterMetricFamily("comity_sync_events", "What happened since the start.", labels=("event",))
        for name, number in sorted(at.counts.items()):
            events.add_metric((name,), number)
        yield events
        delays = list(at.delays)
        yield SummaryMetricFamily(
            "comity_batch_delay_seconds",
            "From a batch's time to its being screenable, of the last 1,000 batches.",
            count_value=len(delays),
            sum_value=sum(delays),
        )

    def _lists(self, now: int) -> Iterable[Metric]:
        sequence = GaugeMetricFamily("comity_list_sequence", "Batch up to which a list is held.", labels=_LIST)
        entries = GaugeMetricFamily("comity_list_entries", "Entries that are live.", labels=_LIST)
        age = GaugeMetricFamily("comity_list_age_seconds", "Since the last batch, by its own time.", labels=_LIST)
        current = GaugeMetricFamily("comity_list_current", "1 while a list that is followed is current.", labels=_LIST)
        for one in self._condition.lists:
            if not one.followed:
                continue
            labels = (one.owner, one.list_id)
            sequence.add_metric(labels, one.sequence)
            entries.add_metric(labels, one.entries)
            if one.batch_time:
                age.add_metric(labels, (now - one.batch_time) / 1000)
            current.add_metric(labels, float(one.status == "CURRENT"))
        yield from (sequence, entries, age, current)


def _gauge(name: str, help_: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_, value=value)
