# SPDX-License-Identifier: Apache-2.0
"""Watches the sending queues of a collector: since when items wait in each, when it was full and when the exporter gave
up. What `obsctl health` predicts is held against that."""

import contextlib
import dataclasses
import re
import threading
import time

import requests

POLL = 0.5
FULL = 0.9          # of the capacity; a request that does not fit leaves some of it free
STILL = 3           # seconds in which a queue has to grow no more
SERIES = re.compile(r'^otelcol_exporter_(queue_size|queue_capacity|sent|send_failed)\w*\{(.*)\} (\S+)$', re.M)
LABEL = re.compile(r'(\w+)="([^"]*)"')


@dataclasses.dataclass(frozen=True)
class Look:
    """One exporter at one moment: `at` is seconds of time.monotonic()."""

    at: float
    size: float
    capacity: float
    sent: float
    send_failed: float


def look_at(url: str) -> dict:
    """Exporter -> Look. `url` is a collector's /metrics page; each exporter has one signal."""
    page, at = requests.get(url, timeout=5).text, time.monotonic()
    values: dict = {}
    for what, labels, value in SERIES.findall(page):
        of = values.setdefault(dict(LABEL.findall(labels))["exporter"], {"sent": 0.0, "send_failed": 0.0})
        of[what] = float(value)
    return {exporter: Look(at, of["queue_size"], of["queue_capacity"], of["sent"], of["send_failed"])
            for exporter, of in values.items() if "queue_size" in of}


class QueueWatch:
    """Looks twice a second, from the beginning of the `with` until stop()."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.looks: dict = {}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def stop(self) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(POLL):
            with contextlib.suppress(requests.RequestException):
                for exporter, look in look_at(self.url).items():
                    self.looks.setdefault(exporter, []).append(look)

    def stuck(self, exporter: str) -> list:
        """The looks after the last item was sent, from the one on at which something waits."""
        looks = self.looks[exporter]
        after = [look for look in looks if look.sent == looks[-1].sent]
        return after[next(number for number, look in enumerate(after) if look.size > 0):]

    def waits_since(self, exporter: str) -> float:
        return self.stuck(exporter)[0].at

    def growth(self, exporter: str) -> float:
        """Per second, while nothing is sent."""
        first, *_, last = self.stuck(exporter)
        return (last.size - first.size) / (last.at - first.at)

    def full_at(self, exporter: str) -> float | None:
        """The first look at the most that it ever held, when that is nearly all that it can, and stayed so."""
        looks = self.looks[exporter]
        most = max(look.size for look in looks)
        first = next(look for look in looks if look.size == most)
        is_full = most > FULL * first.capacity and looks[-1].at - first.at >= STILL
        return first.at if is_full else None

    def gives_up_at(self, exporter: str) -> float | None:
        """When the exporter first dropped what it could not send."""
        looks = self.looks[exporter]
        return next((look.at for look in looks if look.send_failed > looks[0].send_failed), None)

    def loses_at(self, exporter: str) -> float | None:
        """The first of both."""
        return min(filter(None, (self.full_at(exporter), self.gives_up_at(exporter))), default=None)
