"""Roles: each includes the permissions of those before it."""

import itertools

import pytest

from models.access import Role

ORDER = [Role.VIEWER, Role.ANNOTATOR, Role.TRAINER, Role.ADMIN]


@pytest.mark.parametrize(("own", "required"), list(itertools.product(ORDER, ORDER)))
def test_a_role_covers_itself_and_what_is_below_it(own: Role, required: Role) -> None:
    assert own.covers(required) == (ORDER.index(own) >= ORDER.index(required))
