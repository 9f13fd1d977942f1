"""The chain: what happens around every call, in one list.

One interceptor composes the list once a method and keeps the result: a stack of interceptors would be walked, and its
handlers built anew, on every call. All four kinds of method have one shape inside the chain: a coroutine that takes the
request (bytes, or an iterator of bytes) and returns the response, or writes it.

Never does: anything about one feature.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

import grpc

from hub.interceptors import steps
from hub.interceptors.method import Around, Handler, Method, Surroundings
from hub.interceptors.streams import entered
from hub.policy import RULES

CHAIN: Final[tuple[Around, ...]] = (
    steps.counted,  # 1. how many, how long, with which result
    steps.answered,  # 2. every exception leaves as one documented status, or as INTERNAL with a trace id
    steps.identified,  # 3. TLS key -> who calls, by the directory as it is now
    steps.permitted,  # 4. default deny: the table of hub/policy.py
    steps.metered,  # 5. the agency's request quota
    steps.bounded,  # 6. streams: how many may be open at once
    steps.timed,  # 7. a deadline where the client named none
    steps.watched,  # 8. streams: the caller is looked up again while they last
    steps.parsed,  # 9. bytes become a message only now, and what is in it is paid for
)
"""Outermost first."""

Continuation: TypeAlias = Callable[[grpc.HandlerCallDetails], Awaitable[Any]]


class Chain(grpc.aio.ServerInterceptor):
    """The hub's only interceptor."""

    def __init__(self, around: Surroundings) -> None:
        """Takes what the steps need."""
        self._around = around
        self._composed: dict[str, Any] = {}

    async def intercept_service(self, continuation: Continuation, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """Returns the method's handler inside the chain; None, which gRPC answers, for a method that does not exist."""
        name = handler_call_details.method
        composed = self._composed.get(name)
        if composed is None:
            handler = await continuation(handler_call_details)
            if handler is None:
                return None
            composed = self._composed[name] = self.compose(name, handler)
        return composed

    def compose(self, name: str, handler: Any) -> Any:
        """Returns a handler that runs the chain around another one.

        Raises:
            KeyError: nobody classified the method; `hub.policy.check_complete` has seen to that at start.
        """
        method = Method.of(name, handler, RULES[name])
        run: Handler = entered(method, self._around)
        for step in reversed(CHAIN):
            run = step(method, self._around, run)
        make = {
            (False, False): grpc.unary_unary_rpc_method_handler,
            (False, True): grpc.unary_stream_rpc_method_handler,
            (True, False): grpc.stream_unary_rpc_method_handler,
            (True, True): grpc.stream_stream_rpc_method_handler,
        }[method.requests_stream, method.responses_stream]
        return make(run, request_deserializer=None, response_serializer=handler.response_serializer)
