"""API keys: only their hash is stored; expired, revoked and unknown keys are invalid."""

from datetime import timedelta

from sqlalchemy import Connection, select, text, update

from models.access import ApiKey, Role
from models.base import now
from store import access
from store.database.store import Store
from tests.factories import make_key


async def test_key_identifies_its_user_and_role(store: Store) -> None:
    secret = await make_key(store, role=Role.TRAINER, workspace="acme", user="tom")
    viewer = await store.read(lambda c: access.find_viewer(c, secret))

    assert viewer is not None
    assert (viewer.role, viewer.user_name, viewer.workspace_name) == (Role.TRAINER, "tom", "acme")


async def test_unknown_key_is_invalid(store: Store) -> None:
    secret = await make_key(store)

    for wrong in ("", "jsk_", secret[:-1], secret + "x", secret.upper(), access.hash_secret(secret)):
        assert await store.read(lambda c, wrong=wrong: access.find_viewer(c, wrong)) is None


async def test_secret_is_not_stored(store: Store) -> None:
    secret = await make_key(store)

    def rows(connection: Connection) -> str:
        return str(connection.execute(text("SELECT * FROM api_keys")).all())

    kept = await store.read(rows)
    assert secret not in kept
    assert secret[8:] not in kept
    assert access.hash_secret(secret) in kept


async def test_expired_key_is_invalid(store: Store) -> None:
    def make(seconds: float) -> str:
        return lambda c: access.create_key(
            c, workspace="w", user="u", role=Role.VIEWER, expires_at=now() + timedelta(seconds=seconds)
        )

    expired, valid = await store.write(make(-0.001)), await store.write(make(3600))

    assert await store.read(lambda c: access.find_viewer(c, expired.secret)) is None
    assert await store.read(lambda c: access.find_viewer(c, valid.secret)) is not None


async def test_revoked_key_is_invalid_while_other_keys_of_its_user_stay_valid(store: Store) -> None:
    first, second = await make_key(store), await make_key(store)
    await store.write(
        lambda c: c.execute(update(ApiKey).where(ApiKey.digest == access.hash_secret(first)).values(revoked_at=now()))
    )

    assert await store.read(lambda c: access.find_viewer(c, first)) is None
    assert await store.read(lambda c: access.find_viewer(c, second)) is not None


async def test_user_names_are_scoped_to_a_workspace(store: Store) -> None:
    keys = [await make_key(store, workspace=workspace, user="ann") for workspace in ("a", "b", "a")]
    viewers = [await store.read(lambda c, key=key: access.find_viewer(c, key)) for key in keys]

    one, two, again = (viewer.user_id for viewer in viewers if viewer is not None)
    assert one == again
    assert one != two


async def test_last_use_is_recorded_for_the_used_key_only(store: Store) -> None:
    used, unused = await make_key(store), await make_key(store)
    viewer = await store.read(lambda c: access.find_viewer(c, used))
    assert viewer is not None
    before = now()
    await store.write(lambda c: access.record_key_use(c, viewer.key_id))
    noted = dict(await store.read(lambda c: c.execute(select(ApiKey.digest, ApiKey.last_used_at)).all()))

    assert before <= noted[access.hash_secret(used)] <= now()
    assert noted[access.hash_secret(unused)] is None


async def test_each_workspace_has_its_own_webhook_secret(store: Store) -> None:
    made = [await store.write(lambda c, name=name: access.ensure_workspace(c, name)) for name in "aab"]
    a, again, b = [workspace.webhook_secret for workspace in made]

    assert a == again != b
    assert a.startswith("whsec_")
    assert await store.read(lambda c: access.find_webhook_secret(c, "b")) == b
    assert await store.read(lambda c: access.find_webhook_secret(c, "c")) is None


async def test_database_has_no_keys_until_the_first_is_created(store: Store) -> None:
    assert await store.read(access.has_no_keys)
    await make_key(store)
    assert not await store.read(access.has_no_keys)
