"""A list that grows while one reads it (N13): each row is seen once, and a page that was opened twice is the same."""

from flask.testing import FlaskClient

from tests.cast import Cast
from tests.jobs.steering import Enqueue


def test_paging_shows_each_job_once_though_more_arrive(client: FlaskClient, cast: Cast, enqueue: Enqueue) -> None:
    listed = {str(enqueue(title=f"File {number}")) for number in range(60)}

    def page(cursor: str) -> tuple[list[str], str | None]:
        query = {"limit": 20, "cursor": cursor}
        answer = client.get("/api/jobs", query_string=query, headers=cast.headers("vera")).json or {}
        return [job["id"] for job in answer["jobs"]], answer["next"]

    first, following = page("")
    assert following is not None
    second = page(following)
    for number in range(15):
        enqueue(title=f"Later {number}")
    assert page(following) == second
    seen = list(first)
    cursor: str | None = following
    while cursor:
        ids, cursor = page(cursor)
        seen += ids
    assert (len(seen), set(seen)) == (60, listed)
