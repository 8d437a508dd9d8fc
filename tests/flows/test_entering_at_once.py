"""Links and assertions that many use at once, on each kind of database: one comes in."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from certsvc.errors import HolderLinkUnusableError
from tests.world import NUMBER, World

RIVALS = 8
ROUNDS = 5


def winners(once: Callable[[], bool]) -> int:
    """Have rivals do the same at one moment; returns how many were let in."""
    start = Barrier(RIVALS)

    def rival(_: int) -> bool:
        start.wait()
        return once()

    with ThreadPoolExecutor(RIVALS) as pool:
        return sum(pool.map(rival, range(RIVALS)))


def test_of_many_with_one_link_one_comes_in(anywhere: World) -> None:
    """Whoever copies the link races its owner; both cannot win."""
    anywhere.initial()
    links = anywhere.services.holders.links

    for _ in range(ROUNDS):
        secret = links.make(NUMBER, "").url.rsplit("/", 1)[1]

        def once(secret: str = secret) -> bool:
            try:
                links.use(secret)
            except HolderLinkUnusableError:
                return False
            return True

        assert winners(once) == 1


def test_of_many_with_one_assertion_one_comes_in(anywhere: World) -> None:
    """A portal's form that is sent twice at once lets in once."""
    anywhere.initial()
    registry, now = anywhere.services.registry, anywhere.clock.now()
    with registry.reading() as session:
        registration_id = session.find_registration(NUMBER)
        assert registration_id is not None
        holder_id = session.holder_of(registration_id)

    for place in range(ROUNDS):

        def once(jti: str = f"once {place}") -> bool:
            with registry.writing() as session:
                return session.use_assertion("portal", jti, holder_id, now, now + timedelta(minutes=5))

        assert winners(once) == 1
