"""Adapter for the parts of Strawberry and graphql-core that their documentation does not promise to keep.

Strawberry releases often and renames internals between minor versions. All code that overrides or reads a private or
undocumented member lives here, one docstring per member that states what is changed, why, and which limitation of the
library makes it necessary. The rest of the project uses only documented API and these modules:

- ``core_schema``: the graphql-core schema of a Strawberry schema, descriptions of enum values, the operation name that
  a request named.
- ``documents``: execution of documents that were parsed and validated before, and the rules they are validated by.
- ``execution``: a schema that rejects subscriptions where one result is expected, and an executor for the events of a
  stream.
- ``coercion``: coercion of variables by a function for each type.
- ``inputs``: conversion of inputs by a plan for each type.
- ``http``: the endpoint for queries over HTTP and its two streaming transports.
- ``websocket``: the handler for ``graphql-transport-ws``.

``pyproject.toml`` allows only the minor versions of Strawberry that the tests ran with. ``make check-latest`` runs the
tests of the schema and of the protocols against the newest release; raise the bound when they pass. The modules know
nothing about judges, roles or keys: subclasses in ``schema/execution/`` and ``server/graphql/`` add these.
"""
