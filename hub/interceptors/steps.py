"""The steps of the chain, each a function that puts itself around the rest. Their order is in `chain`.

Never does: anything about one feature.
"""

from __future__ import annotations

import asyncio
import os
import time
import traceback
from typing import Any, TypeAlias

import grpc
from comity.errors import MalformedError, Reason, RefusedError

from hub.errors import DETAILS_KEY, code_of, is_documented, reason_of, to_status
from hub.interceptors.identity import Caller, Identity, caller, set_caller
from hub.interceptors.method import Handler, Method, Surroundings
from hub.interceptors.pricing import PRICES
from hub.policy import CallerKind
from hub.quota import tokens_for
from hub.telemetry import Telemetry

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"

_FLUSH_SECONDS = 2.0
_UNKNOWN_KEY = "the TLS key is not registered, not valid now, or revoked"


class DeadlineError(Exception):
    """The hub's own deadline went by."""


def counted(method: Method, around: Surroundings, rest: Handler) -> Handler:
    """Counts calls by result, and the seconds they took."""
    counters = around.telemetry.counters
    seconds = (("method", method.name),)
    ended = {code: (("code", code), ("method", method.name)) for code in ("OK", "ERROR", "CANCELLED")}

    async def run(request: Any, context: Context) -> Any:
        begun = time.monotonic()
        code = "ERROR"
        try:
            response = await rest(request, context)
            code = "OK"
        except asyncio.CancelledError:
            code = "CANCELLED"
            raise
        else:
            return response
        finally:
            counters.add_at("comity.calls", ended[code])
            counters.add_at("comity.call_seconds", seconds, time.monotonic() - begun)

    return run


def answered(method: Method, around: Surroundings, rest: Handler) -> Handler:
    """Turns every exception into one status. What the caller may not know goes to the log, without its message."""
    telemetry = around.telemetry

    async def run(request: Any, context: Context) -> Any:
        try:
            return await rest(request, context)
        except grpc.aio.AbortError:
            raise
        except DeadlineError:
            telemetry.counters.add("comity.refusals", method=method.name, reason="DEADLINE")
            return await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "deadline exceeded")
        except Exception as error:  # noqa: BLE001 # the last place where an exception can be kept from the wire
            trace_id = os.urandom(16).hex()
            telemetry.counters.add("comity.refusals", method=method.name, reason=reason_of(error).value)
            if not is_documented(error):
                _log_fault(telemetry, method, error, trace_id)
            return await _abort(error, trace_id, context)

    return run


async def _abort(error: Exception, trace_id: str, context: Context) -> None:
    status = to_status(error, trace_id)
    details = ((DETAILS_KEY, status.SerializeToString()),)
    try:
        # A reader that stalls would not take the status either: after this the connection's stream is simply reset.
        async with asyncio.timeout(_FLUSH_SECONDS):
            await context.abort(code_of(error), status.message, details)
    except TimeoutError:
        raise asyncio.CancelledError from None


def _log_fault(telemetry: Telemetry, method: Method, error: Exception, trace_id: str) -> None:
    # An exception's text may hold anything, such as the parameters of a statement: only its class and place are told.
    frames = reversed(traceback.extract_tb(error.__traceback__)[-4:])
    where = " < ".join(f"{frame.name}:{frame.lineno}" for frame in frames)
    telemetry.log.error(
        "internal error", trace_id=trace_id, method=method.name, error=type(error).__name__, where=where
    )


def identified(method: Method, around: Surroundings, rest: Handler) -> Handler:
    """Looks the caller's TLS key up in the directory."""
    identity = around.identity

    async def run(request: Any, context: Context) -> Any:
        set_caller(identity.of_connection(context.auth_context()))
        return await rest(request, context)

    return run


def check_permitted(method: Method, who: Caller) -> None:
    """Refuses a caller that may not use a method.

    Raises:
        RefusedError: UNKNOWN_TLS_KEY for nobody known, NOT_PERMITTED for a kind of caller the method is not for.
    """
    if who.kind in method.rule.callers:
        return
    if who.kind is CallerKind.ANONYMOUS:
        raise RefusedError(Reason.UNKNOWN_TLS_KEY, _UNKNOWN_KEY)
    raise RefusedError(Reason.NOT_PERMITTED, "this kind of caller may not use this method")


def permitted(method: Method, around: Surroundings, rest: Handler) -> Handler:
    """Denies what the table does not allow."""

    async def run(request: Any, context: Context) -> Any:
        check_permitted(method, caller())
        return await rest(request, context)

    return run


def metered(method: Method, around: Surroundings, rest: Handler) -> Handler:
    """Takes the request from the agency's quota. A stream of requests counts once; its bytes are counted at rest."""

    async def run(request: Any, context: Context) -> Any:
        who = caller()
        quota = around.anonymous_quota if who.kind is CallerKind.ANONYMOUS else around.quota
        quota.take(who.account, 0 if method.requests_stream else len(request))
        return await rest(request, context)

    return run


def bounded(method: Method, around: Surroundings, rest: Handler) -> Handler:
    """Refuses a stream where the agency or the TLS key has too many open: each holds a message, and a look a while."""
    if not method.streams:
        return rest
    streams, most = around.streams, around.stream_limits
    for_anybody = CallerKind.ANONYMOUS in method.rule.callers

    async def run(request: Any, context: Context) -> Any:
        who = caller()
        key = f"key {who.spki.hex()}"
        limits = [(f"all of {who.account}", most.agency), (key, most.key)]
        if for_anybody:
            limits += [(f"{key} {method.name}", most.watch_key), (method.name, most.watch_total)]
        with streams.one(limits):
            return await rest(request, context)

    return run


def timed(method: Method, around: Surroundings, rest: Handler) -> Handler:
    """Gives a call a deadline where its client named none. The transport cancels at the client's own."""
    if method.rule.live:
        return rest
    seconds = around.default_deadline_seconds

    async def run(request: Any, context: Context) -> Any:
        if context.time_remaining() is not None:
            return await rest(request, context)
        limit = _Limit(seconds)
        try:
            return await rest(request, context)
        except asyncio.CancelledError:
            if limit.expired and limit.task.uncancel() == 0:
                raise DeadlineError from None
            raise
        finally:
            limit.timer.cancel()

    return run


class _Limit:
    """A timer that cancels the present task. Half the work of `asyncio.timeout`, on every call."""

    __slots__ = ("expired", "task", "timer")

    def __init__(self, seconds: float) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a call runs in a task")
        self.task = task
        self.expired = False
        self.timer = asyncio.get_running_loop().call_later(seconds, self._expire)

    def _expire(self) -> None:
        self.expired = True
        self.task.cancel()


def watched(method: Method, around: Surroundings, rest: Handler) -> Handler:
    """Looks the caller of a stream up again while it lasts, and ends the stream when the answer has changed.

    A caller that nobody knows, as one with a revoked key, has its stream until the first look and no longer.
    """
    if not method.streams:
        return rest
    identity, seconds = around.identity, around.recheck_seconds

    async def run(request: Any, context: Context) -> Any:
        watch = _Watch(method, identity, seconds)
        try:
            return await rest(request, context)
        except asyncio.CancelledError:
            if watch.found is not None and watch.task.uncancel() == 0:
                raise watch.found from None
            raise
        finally:
            watch.timer.cancel()

    return run


class _Watch:
    """A timer that cancels the present task when its caller is no longer who it was."""

    def __init__(self, method: Method, identity: Identity, seconds: float) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a call runs in a task")
        self._method, self._identity, self._seconds = method, identity, seconds
        self._loop = asyncio.get_running_loop()
        self._who = caller()
        self.task = task
        self.found: Exception | None = None
        self.timer = self._loop.call_later(seconds, self._look)

    def _look(self) -> None:
        try:
            now = self._identity.again(self._who)
            check_permitted(self._method, now)
            known = now.kind is not CallerKind.ANONYMOUS
            if not known or (now.desk, now.operator) != (self._who.desk, self._who.operator):
                raise RefusedError(Reason.UNKNOWN_TLS_KEY, _UNKNOWN_KEY)
        except Exception as error:  # noqa: BLE001 # whatever went wrong, the stream does not go on unchecked
            self.found = error
            self.task.cancel()
        else:
            self.timer = self._loop.call_later(self._seconds, self._look)


def parsed(method: Method, around: Surroundings, rest: Handler) -> Handler:
    """Makes a message of the bytes of a request. Streams do it piece by piece (`hub/interceptors/streams.py`)."""
    if method.requests_stream:
        return rest
    price, quota = PRICES.get(method.name), around.quota

    async def run(request: bytes, context: Context) -> Any:
        message = parse_request(method, request)
        if price is not None:
            try:
                tokens = price(message)
            except MalformedError:
                # It cost more to take apart than its length says.
                quota.drain(caller().account)
                raise
            if tokens > 0:
                quota.spend(caller().account, tokens, tokens_for(len(request)))
        return await rest(message, context)

    return run


def parse_request(method: Method, data: bytes) -> Any:
    """Returns one request message.

    Raises:
        MalformedError: longer than the method's limit, or no such message.
    """
    if len(data) > method.rule.request_limit:
        raise MalformedError("the request is too large for this method", Reason.TOO_LARGE)
    try:
        return method.deserialize(data)
    except Exception:  # noqa: BLE001 # protobuf's own error class differs between its implementations
        raise MalformedError("the request is not a message of this method") from None
