"""Typed contents of JSON columns and of messages between processes.

Structs list their keys in the order in which they are written. A key that was added after the first release has a
default, so that rows of older databases can be read. Structs never write a key that older versions did not know
under another meaning.
"""
