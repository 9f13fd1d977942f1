"""What the steps of the chain are made of: one method, what surrounds it, and the shape of a step.

Never does: anything.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import grpc

from hub.interceptors.identity import Identity
from hub.policy import Rule
from hub.quota import OpenStreams, RequestQuota
from hub.telemetry import Telemetry

Handler: TypeAlias = Callable[[Any, "grpc.aio.ServicerContext[Any, Any]"], Awaitable[Any]]
"""Takes a request, or an iterator of requests, and the call; returns the response, or None where it wrote it."""


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """How many streams may be open at once in this process."""

    agency: int
    """Of one agency or operator."""
    key: int
    """Of one TLS key."""
    watch_key: int
    """Of one TLS key, of a method that anybody may use."""
    watch_total: int
    """Of everybody together, of such a method."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the steps need from the process. Built in `hub/server.py`."""

    identity: Identity
    quota: RequestQuota
    """Of agencies and operators."""
    anonymous_quota: RequestQuota
    """Of each TLS key that the directory does not know."""
    streams: OpenStreams
    stream_limits: StreamLimits
    telemetry: Telemetry
    default_deadline_seconds: float
    """For a call whose client named none."""
    stall_seconds: float
    """A stream that moves nothing for so long is cut."""
    recheck_seconds: float
    """How often the caller of a stream is looked up again."""


@dataclass(frozen=True, slots=True)
class Method:
    """One method of the hub."""

    name: str
    """Full name, `/package.Service/Method`."""
    rule: Rule
    behaviour: Callable[..., Any]
    """The feature's own function."""
    deserialize: Callable[[bytes], Any]
    requests_stream: bool
    responses_stream: bool

    @classmethod
    def of(cls, name: str, handler: Any, rule: Rule) -> Method:
        """Returns the method that a gRPC handler is for."""
        behaviour = handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
        return cls(
            name=name,
            rule=rule,
            behaviour=behaviour,
            deserialize=handler.request_deserializer,
            requests_stream=handler.request_streaming,
            responses_stream=handler.response_streaming,
        )

    @property
    def streams(self) -> bool:
        """Whether either direction is a stream."""
        return self.requests_stream or self.responses_stream


Around: TypeAlias = Callable[[Method, Surroundings, Handler], Handler]
"""A step of the chain: takes the rest of the chain and returns it with itself around it."""
