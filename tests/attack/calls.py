"""Calls with a text in every field that there is, made from the descriptors: a method that is added is called too."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import grpc
from google.protobuf import message_factory
from google.protobuf.descriptor import FieldDescriptor

from tests.support.hub import info_of


def exactly(words: str, length: int = 32) -> bytes:
    """Returns a text as a digest's many bytes."""
    return words.encode()[:length].ljust(length, b" ")


def with_one_field(descriptor: Any, texts: Sequence[str]) -> Iterator[Any]:
    """Yields messages of a type with one of some texts in one field each, at any depth: as text and as bytes."""
    make = message_factory.GetMessageClass(descriptor)
    for field in descriptor.fields:
        values: list[Any] = []
        if field.type == FieldDescriptor.TYPE_STRING:
            values = list(texts)
        elif field.type == FieldDescriptor.TYPE_BYTES:
            values = [v for words in texts for v in (words.encode(), exactly(words))]
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            values = list(with_one_field(field.message_type, texts))
        for value in values:
            message = make()
            if field.is_repeated:
                getattr(message, field.name).append(value)
            elif field.type == FieldDescriptor.TYPE_MESSAGE:
                getattr(message, field.name).CopyFrom(value)
            else:
                setattr(message, field.name, value)
            yield message


async def call(
    channel: Any, service: Any, method: Any, request: Any, headers: Sequence[tuple[str, str | bytes]] = ()
) -> str | None:
    """Makes a call; returns the reason of its refusal, None where it was answered."""
    name = f"/{service.full_name}/{method.name}"
    data = request.SerializeToString()

    async def one() -> AsyncIterator[bytes]:
        yield data

    try:
        if method.client_streaming:
            await channel.stream_unary(name)(one(), timeout=20, metadata=headers)
        elif method.server_streaming:
            running = channel.unary_stream(name)(data, timeout=20, metadata=headers)
            async for _ in running:
                running.cancel()
                break
        else:
            await channel.unary_unary(name)(data, timeout=20, metadata=headers)
    except grpc.aio.AioRpcError as error:
        return info_of(error).reason
    return None
