"""Requests as validated data: the same specs and rules for GraphQL, REST and bulk loading.

A spec reports its problems as a list of ``DomainError``; ``validated()`` raises ``RequestRejected`` with all of them.
"""
