"""Feature: sealed attachments. The hub stores and hands out bytes that it cannot open."""
