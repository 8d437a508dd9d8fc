"""Several machines: procrastinate carries word of a batch to workers; our own tables hold the truth.

A job says "work on batch X" and nothing else. Who takes it works until the batch is over; a job too many
finds nothing to claim, and a job lost with its worker is put back by the others. The job tables lie in the
same PostgreSQL and are made at the first use.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from threading import Event
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
import structlog

from certsvc.errors import SettingsError, UnavailableError

if TYPE_CHECKING:
    from procrastinate import App

QUEUE: Final = "certsvc-batches"
TASK: Final = "certsvc.work_on_batch"
LOST: Final = 30.0
"""Seconds without a sign after which a worker counts as dead and its job is put back."""
_SIGNS: Final = 3
"""Signs of life within that time."""
_CONNECT_S: Final = 3
_AGAIN_S: Final = 30
_TABLES: Final = "SELECT to_regclass('procrastinate_jobs') IS NOT NULL"
_ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(hashtext('certsvc jobs'))"

_log = structlog.get_logger("certsvc.batch")


class Queue:
    """The queue in one PostgreSQL."""

    def __init__(self, database_url: str) -> None:
        """Take the register's URL; nothing is connected yet.

        Raises:
            SettingsError: it is not PostgreSQL.
        """
        url = sa.make_url(database_url)
        if url.get_backend_name() != "postgresql":
            raise SettingsError(
                "workers on several machines need PostgreSQL; on SQLite the server works alone"
            )
        self._url = url

    def defer(self, batch_id: str, jobs: int) -> None:
        """Tell *jobs* workers of a batch.

        Raises:
            UnavailableError: the database cannot be reached.
        """
        from procrastinate import SyncPsycopgConnector
        from procrastinate.exceptions import ProcrastinateException

        self._make_tables()
        connector = SyncPsycopgConnector(
            conninfo=self._conninfo(), min_size=1, max_size=1, timeout=_CONNECT_S
        )
        app = self._app(connector, lambda _: None)
        try:
            with app.open():
                for _ in range(jobs):
                    app.configure_task(TASK, queue=QUEUE).defer(batch_id=batch_id)
        except ProcrastinateException as error:
            raise UnavailableError(f"no word to the workers: {type(error).__name__}") from error

    def work(
        self, work_on: Callable[[str, Event], object], stop: Event, *, name: str, lost_s: float = LOST
    ) -> None:
        """Take one job after the other until SIGTERM or SIGINT; the portion in hand is finished.

        Args:
            work_on: works on a batch of this id until it is over or the event is set.
            stop: set when the worker is to end.
            name: the worker's, for who looks at the queue.
            lost_s: seconds without a sign after which another worker's job is put back.

        Raises:
            UnavailableError: the database cannot be reached.
        """
        from procrastinate.exceptions import ProcrastinateException

        self._make_tables()
        try:
            asyncio.run(self._work(work_on, stop, name, lost_s))
        except ProcrastinateException as error:
            raise UnavailableError(f"the queue is away: {type(error).__name__}") from error

    async def _work(
        self, work_on: Callable[[str, Event], object], stop: Event, name: str, lost_s: float
    ) -> None:
        from procrastinate import PsycopgConnector

        def take(batch_id: str) -> None:
            work_on(batch_id, stop)
            if stop.is_set():
                # This job counts as done; somebody else has to hear of what is left.
                self.defer(batch_id, 1)

        connector = PsycopgConnector(conninfo=self._conninfo(), min_size=1, max_size=4, timeout=_CONNECT_S)
        app = self._app(connector, take)
        async with app.open_async():
            worker = asyncio.ensure_future(
                app.run_worker_async(
                    queues=[QUEUE],
                    name=name,
                    concurrency=1,
                    install_signal_handlers=False,
                    delete_jobs="successful",
                    update_heartbeat_interval=lost_s / _SIGNS,
                    stalled_worker_timeout=lost_s,
                    fetch_job_polling_interval=min(5.0, lost_s / _SIGNS),
                )
            )

            def end() -> None:
                stop.set()
                worker.cancel()

            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, end)
            keeper = asyncio.ensure_future(_put_back_lost(app, lost_s))
            try:
                await worker
            except asyncio.CancelledError:
                if not stop.is_set():
                    raise
            finally:
                keeper.cancel()

    def _app(self, connector: object, take: Callable[[str], None]) -> App:
        from procrastinate import App, RetryStrategy

        app = App(connector=connector)  # type: ignore[arg-type]  # one of its two connectors

        # The register was away for long, or full: the batch still runs and somebody has to come again.
        @app.task(name=TASK, queue=QUEUE, retry=RetryStrategy(wait=_AGAIN_S))
        def work_on_batch(batch_id: str) -> None:
            take(batch_id)

        return app

    def _conninfo(self) -> str:
        from psycopg.conninfo import make_conninfo

        query = {name: value for name, value in self._url.query.items() if isinstance(value, str)}
        return make_conninfo(
            **{
                "connect_timeout": str(_CONNECT_S),
                "application_name": "certsvc worker",
                **{
                    name: str(value)
                    for name, value in {
                        "host": self._url.host,
                        "port": self._url.port,
                        "user": self._url.username,
                        "password": self._url.password,
                        "dbname": self._url.database,
                    }.items()
                    if value is not None
                },
                **query,
            }
        )

    def _make_tables(self) -> None:
        """Make the job tables where there are none; of two who do it at once the second finds them."""
        import psycopg
        from procrastinate.schema import SchemaManager

        try:
            with psycopg.connect(self._conninfo()) as connection:
                connection.execute(_ONE_AT_A_TIME)
                found = connection.execute(_TABLES).fetchone()
                if found is None or not found[0]:
                    connection.execute(SchemaManager.get_schema())
        except psycopg.Error as error:
            raise UnavailableError(f"the queue is away: {type(error).__name__}") from error


async def _put_back_lost(app: App, lost_s: float) -> None:
    """Put the jobs of dead workers back, now and then."""
    from procrastinate.exceptions import ProcrastinateException

    while True:
        await asyncio.sleep(lost_s / _SIGNS)
        try:
            lost = await app.job_manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=lost_s)
            for job in lost:
                await app.job_manager.retry_job(job)
                _log.warning("a job was put back", job=job.id)
        except ProcrastinateException as error:
            _log.warning("no look at lost jobs", error=type(error).__name__)
