"""Roles: each may do all that the ones before it may."""

import itertools

import pytest

from models.access import Role

ORDER = [Role.VIEWER, Role.ANNOTATOR, Role.TRAINER, Role.ADMIN]


@pytest.mark.parametrize(("own", "needed"), list(itertools.product(ORDER, ORDER)))
def test_a_role_covers_itself_and_what_is_below_it(own: Role, needed: Role) -> None:
    assert own.covers(needed) == (ORDER.index(own) >= ORDER.index(needed))
