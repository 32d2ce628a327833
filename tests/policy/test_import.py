"""An existing book through gRPC and the real log."""

from hubao.policy.v1 import policy_service_pb2 as policy_pb

from tests.policy import book
from tests.policy import desk as a
from tests.policy.desk import Desk


async def test_a_book_is_taken_over_row_by_row(desk: Desk) -> None:
    await a.product(desk)

    answered = await book.imported(desk, [book.header(), book.rows(book.row(1), book.row(2)), book.rows(book.row(3))])

    assert answered.outcomes == ["accepted"] * 3
    policy = (await desk.ask(policy_pb.GetPolicyRequest(policy_id=answered.results[0].policy_id))).policy
    print(policy)
