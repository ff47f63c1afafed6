"""Object types, interfaces, enums and scalars.

The types form a graph with cycles, as the objects do: a judge has versions, jobs, evaluations and feedback, each of
which refers back to its judge. Cycles among the modules of this package are resolved with ``strawberry.lazy`` and
imports inside resolvers; the annotations are named ``LazyX``. ``judge`` is imported first and refers to the others
lazily. No other package of the project may have import cycles.
"""
